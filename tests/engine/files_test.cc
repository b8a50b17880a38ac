// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Files as tables, on the whole engine: discovery, files that go once they were read, files that are shortened.
#include "tests/engine/engine_fixture.h"

namespace semel {
namespace {

class FilesTest : public EngineTest {
 protected:
  // Rows of `a` and `b`, two tables on one folder.
  std::string TwoTables() const {
    return fmt::format(
        "SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{0}/cp'; SET "
        "'execution.checkpointing.interval' = '20 ms'; SET 'semel.filesystem.follow' = 'true';"
        "CREATE TABLE a (id BIGINT) WITH ('connector'='filesystem', 'path'='{0}/two', 'format'='json');"
        "CREATE TABLE b (id BIGINT) WITH ('connector'='filesystem', 'path'='{0}/two', 'format'='json');"
        "CREATE TABLE out (w STRING, id BIGINT) WITH ('connector'='memory');"
        "INSERT INTO out SELECT 'a', id FROM a UNION ALL SELECT 'b', id FROM b;",
        dir_);
  }
  void Append(const std::string& path, const std::string& text) {
    ASSERT_TRUE(env_->files().OpenAppend(dir_ + "/" + path).value()->Append(text).ok());
  }
};

TEST_F(FilesTest, AFileThatAppearsReachesEveryTableOfItsFolder) {
  ASSERT_TRUE(env_->files().MakeDirectory(dir_ + "/two").ok());
  Append("two/first", "{\"id\":1}\n");
  job::JobOptions options;
  options.workers = 2;
  const Result<job::JobEnd> end = RunAndStop(TwoTables(), options, [this](job::Job& job) {
    for (int i = 0; i < 2'000 && job.status().dataflow.rows_in < 2; ++i) env_->SleepFor(Micros(2'000));
    Append("two/second", "{\"id\":2}\n");
    for (int i = 0; i < 2'000 && job.status().dataflow.rows_in < 4; ++i) env_->SleepFor(Micros(2'000));
  });
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(RowsOf("out"), (std::multiset<std::string>{"+I[a, 1]", "+I[b, 1]", "+I[a, 2]", "+I[b, 2]"}));
  ASSERT_EQ(RunJob(TwoTables(), 1, Micros(0), true).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("out").size(), 4u) << "each table goes on from its own positions";
}

// One file is large, the other is read to its end long before; the run is stopped in between.
TEST_F(FilesTest, AFileReadToItsEndMayGoBeforeTheNextStart) {
  ASSERT_TRUE(env_->files().MakeDirectory(dir_ + "/gone").ok());
  std::string rows;
  for (int i = 0; i < 400'000; ++i) rows += fmt::format("{{\"id\":{}}}\n", i);
  Append("gone/large", rows);
  Append("gone/small", "{\"id\":-1}\n");
  const std::string script = fmt::format(
      "SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{0}/cp'; SET "
      "'execution.checkpointing.interval' = '20 ms';"
      "CREATE TABLE p (id BIGINT) WITH ('connector'='filesystem', 'path'='{0}/gone', 'format'='json');"
      "CREATE TABLE out (id BIGINT) WITH ('connector'='memory');"
      "INSERT INTO out SELECT id FROM p;",
      dir_);
  job::JobOptions options;
  options.workers = 1;
  const Result<job::JobEnd> end = RunAndStop(script, options, [this](job::Job& job) {
    // Beyond the first MiB of the large file: the small one had its turn before.
    for (int i = 0; i < 2'000 && job.status().dataflow.rows_in < 100'000; ++i) env_->SleepFor(Micros(1'000));
  });
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  ASSERT_TRUE(env_->files().Remove(dir_ + "/gone/small").ok());
  const Result<job::JobEnd> again = RunJob(script, 1);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(RowsOf("out").size(), 400'001u);
  // The folder too, once everything was read: there is nothing more to do, and the next start says so.
  ASSERT_TRUE(env_->files().Rename(dir_ + "/gone", dir_ + "/away").ok());
  const Result<job::JobEnd> after = RunJob(script, 1);
  ASSERT_TRUE(after.ok()) << after.status().ToString();
  EXPECT_EQ(*after, job::JobEnd::kAlreadyFinished);
}

}  // namespace
}  // namespace semel
