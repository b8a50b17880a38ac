// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Where Semel differs from Flink on purpose, as far as values show it (docs/differences.md).
#include "tests/engine/expression_fixture.h"

namespace semel {
namespace {

using DifferencesTest = ExpressionTest;

TEST_F(DifferencesTest, ADecimalThatOverflowsInArithmeticIsAnError) {
  for (const char* expression : {"big + big", "big - (0 - big)", "big * n"}) Fails(expression, 1202);
}

TEST_F(DifferencesTest, ANumberThatDoesNotFitADecimalIsAnErrorAndNullForTryCast) {
  Fails("CAST(n * 1000 AS DECIMAL(3, 1))", 1202);
  Fails("CAST(CAST(n AS DOUBLE) * 1000 AS DECIMAL(3, 1))", 1202);
  EXPECT_EQ(Evaluate("TRY_CAST(n * 1000 AS DECIMAL(3, 1))").value(), "+I[NULL]");
  EXPECT_EQ(Evaluate("CAST(n AS DECIMAL(3, 1))").value(), "+I[10.0]");
}

TEST_F(DifferencesTest, PartsOfATimeBefore1970AreThoseOfTheCalendar) {
  EXPECT_EQ(Evaluate("YEAR(ts)").value(), "+I[1969]");
  EXPECT_EQ(Evaluate("MONTH(ts)").value(), "+I[12]");
  EXPECT_EQ(Evaluate("EXTRACT(DAY FROM ts)").value(), "+I[31]");
  EXPECT_EQ(Evaluate("EXTRACT(HOUR FROM ts)").value(), "+I[13]");
}

TEST_F(DifferencesTest, UpperAndLowerKnowAsciiLettersOnly) {
  EXPECT_EQ(Evaluate("UPPER(s)").value(), "+I[AÄ]");
  EXPECT_EQ(Evaluate("LOWER(s)").value(), "+I[aÄ]");
}

}  // namespace
}  // namespace semel
