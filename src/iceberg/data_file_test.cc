// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/data_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "iceberg/error_codes.h"

namespace semel::iceberg {
namespace {

using columnar::ColumnBuilder;
using columnar::DataType;

ColumnStats StatsOf(const DataType& type, const std::function<void(ColumnBuilder&)>& fill) {
  ColumnBuilder builder(type);
  fill(builder);
  StatsCollector collector({"c", type, 5, false});
  collector.Add(*builder.Finish());
  return collector.Finish();
}

TEST(DataFile, BoundsAreInTheBinaryFormOfTheSpecification) {
  const ColumnStats ints = StatsOf(
      DataType::Integer(), [](ColumnBuilder& b) { b.Append(int32_t{258}), b.AppendNull(), b.Append(int32_t{-2}); });
  EXPECT_EQ(HexEncode(*ints.lower), "feffffff");
  EXPECT_EQ(HexEncode(*ints.upper), "02010000");
  EXPECT_EQ(ints.values, 3u);
  EXPECT_EQ(ints.nulls, 1u);
  EXPECT_FALSE(ints.nans);
  const ColumnStats none = StatsOf(DataType::BigInt(), [](ColumnBuilder& b) { b.AppendNull(); });
  EXPECT_FALSE(none.lower || none.upper);
  const ColumnStats floats = StatsOf(DataType::Double(), [](ColumnBuilder& b) {
    b.Append(double{NAN}), b.Append(0.0), b.Append(-0.0), b.Append(1.5);
  });
  EXPECT_EQ(HexEncode(*floats.lower), "0000000000000080");  // −0.0
  EXPECT_EQ(HexEncode(*floats.upper), "000000000000f83f");
  EXPECT_EQ(floats.nans, 1u);
  const ColumnStats only_nan = StatsOf(DataType::Float(), [](ColumnBuilder& b) { b.Append(NAN); });
  EXPECT_FALSE(only_nan.lower || only_nan.upper);
}

TEST(DataFile, DecimalsTakeTheFewestBytes) {
  for (const auto& [value, hex] : std::vector<std::pair<int64_t, std::string>>{
           {0, "00"}, {127, "7f"}, {128, "0080"}, {-128, "80"}, {-129, "ff7f"}, {1420, "058c"}, {-1, "ff"}})
    EXPECT_EQ(HexEncode(DecimalBytes(value)), hex) << value;
  EXPECT_EQ(DecimalBytes(columnar::int128{1} << 100).size(), 13u);
}

TEST(DataFile, TextBoundsAreCutByCodePointsAndStayBounds) {
  const std::string long_text = "aaaaaaaaaaaaaaaaaaaa";
  EXPECT_EQ(LowerTextBound(long_text), std::string(16, 'a'));
  EXPECT_EQ(UpperTextBound(long_text), std::string(15, 'a') + "b");
  EXPECT_EQ(UpperTextBound("short"), "short");
  std::string umlauts;
  for (int i = 0; i < 20; ++i) umlauts += "ü";
  EXPECT_EQ(LowerTextBound(umlauts).size(), 32u);
  EXPECT_EQ(UpperTextBound(umlauts)->substr(30), "ý");
  std::string last, surrogate;
  for (int i = 0; i < 17; ++i) last += "\xf4\x8f\xbf\xbf", surrogate += "\xed\x9f\xbf";
  EXPECT_FALSE(UpperTextBound(last));                              // nothing is greater
  EXPECT_EQ(UpperTextBound("a" + last.substr(0, 64) + "z"), "b");  // the last that can be raised is
  EXPECT_EQ(UpperTextBound(surrogate)->substr(45), "\xee\x80\x80");
  EXPECT_EQ(UpperBytesBound(std::string(15, '\x01') + "\xff\xff"), std::string(14, '\x01') + "\x02");
  EXPECT_FALSE(UpperBytesBound(std::string(20, '\xff')));
}

TEST(DataFile, FieldsOfARowCountEachForItselfAndAreNullWhereTheRowIs) {
  const DataType inner = DataType::Row({{"b", DataType::String()}});
  const DataType outer = DataType::Row({{"a", DataType::Integer()}, {"r", inner}});
  ColumnBuilder builder(outer);
  auto add = [&builder](int32_t a, const char* b) {
    builder.child(0).Append(a);
    builder.child(1).child(0).AppendString(b);
    builder.child(1).AppendRow(true);
  };
  add(7, "x");
  builder.AppendRow(true);
  add(1, "y");  // values below a NULL row are none
  builder.AppendRow(false);
  builder.AppendNull();
  auto schema = std::make_shared<columnar::Schema>(columnar::Schema{{{"o", outer}}});
  FileStats stats({{"o",
                    outer,
                    1,
                    false,
                    {{"a", DataType::Integer(), 2}, {"r", inner, 3, false, {{"b", DataType::String(), 4}}}}}});
  stats.Add(columnar::Batch(schema, 3, {builder.Finish()}));
  const std::vector<ColumnStats> leaves = stats.Finish();
  ASSERT_EQ(leaves.size(), 2u);
  EXPECT_EQ(leaves[0].field_id, 2);
  EXPECT_EQ(leaves[0].nulls, 2u);
  EXPECT_EQ(HexEncode(*leaves[0].lower), "07000000");
  EXPECT_EQ(leaves[1].field_id, 4);
  EXPECT_EQ(leaves[1].values, 3u);
  EXPECT_EQ(leaves[1].nulls, 2u);
  EXPECT_EQ(*leaves[1].upper, "x");
}

TEST(DataFile, SurvivesTheCheckpoint) {
  DataFile file{"file:///x",
                3,
                100,
                {{5, 40, 3, 1, std::nullopt, std::string("\xfe\xff"), std::nullopt},
                 {6, 41, 3, 0, 2u, std::nullopt, std::nullopt}},
                {4, 90},
                R"({"day":20454})",
                7};
  const DataFile again = DecodeDataFiles(EncodeDataFiles({file, file})).value()[1];
  EXPECT_EQ(again.ToManifest(), file.ToManifest());
  EXPECT_EQ(again.Encode(), file.Encode());
  EXPECT_EQ(again.spec_id, 7);
  file.spec_id.reset();  // as older builds staged
  EXPECT_FALSE(DataFile::Decode(file.Encode()).value().spec_id);
  EXPECT_EQ(DataFile::Decode("{}").status().code(), kBadMetadata);
  EXPECT_EQ(DataFile::Decode("x").status().code(), kBadMetadata);
}

}  // namespace
}  // namespace semel::iceberg
