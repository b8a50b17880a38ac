// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/column.h"

#include <gtest/gtest.h>

#include "columnar/value_text.h"

namespace semel::columnar {
namespace {

TEST(ColumnTest, BuilderKeepsNullsAndValuesOfEveryPhysicalKind) {
  const DataType row = DataType::Row({{"a", DataType::Integer()}, {"b", DataType::String()}});
  ColumnBuilder ints(DataType::Integer()), texts(DataType::String()), bools(DataType::Boolean()),
      longs(DataType::Decimal(38, 2)), rows(row);
  for (int i = 0; i < 20; ++i) {
    if (i % 3 == 0) {
      ints.AppendNull(), texts.AppendNull(), bools.AppendNull(), longs.AppendNull(), rows.AppendNull();
      continue;
    }
    ints.Append<int32_t>(i), texts.AppendString(std::to_string(i)), bools.AppendBool(i % 2 == 0), longs.AppendInt(-i);
    rows.child(0).Append<int32_t>(i), rows.child(1).AppendNull(), rows.AppendRow(true);
  }
  ColumnPtr i = ints.Finish(), t = texts.Finish(), b = bools.Finish(), l = longs.Finish(), r = rows.Finish();
  EXPECT_EQ(i->CountNulls(), 7);
  EXPECT_EQ(ValueToString(*i, 3), "NULL");
  EXPECT_EQ(ValueToString(*t, 19), "19");
  EXPECT_EQ(ValueToString(*b, 4), "TRUE");
  EXPECT_EQ(ValueToString(*l, 5), "-0.05");
  EXPECT_EQ(ValueToString(*r, 7), "(7, NULL)");
  EXPECT_EQ(ValueToString(*Take(*r, std::vector<uint32_t>{8, 0}), 0), "(8, NULL)");
  EXPECT_EQ(ints.length(), 0) << "the builder is reusable";
  const ColumnPtr both[] = {t, Take(*t, std::vector<uint32_t>{1, 0})};
  const ColumnPtr joined = Concatenate(both);
  EXPECT_EQ(joined->length(), 22);
  EXPECT_EQ(ValueToString(*joined, 20), "1");
  EXPECT_TRUE(joined->IsNull(21));
}

TEST(ColumnTest, TruncatingTakesBackARowThatWasBegun) {
  const DataType row = DataType::Row({{"a", DataType::Boolean()}, {"b", DataType::Row({{"c", DataType::String()}})}});
  ColumnBuilder rows(row);
  auto append = [&rows](bool a, std::string_view c) {
    rows.child(0).AppendBool(a);
    rows.child(1).child(0).AppendString(c), rows.child(1).AppendRow(true);
    rows.AppendRow(true);
  };
  append(true, "one");
  rows.AppendNull();
  rows.child(1).child(0).AppendString("begun");
  rows.TruncateTo(2);
  append(true, "three");
  rows.child(0).AppendBool(false), rows.child(1).child(0).AppendNull(), rows.child(1).AppendRow(false);
  rows.TruncateTo(3);
  append(false, "four");
  rows.TruncateTo(9);
  const ColumnPtr column = rows.Finish();
  ASSERT_EQ(column->length(), 4);
  EXPECT_EQ(ValueToString(*column, 0), "(TRUE, (one))");
  EXPECT_EQ(ValueToString(*column, 1), "NULL");
  EXPECT_EQ(ValueToString(*column, 2), "(TRUE, (three))");
  EXPECT_EQ(ValueToString(*column, 3), "(FALSE, (four))");
}

TEST(ColumnTest, TextOfValuesFollowsFlink) {
  EXPECT_EQ(DecimalToString(-5, 3), "-0.005");
  EXPECT_EQ(DateToString(-1), "1969-12-31");
  EXPECT_EQ(TimestampToString(-1000, 3), "1969-12-31 23:59:59.999");
  EXPECT_EQ(DoubleToString(1e10), "1.0E10");
  EXPECT_EQ(DoubleToString(100), "100.0");
  EXPECT_EQ(DoubleToString(0.001), "0.001");
  EXPECT_EQ(DoubleToString(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(FloatToString(0.1f), "0.1");
  EXPECT_EQ(FloatToString(16777216.0f), "1.6777216E7");
  EXPECT_EQ(FloatToString(1e-45f), "1.4E-45");
  EXPECT_EQ(DoubleToString(0.5), "0.5");
  EXPECT_EQ(DoubleToString(1200), "1200.0");
  EXPECT_EQ(TimeToString(3'723'000, 0), "01:02:03");
  ColumnBuilder spans(DataType::Interval()), months(DataType::IntervalMonths());
  for (int64_t micros : {int64_t{86'400'000'000}, int64_t{-90'000'000}, int64_t{1'500'000}, int64_t{1}})
    spans.Append(micros);
  for (int32_t n : {24, -14}) months.Append(n);
  const ColumnPtr s = spans.Finish(), m = months.Finish();
  EXPECT_EQ(ValueToString(*s, 0), "+1 00:00:00.000");
  EXPECT_EQ(ValueToString(*s, 1), "-0 00:01:30.000");
  EXPECT_EQ(ValueToString(*s, 2), "+0 00:00:01.500");
  EXPECT_EQ(ValueToString(*s, 3), "+0 00:00:00.000001");
  EXPECT_EQ(ValueToString(*m, 0), "+2-00");
  EXPECT_EQ(ValueToString(*m, 1), "-1-02");
}

TEST(BatchTest, TakeKeepsKinds) {
  auto schema = std::make_shared<Schema>(Schema{{{"x", DataType::BigInt()}}});
  ColumnBuilder x(DataType::BigInt());
  for (int64_t v : {1, 2, 3}) x.Append(v);
  Batch batch(schema, 3, {x.Finish()}, {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kDelete});
  EXPECT_EQ(batch.Take(std::vector<uint32_t>{2, 1}).ToString(), "-D[3]\n-U[2]\n");
}

TEST(TypeTest, SpellingAndPhysicalForm) {
  EXPECT_EQ(DataType::Decimal(10, 2, false).ToString(), "DECIMAL(10, 2) NOT NULL");
  EXPECT_EQ(DataType::Decimal(18, 2).physical(), PhysicalKind::kInt64);
  EXPECT_EQ(DataType::Decimal(19, 2).physical(), PhysicalKind::kInt128);
  EXPECT_NE(DataType::Integer(), DataType::Integer(false));
  EXPECT_TRUE(DataType::Integer().SameIgnoringNullability(DataType::Integer(false)));
}

}  // namespace
}  // namespace semel::columnar
