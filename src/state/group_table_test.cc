// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "state/group_table.h"

#include <gtest/gtest.h>

#include <map>

#include "columnar/parse_text.h"
#include "columnar/value_text.h"
#include "state/error_codes.h"

namespace semel::state {
namespace {

using columnar::Batch;
using columnar::ColumnBuilder;
using columnar::DataType;

// Deterministic and good enough to mix keys.
class Random {
 public:
  uint64_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }

 private:
  uint64_t state_ = 7;
};

columnar::SchemaPtr MakeSchema() {
  auto schema = std::make_shared<columnar::Schema>();
  schema->fields = {{"user", DataType::Integer()},
                    {"shop", DataType::SmallInt()},
                    {"name", DataType::String()},
                    {"amount", DataType::Decimal(10, 2)},
                    {"n", DataType::Integer()}};
  return schema;
}

Batch MakeBatch(Random& random, int64_t rows, bool with_nulls) {
  const columnar::SchemaPtr schema = MakeSchema();
  std::vector<ColumnBuilder> builders;
  for (const columnar::Field& field : schema->fields) builders.emplace_back(field.type);
  for (int64_t i = 0; i < rows; ++i) {
    with_nulls&& random.Next() % 5 == 0 ? builders[0].AppendNull()
                                        : builders[0].Append(static_cast<int32_t>(random.Next() % 700));
    builders[1].Append(static_cast<int16_t>(random.Next() % 3));
    builders[2].AppendString("name-" + std::to_string(random.Next() % 40));
    with_nulls&& random.Next() % 7 == 0 ? builders[3].AppendNull()
                                        : builders[3].Append(static_cast<int64_t>(random.Next() % 100'000));
    builders[4].Append(static_cast<int32_t>(random.Next() % 1000) - 500);
  }
  std::vector<columnar::ColumnPtr> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
  return Batch(schema, rows, columns);
}

std::vector<plan::AggregateCall> Calls() {
  return {{plan::AggregateKind::kCountStar, -1, -1, DataType::BigInt(), "n"},
          {plan::AggregateKind::kSum, 3, -1, DataType::Decimal(38, 2), "total"},
          {plan::AggregateKind::kMin, 4, -1, DataType::Integer(), "least"},
          {plan::AggregateKind::kSum, 4, -1, DataType::Integer(), "sum"},
          {plan::AggregateKind::kAvg, 3, -1, DataType::Decimal(38, 6), "mean"}};
}

// What a group gives, as text.
std::string Results(const GroupTable& table, uint32_t group) {
  std::string text;
  for (size_t c = 0; c < table.num_calls(); ++c) {
    ColumnBuilder out(Calls()[c].type);
    EXPECT_TRUE(table.AppendResult(c, group, out).ok());
    text += columnar::ValueToString(*out.Finish(), 0) + ";";
  }
  return text;
}

TEST(KeyBatch, GivesTheKeysOfEncodeKey) {
  Random random;
  KeyBatch keys;
  std::string one;
  for (const bool with_nulls : {false, true}) {
    const Batch batch = MakeBatch(random, 500, with_nulls);
    for (const std::vector<int>& columns : {std::vector<int>{0}, {1}, {0, 1}, {2}, {0, 2, 3}, {3, 4}, {}}) {
      keys.Encode(batch, columns);
      ASSERT_EQ(keys.size(), 500u);
      for (int64_t row = 0; row < batch.length(); ++row) {
        EncodeKey(batch, columns, row, one);
        ASSERT_EQ(keys.key(static_cast<size_t>(row)), one);
        ASSERT_EQ(keys.hash(static_cast<size_t>(row)), HashKey(one));
      }
    }
  }
}

TEST(GroupTable, TakingBatchesGivesWhatTakingRowsGives) {
  for (const std::vector<int>& columns : {std::vector<int>{0}, {0, 1}, {2}, {0, 2}}) {
    for (const bool with_nulls : {false, true}) {
      Random random;
      GroupTable by_row(Calls(), *MakeSchema()), by_batch(Calls(), *MakeSchema());
      std::map<std::string, uint32_t> groups;
      std::string key;
      KeyBatch keys;
      std::vector<uint32_t> found;
      for (int round = 0; round < 10; ++round) {
        const Batch batch = MakeBatch(random, 997, with_nulls);
        for (int64_t row = 0; row < batch.length(); ++row) {
          EncodeKey(batch, columns, row, key);
          bool created = false;
          const uint32_t group = by_row.FindOrAdd(key, HashKey(key), created);
          EXPECT_EQ(created, groups.emplace(key, group).second);
          ASSERT_EQ(groups.at(key), group);
          ASSERT_TRUE(by_row.Add(group, batch, row).ok());
        }
        keys.Encode(batch, columns);
        by_batch.FindOrAddAll(keys, {}, found);
        ASSERT_TRUE(by_batch.AddAll(found, batch, {}).ok());
      }
      ASSERT_EQ(by_batch.size(), groups.size());
      for (const auto& [k, group] : groups) {
        ASSERT_EQ(by_batch.KeyOf(group), k);
        ASSERT_EQ(Results(by_batch, group), Results(by_row, group));
      }
    }
  }
}

TEST(GroupTable, RunningResultsShareTheirFrame) {
  Random random;
  const Batch batch = MakeBatch(random, 6, false);
  GroupTable table(Calls(), *MakeSchema());
  const std::vector<uint32_t> groups(6, 0), frame_ends = {2, 2, 3, 6, 6, 6};
  bool created = false;
  ASSERT_EQ(table.FindOrAdd("k", HashKey("k"), created), 0u);
  std::vector<int64_t> want;
  for (size_t i = 0; i < 6; ++i) {
    int64_t sum = 0;
    for (size_t k = 0; k < frame_ends[i]; ++k) sum += batch.column(3)->values<int64_t>()[k];
    want.push_back(sum);
  }
  for (size_t c = 0; c < 2; ++c) {
    ColumnBuilder out(Calls()[c].type);
    ASSERT_TRUE(table.AddAndAppendAll(c, groups, batch, frame_ends, out).ok());
    const columnar::ColumnPtr column = out.Finish();
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(column->GetInt(i), c == 0 ? frame_ends[static_cast<size_t>(i)] : want[static_cast<size_t>(i)]);
  }
}

TEST(GroupTable, ADeltaHoldsWhatChangedAndRestoresOnTopOfItsBase) {
  Random random;
  GroupTable table(Calls(), *MakeSchema());
  KeyBatch keys;
  std::vector<uint32_t> groups;
  auto take = [&](int64_t rows) {
    const Batch batch = MakeBatch(random, rows, true);
    keys.Encode(batch, {0, 2});
    table.FindOrAddAll(keys, {}, groups);
    ASSERT_TRUE(table.AddAll(groups, batch, {}).ok());
  };
  take(2000);
  codec::ByteWriter base, delta, nothing;
  table.EncodeEntries(true, base);
  take(10);
  EXPECT_LE(table.dirty_groups(), 10u);
  table.EncodeEntries(false, delta);
  table.EncodeEntries(false, nothing);
  EXPECT_LT(delta.bytes().size() * 50, base.bytes().size());
  EXPECT_EQ(nothing.bytes().size(), 1u);
  GroupTable restored(Calls(), *MakeSchema());
  for (const codec::ByteWriter* part : {&base, &delta}) {
    codec::ByteReader reader(part->bytes());
    ASSERT_TRUE(restored.DecodeEntries(reader, [](uint64_t) { return true; }));
    EXPECT_TRUE(reader.at_end());
  }
  ASSERT_EQ(restored.size(), table.size());
  for (uint32_t group = 0; group < table.size(); ++group) {
    bool created = false;
    const uint32_t there = restored.FindOrAdd(table.KeyOf(group), HashKey(table.KeyOf(group)), created);
    ASSERT_FALSE(created);
    ASSERT_EQ(Results(restored, there), Results(table, group));
  }
  // Cut anywhere, entries are refused or incomplete, never read past their end.
  for (size_t keep = 0; keep < delta.bytes().size(); ++keep) {
    GroupTable other(Calls(), *MakeSchema());
    codec::ByteReader reader(std::string_view(delta.bytes()).substr(0, keep));
    EXPECT_FALSE(other.DecodeEntries(reader, [](uint64_t) { return true; })) << keep;
  }
}

// A table with one group that sums or averages `values` in a column of `type`, row by row and as a batch.
std::vector<Status> TakeAll(plan::AggregateKind kind, const DataType& type, const DataType& result,
                            const std::vector<columnar::int128>& values, std::string* value = nullptr) {
  auto schema = std::make_shared<columnar::Schema>();
  schema->fields = {{"v", type}};
  ColumnBuilder builder(type);
  for (const columnar::int128 v : values) builder.AppendInt(v);
  const auto rows = static_cast<int64_t>(values.size());
  const Batch batch(schema, rows, {builder.Finish()});
  const std::vector<plan::AggregateCall> calls = {{kind, 0, -1, result, "v"}};
  bool created = false;
  GroupTable by_row(calls, *schema), by_batch(calls, *schema), running(calls, *schema);
  for (GroupTable* table : {&by_row, &by_batch, &running}) table->FindOrAdd("k", 1, created);
  std::vector<Status> outcomes(3);
  for (int64_t i = 0; i < rows && outcomes[0].ok(); ++i) outcomes[0] = by_row.Add(0, batch, i);
  const std::vector<uint32_t> groups(values.size(), 0);
  outcomes[1] = by_batch.AddAll(groups, batch, {});
  std::vector<uint32_t> frame_ends(values.size());
  for (size_t i = 0; i < values.size(); ++i) frame_ends[i] = static_cast<uint32_t>(i + 1);
  ColumnBuilder out(result);
  outcomes[2] = running.AddAndAppendAll(0, groups, batch, frame_ends, out);
  if (value != nullptr) {
    ColumnBuilder one(result);
    EXPECT_TRUE(by_batch.AppendResult(0, 0, one).ok());
    *value = columnar::ValueToString(*one.Finish(), 0);
  }
  return outcomes;
}

TEST(GroupTable, ASumThatDoesNotFitItsTypeIsAnErrorInEveryWay) {
  const DataType decimal = DataType::Decimal(38, 2);
  struct Case {
    DataType type;
    columnar::int128 most;
  };
  for (const Case& c : {Case{DataType::TinyInt(), INT8_MAX}, Case{DataType::SmallInt(), INT16_MAX},
                        Case{DataType::Integer(), INT32_MAX}, Case{DataType::BigInt(), INT64_MAX},
                        Case{decimal, columnar::PowerOfTen(38) - 1}}) {
    const auto sum = plan::AggregateKind::kSum;
    const columnar::int128 least = c.type.is_integer() ? -c.most - 1 : -c.most;
    for (const Status& s : TakeAll(sum, c.type, c.type, {c.most - 1, 1, -1, 1})) EXPECT_TRUE(s.ok()) << s.ToString();
    for (const Status& s : TakeAll(sum, c.type, c.type, {least + 1, -1})) EXPECT_TRUE(s.ok()) << s.ToString();
    for (const Status& s : TakeAll(sum, c.type, c.type, {c.most, 1})) EXPECT_EQ(s.code(), kSumOverflow);
    for (const Status& s : TakeAll(sum, c.type, c.type, {least, -1})) EXPECT_EQ(s.code(), kSumOverflow);
  }
}

TEST(GroupTable, AnAverageOfIntegersDoesNotOverflowAndOneOfDecimalsSaysWhatDoes) {
  const auto avg = plan::AggregateKind::kAvg;
  std::string value;
  for (const DataType& type : {DataType::TinyInt(), DataType::Integer()})
    for (const Status& s : TakeAll(avg, type, type, {127, 127, 127}, &value)) EXPECT_TRUE(s.ok()) << s.ToString();
  EXPECT_EQ(value, "127");
  TakeAll(avg, DataType::BigInt(), DataType::BigInt(), {INT64_MAX, INT64_MAX, INT64_MAX}, &value);
  EXPECT_EQ(value, "9223372036854775807");
  // The sum has 38 digits and the average 6 digits of fraction more.
  const DataType wide = DataType::Decimal(38, 0), result = DataType::Decimal(38, 6);
  TakeAll(avg, wide, result, {2 * columnar::PowerOfTen(32) - 3, 0}, &value);
  EXPECT_EQ(value, "99999999999999999999999999999998.500000");
  const Status overflow = TakeAll(avg, wide, result, {columnar::PowerOfTen(38) - 1, 1})[0];
  EXPECT_EQ(overflow.code(), kSumOverflow);
  EXPECT_NE(overflow.ToString().find("AVG of DECIMAL(38, 0)"), std::string::npos) << overflow.ToString();
}

}  // namespace
}  // namespace semel::state
