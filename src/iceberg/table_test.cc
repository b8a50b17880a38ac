// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Tables as others leave them: every version is a file that is changed by hand.
#include "iceberg/table.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "codec/compression.h"
#include "env/posix/posix_env.h"
#include "iceberg/avro.h"
#include "iceberg/error_codes.h"
#include "iceberg/manifests.h"
#include "iceberg/table_version.h"

namespace semel::iceberg {
namespace {

namespace fs = std::filesystem;
using columnar::DataType;
using nlohmann::json;

class TableTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
    std::string pattern = "/tmp/semel-iceberg-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    ASSERT_TRUE(Open()->CreateIfMissing(kSchema, {"s"}, {}, true).ok());
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::unique_ptr<Table> Open() {
    return std::make_unique<Table>(*env_, CatalogOptions{"lake", dir_ + "/catalog.db", dir_ + "/warehouse"}, "db", "t");
  }

  // One file of three rows, staged under the spec.
  Result<SwapOutcome> Append(std::optional<int> spec_id, const std::string& partition = R"({"s":"x"})") {
    std::unique_ptr<Table> table = Open();
    SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const TableVersion> version, table->Load());
    DataFile file{"file:///x", 3, 100, {}, {4}, partition, spec_id};
    std::string snapshot;
    return table->Append(*version, {{file}, {}, {}, "tag"}, snapshot);
  }

  std::string Location() {
    std::unique_ptr<env::SqlSession> session =
        env_->OpenSqlite({dir_ + "/catalog.db", false, false, Micros(5'000'000)}).value();
    return LocalPathOf(session->Execute("SELECT metadata_location FROM iceberg_tables", {}).value().rows[0][0].text);
  }
  json Metadata() { return json::parse(Open()->ReadFile(Location()).value()); }
  void Change(const std::function<void(json&)>& change) {
    json metadata = Metadata();
    const std::string path = Location();
    change(metadata);
    std::ofstream(path, std::ios::trunc) << metadata.dump();
  }
  // The newest manifest list with its records changed, as another writer would have written it.
  void ChangeList(const std::function<void(json& schema, json& record)>& change) {
    const std::string path = LocalPathOf(Metadata()["snapshots"].back()["manifest-list"].get<std::string>());
    AvroFile list = ReadAvroFile(Open()->ReadFile(path).value(), path).value();
    json schema = json::parse(list.metadata["avro.schema"]);
    for (json& record : list.records) change(schema, record);
    list.metadata.erase("avro.codec");
    std::ofstream(path, std::ios::trunc) << WriteAvroFile(schema, list.metadata, list.records, "0123456789abcdef");
  }

  const columnar::Schema kSchema{{{"id", DataType::BigInt()}, {"s", DataType::String()}}};
  std::unique_ptr<env::Env> env_;
  std::string dir_;
};

TEST_F(TableTest, FilesAreCommittedUnderTheSpecThatTheyWereStagedUnder) {
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  Change([](json& m) {
    m["partition-specs"].push_back({{"spec-id", 1}, {"fields", json::array()}});
    m["default-spec-id"] = 1;
  });
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  ASSERT_EQ(Append(1, "{}").value(), SwapOutcome::kApplied);
  std::unique_ptr<Table> table = Open();
  const json metadata = Metadata();
  const std::vector<json> manifests = ReadManifestList(*table, &metadata["snapshots"].back()).value();
  ASSERT_EQ(manifests.size(), 3u);
  EXPECT_EQ(manifests[0]["partition_spec_id"], 1);
  EXPECT_EQ(manifests[1]["partition_spec_id"], 0);
  EXPECT_EQ(ReadManifest(*table, manifests[1]).value().entries[0]["data_file"]["partition"]["s"], "x");
}

TEST_F(TableTest, ASpecThatIsGoneOrHasOtherFieldsIsRefused) {
  EXPECT_EQ(Append(7).status().code(), kUnsupportedTable);
  EXPECT_EQ(Append(0, R"({"other":1})").status().code(), kBadMetadata);
  EXPECT_EQ(Append(0, R"({"s":1})").status().code(), kBadMetadata);
  // Older builds did not write the spec down: the present one is taken only if it is one for these partitions.
  EXPECT_EQ(Append(std::nullopt).value(), SwapOutcome::kApplied);
  EXPECT_EQ(Append(std::nullopt, "{}").status().code(), kBadMetadata);
}

TEST_F(TableTest, ACurrentSnapshotThatIsNotListedIsNotAnEmptyTable) {
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  Change([](json& m) { m["snapshots"] = json::array(); });
  EXPECT_EQ(Open()->Load().status().code(), kBadMetadata);
  Change([](json& m) { m["current-snapshot-id"] = -1; });  // the branch says otherwise
  EXPECT_EQ(Open()->Load().status().code(), kBadMetadata);
}

TEST_F(TableTest, ThePolicyOfTheBranchStays) {
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  Change([](json& m) { m["refs"]["main"]["min-snapshots-to-keep"] = 77; });
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  const json metadata = Metadata();
  EXPECT_EQ(metadata["refs"]["main"]["min-snapshots-to-keep"], 77);
  EXPECT_EQ(metadata["refs"]["main"]["snapshot-id"], metadata["current-snapshot-id"]);
}

TEST_F(TableTest, ListsOfVersion1HaveNoSequenceNumbersAndMayHaveNoCounts) {
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  ChangeList([](json& schema, json&) {
    json kept = json::array();
    for (const json& field : schema["fields"]) {
      const std::string name = field["name"];
      if (name.find("count") == std::string::npos && name.find("sequence") == std::string::npos && name != "content")
        kept.push_back(field);
    }
    schema["fields"] = kept;
  });
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  std::unique_ptr<Table> table = Open();
  const json metadata = Metadata();
  const json old = ReadManifestList(*table, &metadata["snapshots"].back()).value().at(1);
  EXPECT_EQ(old["sequence_number"], 0);
  EXPECT_EQ(old["content"], 0);
  EXPECT_EQ(old["added_files_count"], 1);
  EXPECT_EQ(old["added_rows_count"], 3);
  EXPECT_EQ(old["existing_files_count"], 0);
}

TEST_F(TableTest, MetadataOfOtherTypesAreAnErrorNotACrash) {
  ASSERT_EQ(Append(0).value(), SwapOutcome::kApplied);
  for (const auto& [key, value] :
       std::vector<std::pair<const char*, json>>{{"snapshots", json::array({7})},
                                                 {"schemas", 5},
                                                 {"refs", "x"},
                                                 {"current-snapshot-id", "x"},
                                                 {"partition-specs", json::array({json::array()})},
                                                 {"snapshot-log", json::array({5})},
                                                 {"snapshots", json::array({{{"snapshot-id", 1}, {"summary", 5}}})},
                                                 {"properties", 5}}) {
    const json good = Metadata();
    const std::string path = Location();
    json bad = good;
    bad[key] = value;
    std::ofstream(path, std::ios::trunc) << bad.dump();
    EXPECT_EQ(Open()->Load().status().code(), kBadMetadata) << key;
    std::ofstream(path, std::ios::trunc) << good.dump();
  }
  Change([](json& m) { m["metadata-log"] = "x"; });
  EXPECT_EQ(Append(0).status().code(), kBadMetadata);
  Change([](json& m) {
    m["metadata-log"] = json::array();
    m["snapshots"][0]["manifest-list"] = 5;
  });
  EXPECT_EQ(Append(0).status().code(), kBadMetadata);
  std::unique_ptr<Table> table = Open();
  const std::shared_ptr<const TableVersion> version = table->Load().value();
  EXPECT_EQ(table->LiveFiles(*version).status().code(), kBadMetadata);
  EXPECT_EQ(table->History(*version).status().code(), kBadMetadata);
}

TEST_F(TableTest, CompressedMetadataAreRead) {
  const std::string path = Location(), text = Open()->ReadFile(path).value();
  std::ofstream(path, std::ios::trunc) << codec::Compress(codec::Compression::kGzip, text).value();
  EXPECT_EQ(Append(0).value(), SwapOutcome::kApplied);
  std::ofstream(Location(), std::ios::trunc) << "\x1f\x8b that is not gzip";
  EXPECT_EQ(Open()->Load().status().code(), kBadMetadata);
}

TEST_F(TableTest, WhatCannotBeHonouredIsNoPropertyOfANewTable) {
  Table other(*env_, {"lake", dir_ + "/catalog.db", dir_ + "/warehouse"}, "db", "other");
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"format-version", "3"}, {"write.parquet.compression-codec", "brotli"}, {"write.format.default", "orc"}}) {
    const Status refused = other.CreateIfMissing(kSchema, {}, {{key, value}}, true);
    EXPECT_EQ(refused.code(), kUnsupportedTable) << key;
    EXPECT_NE(refused.message().find(value), std::string::npos) << key;
  }
  EXPECT_TRUE(other.Load().status().is(StatusKind::kNotFound));
  ASSERT_TRUE(other.CreateIfMissing(kSchema, {}, {{"format-version", "2"}, {"x", "y"}}, true).ok());
  const auto& stored = FactsOf(**other.Load()).properties;
  EXPECT_EQ(stored.count("format-version"), 0u);
  EXPECT_EQ(stored.at("x"), "y");
}

}  // namespace
}  // namespace semel::iceberg
