// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/datagen/register.h"
#include "connectors/datagen/row_generator.h"
#include "env/posix/posix_env.h"

namespace semel::connectors {
namespace {

using columnar::DataType;

columnar::Schema AllTypes() {
  columnar::Schema schema;
  schema.fields = {{"n", DataType::BigInt()},     {"i", DataType::TinyInt()}, {"d", DataType::Decimal(6, 2)},
                   {"f", DataType::Double()},     {"s", DataType::String()},  {"b", DataType::Boolean()},
                   {"ts", DataType::Timestamp(3)}};
  return schema;
}

std::string Row(const RowGenerator& generator, int64_t n) {
  std::string text;
  generator.AppendJson(n, 1'767'225'600'000'000, text);  // 2026-01-01
  return text;
}

TEST(Datagen, ARowIsAFunctionOfSeedAndNumber) {
  const plan::Options with = {{"fields.n.kind", "sequence"}, {"fields.n.start", "5"},  {"fields.n.end", "1000"},
                              {"fields.s.length", "4"},      {"fields.d.min", "1.50"}, {"fields.d.max", "2.00"}};
  const RowGenerator one = RowGenerator::Create(AllTypes(), with).value();
  const RowGenerator same = RowGenerator::Create(AllTypes(), with).value();
  plan::Options seeded = with;
  seeded["seed"] = "1";
  const RowGenerator other = RowGenerator::Create(AllTypes(), seeded).value();
  EXPECT_EQ(one.total_rows(), 996);
  for (int64_t n : {0, 1, 995}) {
    EXPECT_EQ(Row(one, n), Row(same, n));
    EXPECT_NE(Row(one, n), Row(other, n));
  }
  EXPECT_EQ(Row(one, 3).rfind("{\"n\":8,\"i\":", 0), 0u) << Row(one, 3);
  EXPECT_NE(Row(one, 10'000).find("\"ts\":\"2026-01-01 00:00:01.000"), std::string::npos)
      << Row(one, 10'000);  // 10,000 rows a second
}

TEST(Datagen, AMisspeltColumnOrOptionIsRefusedWithTheNearest) {
  columnar::Schema schema;
  schema.fields = {{"id", DataType::Integer()}, {"a.b", DataType::Integer()}};
  const std::pair<const char*, const char*> cases[] = {{"fields.idd.kind", "did you mean 'id'?"},
                                                       {"fields.id.knd", "did you mean 'kind'?"},
                                                       {"fields.id.var-len", "known are: kind"},
                                                       {"fields.zzzzzz.min", "known are: id, a.b"},
                                                       {"fields.id", "known are"},
                                                       {"fields.", "known are"}};
  for (const auto& [key, hint] : cases) {
    const Status status = RowGenerator::Create(schema, {{key, "1"}}).status();
    EXPECT_EQ(status.code(), kBadDatagenOption) << key;
    EXPECT_NE(status.ToString().find(hint), std::string::npos) << key << ": " << status.ToString();
  }
  EXPECT_TRUE(RowGenerator::Create(schema, {{"fields.a.b.min", "1"}, {"seed", "1"}}).ok());
}

TEST(Datagen, ValuesStayInTheirBounds) {
  columnar::Schema schema;
  schema.fields = {{"i", DataType::Integer()}};
  const RowGenerator generator =
      RowGenerator::Create(schema, {{"fields.i.min", "-3"}, {"fields.i.max", "3"}, {"fields.i.null-rate", "0.25"}})
          .value();
  std::map<std::string, int> seen;
  for (int64_t n = 0; n < 4000; ++n) ++seen[Row(generator, n)];
  EXPECT_EQ(seen.size(), 8u);
  EXPECT_NEAR(seen["{\"i\":null}"], 1000, 150);
  EXPECT_GT(seen["{\"i\":-3}"], 300);
  EXPECT_GT(seen["{\"i\":3}"], 300);
}

TEST(Datagen, EveryBadOptionIsRefusedByName) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"rows-per-second", "0"},
                                                                                   {"number-of-rows", "x"},
                                                                                   {"fields.i.kind", "prime"},
                                                                                   {"fields.i.min", "many"},
                                                                                   {"fields.d.max", "1.234"},
                                                                                   {"fields.n.kind", "sequence"},
                                                                                   {"fields.s.kind", "sequence"},
                                                                                   {"fields.ts.max-past", "soon"}}) {
    const Status status = RowGenerator::Create(AllTypes(), {{key, value}}).status();
    EXPECT_FALSE(status.ok()) << key;
    EXPECT_FALSE(status.hint().empty()) << key;
  }
}

TEST(Datagen, ReadsTheSameRowsAgainFromEveryPosition) {
  std::unique_ptr<env::Env> env = env::MakePosixEnv({}).value();
  Registry registry;
  RegisterDatagen(registry);
  auto table = std::make_shared<plan::TableDescriptor>();
  table->physical = AllTypes();
  table->options = {{"number-of-rows", "30000"}, {"rows-per-second", "100000000"}};
  ConnectorContext context;
  context.env = env.get();
  std::unique_ptr<Source> source = registry.Find("datagen")->make_source(context, {table, {}, {}}).value();
  std::vector<SplitProgress> splits = source->ResolveSplits(true).value();
  // The rows from the splits' positions on; positions after half of the chunks come back in `middle`.
  auto read = [&](const std::vector<SplitProgress>& from, std::vector<SplitProgress>* middle,
                  std::vector<std::string>* before) {
    std::vector<std::string> rows;
    auto reader = source->CreateReader(from).value();
    size_t finished = 0, open = 0;
    for (const SplitProgress& split : from) open += !split.finished;
    while (finished < open) {
      std::optional<Chunk> chunk = reader->Poll(Micros(0)).value();
      if (!chunk) continue;
      finished += chunk->at_end;
      const bool first_half = middle != nullptr && rows.size() < 15'000;
      for (const formats::Record& record : chunk->records) {
        rows.emplace_back(record.value);
        if (first_half) before->emplace_back(record.value);
      }
      if (!first_half) continue;
      for (SplitProgress& split : *middle)
        if (split.split == chunk->split) split.position = chunk->position_after, split.finished = chunk->at_end;
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  std::vector<SplitProgress> middle = splits;
  std::vector<std::string> before;
  const std::vector<std::string> all = read(splits, &middle, &before);
  ASSERT_EQ(all.size(), 30'000u);
  std::vector<std::string> together = read(middle, nullptr, nullptr);
  together.insert(together.end(), before.begin(), before.end());
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, all);
}

}  // namespace
}  // namespace semel::connectors
