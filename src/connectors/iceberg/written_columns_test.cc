// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/iceberg/written_columns.h"

#include <gtest/gtest.h>

namespace semel::connectors {
namespace {

using columnar::DataType;
using parquet::ParquetColumn;

// "name:id …" of the columns written, or "refused".
std::string Written(const std::vector<columnar::Field>& declared, const iceberg::TableSchema& table) {
  const auto columns = WrittenColumns({declared}, table);
  if (!columns) return "refused";
  std::string text;
  for (const ParquetColumn& column : *columns) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", column.name, column.field_id);
    for (const ParquetColumn& field : column.fields) text += fmt::format(" .{}:{}", field.name, field.field_id);
  }
  return text;
}

TEST(WrittenColumns, AreFoundByNameInTheOrderOfTheScript) {
  const iceberg::TableSchema table{
      {{"b", DataType::BigInt(), 7}, {"more", DataType::Date(), 8}, {"a", DataType::String(), 2}},
      {{"list", "list", false}}};
  EXPECT_EQ(Written({{"a", DataType::String()}, {"b", DataType::BigInt()}}, table), "a:2 b:7");
  EXPECT_EQ(Written({{"a", DataType::String()}, {"c", DataType::BigInt()}}, table), "refused");
  EXPECT_EQ(Written({{"a", DataType::String()}, {"list", DataType::String()}}, table), "refused");
}

TEST(WrittenColumns, EveryRequiredOneMustBeAmongThem) {
  const ParquetColumn a{"a", DataType::String(), 2};
  EXPECT_EQ(Written({{"a", DataType::String()}}, {{a, {"b", DataType::BigInt(false), 3, true}}, {}}), "refused");
  EXPECT_EQ(Written({{"a", DataType::String()}}, {{a}, {{"list", "list", true}}}), "refused");
  EXPECT_EQ(Written({{"a", DataType::String()}}, {{a}, {{"r.list", "list", true}}}), "a:2");  // r itself may be absent
  EXPECT_EQ(Written({{"b", DataType::BigInt()}}, {{{"b", DataType::BigInt(false), 3, true}}, {}}), "refused");
  EXPECT_EQ(Written({{"b", DataType::BigInt(false)}}, {{{"b", DataType::BigInt(false), 3, true}}, {}}), "b:3");
}

TEST(WrittenColumns, ATableMayBeWiderButNotNarrower) {
  auto fits = [](const DataType& declared, const DataType& table) {
    return Written({{"c", declared}}, {{{"c", table, 1}}, {}}) != "refused";
  };
  EXPECT_TRUE(fits(DataType::Integer(), DataType::BigInt()));
  EXPECT_FALSE(fits(DataType::BigInt(), DataType::Integer()));
  EXPECT_TRUE(fits(DataType::Float(), DataType::Double()));
  EXPECT_FALSE(fits(DataType::Double(), DataType::Float()));
  EXPECT_TRUE(fits(DataType::Decimal(9, 2), DataType::Decimal(18, 2)));
  EXPECT_FALSE(fits(DataType::Decimal(18, 2), DataType::Decimal(9, 2)));
  EXPECT_FALSE(fits(DataType::Decimal(9, 2), DataType::Decimal(18, 4)));
  EXPECT_FALSE(fits(DataType::Integer(), DataType::Double()));
  EXPECT_FALSE(fits(DataType::Date(), DataType::Timestamp(6)));
}

TEST(WrittenColumns, FieldsOfARowAreFoundLikeColumns) {
  const DataType row = DataType::Row({{"x", DataType::Integer()}, {"y", DataType::String()}});
  const ParquetColumn table{
      "r", row, 1, false, {{"new", DataType::Date(), 9}, {"y", DataType::String(), 3}, {"x", DataType::BigInt(), 2}}};
  EXPECT_EQ(Written({{"r", row}}, {{table}, {}}), "r:1 .x:2 .y:3");
  EXPECT_EQ(Written({{"r", DataType::Row({{"z", DataType::Integer()}})}}, {{table}, {}}), "refused");
  ParquetColumn required = table;
  required.fields[0].required = true;
  EXPECT_EQ(Written({{"r", row}}, {{required}, {}}), "refused");
}

}  // namespace
}  // namespace semel::connectors
