// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What a start and a read make of files that are gone, shortened or replaced: a gap where something of them is still
// needed, nothing where they were read to their end.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "connectors/filesystem/register.h"
#include "env/posix/posix_env.h"

namespace semel::connectors {
namespace {

class FilesystemTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
    char pattern[] = "/tmp/semel-files-XXXXXX";
    dir_ = mkdtemp(pattern);
    RegisterFilesystem(registry_);
  }
  void TearDown() override { (void)!system(("rm -rf " + dir_).c_str()); }

  void Append(const std::string& name, const std::string& text) {
    ASSERT_TRUE(env_->files().OpenAppend(dir_ + "/" + name).value()->Append(text).ok());
  }
  void Remove(const std::string& name) { ASSERT_TRUE(env_->files().Remove(dir_ + "/" + name).ok()); }

  std::unique_ptr<Source> MakeSource(bool follow, const std::string& id = "scan") {
    ConnectorContext context;
    context.env = env_.get();
    context.node_id = id;
    context.settings["semel.filesystem.follow"] = follow ? "true" : "false";
    auto table = std::make_shared<plan::TableDescriptor>();
    table->options["path"] = dir_;
    return registry_.Find("filesystem")->make_source(context, {table, {}, {}}).value();
  }

  // Reads until nothing comes; moves the splits on. The records, or the error.
  static Result<std::vector<std::string>> Read(Source& source, std::vector<SplitProgress>& splits, int polls = 1000) {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<SourceReader> reader, source.CreateReader(splits));
    return Read(*reader, splits, polls);
  }
  static Result<std::vector<std::string>> Read(SourceReader& reader, std::vector<SplitProgress>& splits,
                                               int polls = 1000) {
    std::vector<std::string> records;
    for (; polls > 0; --polls) {
      SEMEL_ASSIGN_OR_RETURN(std::optional<Chunk> chunk, reader.Poll(Micros(0)));
      if (!chunk) break;
      for (const formats::Record& record : chunk->records) records.emplace_back(record.value);
      for (SplitProgress& split : splits) {
        if (split.split != chunk->split) continue;
        split.position = chunk->position_after;
        split.finished = chunk->at_end;
      }
    }
    return records;
  }

  static void IsGap(const Status& status, const std::string& what) {
    EXPECT_EQ(status.code().number, 5201) << status.ToString();
    EXPECT_NE(status.message().find(what), std::string::npos) << status.ToString();
  }

  std::unique_ptr<env::Env> env_;
  std::string dir_;
  Registry registry_;
};

TEST_F(FilesystemTest, ABoundedFileShortenedWithinALineIsAGap) {
  Append("a", "one\ntwo\nthree\n");
  std::unique_ptr<Source> source = MakeSource(false);
  std::vector<SplitProgress> splits = source->ResolveSplits(true).value();
  std::unique_ptr<SourceReader> reader = source->CreateReader(splits).value();
  ASSERT_EQ(truncate((dir_ + "/a").c_str(), 10), 0);  // "one\ntwo\nth"
  EXPECT_EQ(Read(*reader, splits, 1).value(), (std::vector<std::string>{"one", "two"}));
  IsGap(reader->Poll(Micros(0)).status(), "it ends at 10, before its resolved end 14");
}

TEST_F(FilesystemTest, AFollowedFileMayEndWithinALine) {
  Append("a", "one\ntw");
  std::unique_ptr<Source> source = MakeSource(true);
  std::vector<SplitProgress> splits = source->ResolveSplits(false).value();
  std::unique_ptr<SourceReader> reader = source->CreateReader(splits).value();
  EXPECT_EQ(Read(*reader, splits).value(), (std::vector<std::string>{"one"}));
  Append("a", "o\n");
  EXPECT_EQ(Read(*reader, splits).value(), (std::vector<std::string>{"two"}));
}

TEST_F(FilesystemTest, AFileReadToItsEndIsNotNeededAgain) {
  Append("a", "one\n");
  Append("b", "two\n");
  Append("empty", "");
  std::unique_ptr<Source> source = MakeSource(false);
  std::vector<SplitProgress> splits = source->ResolveSplits(true).value();
  ASSERT_EQ(splits.size(), 3u);
  EXPECT_EQ(Read(*source, splits).value(), (std::vector<std::string>{"one", "two"}));
  for (const SplitProgress& split : splits) EXPECT_TRUE(split.finished) << split.split;
  splits[1].finished = false;  // at its end, which no checkpoint says yet
  splits[2].finished = false;
  const std::string position = splits[1].position;
  Remove("a");
  Remove("b");
  Remove("empty");
  const Result<std::vector<std::string>> again = Read(*source, splits);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(again->empty());
  EXPECT_TRUE(splits[1].finished && splits[2].finished) << "the end is told";
  EXPECT_EQ(splits[1].position, position);
}

TEST_F(FilesystemTest, AFileOfWhichMoreIsNeededMustBeThere) {
  Append("a", "one\ntwo\n");
  std::unique_ptr<Source> bounded = MakeSource(false);
  std::vector<SplitProgress> splits = bounded->ResolveSplits(true).value();
  Remove("a");
  IsGap(Read(*bounded, splits).status(), "gone");
  std::unique_ptr<Source> followed = MakeSource(true);
  Append("a", "one\n");
  splits = followed->ResolveSplits(false).value();
  ASSERT_EQ(Read(*followed, splits).value().size(), 1u);
  Remove("a");
  IsGap(Read(*followed, splits).status(), "gone");
  IsGap(followed->ResolveEnds(splits), "gone");
}

TEST_F(FilesystemTest, AnEndIsResolvedOnlyForTheFileThatWasRead) {
  Append("a", "one\n");
  std::unique_ptr<Source> source = MakeSource(true);
  std::vector<SplitProgress> splits = source->ResolveSplits(false).value();
  ASSERT_EQ(Read(*source, splits).value().size(), 1u);
  Append("other", "two\n");  // as long as the one that was read
  ASSERT_TRUE(env_->files().Rename(dir_ + "/other", dir_ + "/a").ok());
  std::vector<SplitProgress> replaced = splits;
  IsGap(source->ResolveEnds(replaced), "replaced");
  ASSERT_EQ(truncate((dir_ + "/a").c_str(), 2), 0);
  IsGap(source->ResolveEnds(splits), "shortened");
}

TEST_F(FilesystemTest, TheNumberOfTheDeviceIsNoPartOfAPosition) {
  Append("a", "one\n");
  std::unique_ptr<Source> source = MakeSource(true);
  std::vector<SplitProgress> splits = source->ResolveSplits(false).value();
  ASSERT_EQ(Read(*source, splits).value().size(), 1u);
  EXPECT_EQ(splits[0].position.find(':'), std::string::npos) << splits[0].position;
  // A position of an older version, written before the file system was mounted anew under another device number.
  const size_t inode = splits[0].position.find("inode=") + 6;
  splits[0].position.insert(inode, "424242:");
  Append("a", "two\n");
  const Result<std::vector<std::string>> records = Read(*source, splits);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  EXPECT_EQ(*records, (std::vector<std::string>{"two"}));
  splits[0].position.insert(inode, "9");
  IsGap(Read(*source, splits).status(), "replaced");
}

TEST_F(FilesystemTest, TheNameOfAFileIsTextAsMetadata) {
  Append("a\xff", "one\n");
  std::unique_ptr<Source> source = MakeSource(false);
  std::unique_ptr<SourceReader> reader = source->CreateReader(source->ResolveSplits(true).value()).value();
  const std::optional<Chunk> chunk = reader->Poll(Micros(0)).value();
  ASSERT_TRUE(chunk && chunk->records.size() == 1);
  columnar::ColumnBuilder name(columnar::DataType::String());
  const uint32_t rows[] = {0};
  ASSERT_TRUE(reader->AppendMetadata("file.name", *chunk, rows, name).ok());
  EXPECT_EQ(name.Finish()->GetString(0), "a\xef\xbf\xbd");
}

TEST_F(FilesystemTest, TwoTablesOfOneFolderDiscoverEachForItself) {
  Append("a", "one\n");
  std::unique_ptr<Source> first = MakeSource(true, "first"), second = MakeSource(true, "second");
  std::vector<SplitProgress> known = first->ResolveSplits(false).value();
  EXPECT_TRUE(first->DiscoverSplits(known).value().empty());
  EXPECT_EQ(second->DiscoverSplits(known).value().size(), 1u);
}

}  // namespace
}  // namespace semel::connectors
