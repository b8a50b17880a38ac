// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/partition.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "columnar/parse_text.h"
#include "iceberg/error_codes.h"

namespace semel::iceberg {
namespace {

using columnar::ColumnBuilder;
using columnar::DataType;
using nlohmann::json;

// The partition value of one value under a transform, as JSON.
std::string Apply(const DataType& type, const std::string& transform, const std::function<void(ColumnBuilder&)>& fill) {
  const std::vector<parquet::ParquetColumn> columns = {{"c", type, 3, false}};
  const json spec = {{"spec-id", 0},
                     {"fields", {{{"name", "p"}, {"field-id", 1000}, {"source-id", 3}, {"transform", transform}}}}};
  const Result<PartitionSpec> parsed = ParsePartitionSpec(spec, columns);
  if (!parsed.ok()) return parsed.status().code() == kUnsupportedTable ? "refused" : "?";
  ColumnBuilder builder(type);
  fill(builder);
  auto schema = std::make_shared<columnar::Schema>();
  schema->fields = {{"c", type}};
  return json::parse(*PartitionOf(*parsed, columnar::Batch(schema, 1, {builder.Finish()}), 0)).at("p").dump();
}

auto Int64(int64_t v) {
  return [v](ColumnBuilder& b) { b.AppendInt(v); };
}
auto Text(std::string v) {
  return [v = std::move(v)](ColumnBuilder& b) { b.AppendString(v); };
}
auto Time(const char* text) { return Int64(*columnar::ParseTimestamp(text)); }

// Hashes of the specification's appendix B; the bucket is (hash & 0x7fffffff) mod N.
TEST(Partition, BucketsAreThoseOfTheSpecification) {
  auto bucket = [](int64_t hash) { return std::to_string((hash & 0x7fffffff) % 1000); };
  EXPECT_EQ(Apply(DataType::Integer(), "bucket[1000]", Int64(34)), bucket(2017239379));
  EXPECT_EQ(Apply(DataType::BigInt(), "bucket[1000]", Int64(34)), bucket(2017239379));
  EXPECT_EQ(Apply(DataType::Decimal(9, 2), "bucket[1000]", Int64(1420)), bucket(-500754589));
  EXPECT_EQ(Apply(DataType::Date(), "bucket[1000]", Int64(*columnar::ParseDate("2017-11-16"))), bucket(-653330422));
  EXPECT_EQ(Apply(DataType::Timestamp(6), "bucket[1000]", Time("2017-11-16 22:31:08")), bucket(-2047944441));
  EXPECT_EQ(Apply(DataType::Timestamp(6), "bucket[1000]", Time("2017-11-16 22:31:08.000001")), bucket(-1207196810));
  EXPECT_EQ(Apply(DataType::String(), "bucket[1000]", Text("iceberg")), bucket(1210000089));
  EXPECT_EQ(Apply(DataType::ByteString(), "bucket[1000]", Text(std::string("\x00\x01\x02\x03", 4))),
            bucket(-188683207));
}

TEST(Partition, TimesAreFlooredAlsoBefore1970) {
  EXPECT_EQ(Apply(DataType::Timestamp(6), "day", Time("2017-12-01 10:12:55.038194")), "17501");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "hour", Time("2017-12-01 10:12:55.038194")), "420034");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "month", Time("2017-12-01 10:12:55.038194")), "575");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "year", Time("2017-12-01 10:12:55.038194")), "47");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "day", Time("1969-12-31 23:59:59.999999")), "-1");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "hour", Time("1969-12-31 23:59:59.999999")), "-1");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "month", Time("1969-12-31 23:59:59.999999")), "-1");
  EXPECT_EQ(Apply(DataType::Timestamp(6), "year", Time("1969-12-31 23:59:59.999999")), "-1");
  EXPECT_EQ(Apply(DataType::Date(), "month", Int64(*columnar::ParseDate("2020-02-29"))), "601");
}

TEST(Partition, TruncateFloorsAndCutsByCodePoints) {
  EXPECT_EQ(Apply(DataType::BigInt(), "truncate[10]", Int64(17)), "10");
  EXPECT_EQ(Apply(DataType::BigInt(), "truncate[10]", Int64(-1)), "-10");
  EXPECT_EQ(Apply(DataType::String(), "truncate[3]", Text("iceberg")), "\"ice\"");
  EXPECT_EQ(Apply(DataType::String(), "truncate[2]", Text("äöü")), "\"äö\"");
}

TEST(Partition, NullStaysNullAndIdentityKeepsTheValue) {
  const auto null = [](ColumnBuilder& b) { b.AppendNull(); };
  for (const char* transform : {"identity", "bucket[4]", "truncate[2]", "void"})
    EXPECT_EQ(Apply(DataType::BigInt(), transform, null), "null");
  EXPECT_EQ(Apply(DataType::BigInt(), "void", Int64(5)), "null");
  EXPECT_EQ(Apply(DataType::BigInt(), "identity", Int64(-5)), "-5");
  EXPECT_EQ(Apply(DataType::String(), "identity", Text("x")), "\"x\"");
}

TEST(Partition, NamesInManifestsAreThoseOfAvroAsTheJavaLibraryMakesThem) {
  EXPECT_EQ(AvroName("user_id9"), "user_id9");
  EXPECT_EQ(AvroName("user-id"), "user_x2Did");
  EXPECT_EQ(AvroName("9lives"), "_9lives");
  EXPECT_EQ(AvroName("a b/c"), "a_x20b_x2Fc");
  EXPECT_EQ(AvroName("ä"), "_xE4");
  EXPECT_EQ(AvroName("😀"), "_xD83D_xDE00");
}

PartitionSpec TwoFields() {
  const json spec = {{"spec-id", 3},
                     {"fields",
                      {{{"name", "user-id"}, {"field-id", 1000}, {"source-id", 1}, {"transform", "identity"}},
                       {{"name", "bucket"}, {"field-id", 1001}, {"source-id", 2}, {"transform", "bucket[4]"}}}}};
  return ParsePartitionSpec(spec, {{"user-id", DataType::String(), 1}, {"n", DataType::BigInt(), 2}}).value();
}

// An entry's schema as a writer has it who gives the partition fields these names and ids.
json WriterSchema(const std::vector<std::pair<std::string, int>>& fields) {
  json partition = {{"type", "record"}, {"name", "r102"}, {"fields", json::array()}};
  for (const auto& [name, id] : fields)
    partition["fields"].push_back({{"name", name}, {"field-id", id}, {"type", "string"}});
  const json data_file = {{"type", "record"}, {"fields", {{{"name", "partition"}, {"type", partition}}}}};
  return {{"fields", {{{"name", "data_file"}, {"type", data_file}}}}};
}

TEST(Partition, FieldsOfOtherWritersAreFoundByTheirIds) {
  const PartitionSpec spec = TwoFields();
  const json want = {{"user_x2Did", "u"}, {"bucket", 2}};
  EXPECT_EQ(PartitionRecord(spec, R"({"user-id":"u","bucket":2})"), want);
  EXPECT_EQ(AdoptPartition(spec, WriterSchema({{"x", 1001}, {"y", 1000}}), {{"x", 2}, {"y", "u"}}), want);
  const json summary = SummarizePartitions(PartitionAvroFields(spec), {{{"data_file", {{"partition", want}}}}});
  EXPECT_EQ(summary[0]["contains_null"], false);
  // Others, fewer, without ids, of other types: not ours to write again.
  EXPECT_FALSE(AdoptPartition(spec, WriterSchema({{"x", 1001}}), {{"x", 2}}));
  EXPECT_FALSE(AdoptPartition(spec, WriterSchema({{"x", 1001}, {"y", 1002}}), {{"x", 2}, {"y", "u"}}));
  EXPECT_FALSE(AdoptPartition(spec, WriterSchema({{"x", -1}, {"y", -1}}), {{"x", 2}, {"y", "u"}}));
  EXPECT_FALSE(AdoptPartition(spec, WriterSchema({{"x", 1001}, {"y", 1000}}), {{"x", "2"}, {"y", "u"}}));
  const json fields = PartitionAvroFields(spec);
  EXPECT_EQ(fields[0]["iceberg-field-name"], "user-id");
  EXPECT_FALSE(fields[1].contains("iceberg-field-name"));
}

TEST(Partition, AColumnThatTheRowsDoNotHaveIsNull) {
  const PartitionSpec spec = PlacedIn(TwoFields(), {{"n", DataType::BigInt(), 2}});
  ColumnBuilder builder(DataType::BigInt());
  builder.AppendInt(5);
  auto schema = std::make_shared<columnar::Schema>();
  schema->fields = {{"n", DataType::BigInt()}};
  const json partition = json::parse(*PartitionOf(spec, columnar::Batch(schema, 1, {builder.Finish()}), 0));
  EXPECT_TRUE(partition.at("user-id").is_null());
  EXPECT_TRUE(partition.at("bucket").is_number());
}

TEST(Partition, TextThatIsNotUtf8IsRefusedByName) {
  const PartitionSpec spec = TwoFields();
  ColumnBuilder builder(DataType::String());
  builder.AppendString("\xfe\xff");
  auto schema = std::make_shared<columnar::Schema>();
  schema->fields = {{"user-id", DataType::String()}};
  const PartitionSpec placed = PlacedIn(spec, {{"user-id", DataType::String(), 1}});
  const Status refused = PartitionOf(placed, columnar::Batch(schema, 1, {builder.Finish()}), 0).status();
  EXPECT_EQ(refused.code(), kNotUtf8);
}

TEST(Partition, WhatIsNotWrittenIsRefusedByName) {
  EXPECT_EQ(Apply(DataType::BigInt(), "zorder", Int64(1)), "refused");
  EXPECT_EQ(Apply(DataType::BigInt(), "bucket[0]", Int64(1)), "refused");
  EXPECT_EQ(Apply(DataType::BigInt(), "day", Int64(1)), "refused");
  EXPECT_EQ(Apply(DataType::Date(), "hour", Int64(1)), "refused");
  EXPECT_EQ(Apply(DataType::Double(), "identity", [](ColumnBuilder& b) { b.Append(1.0); }), "refused");
}

}  // namespace
}  // namespace semel::iceberg
