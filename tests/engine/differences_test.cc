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

TEST_F(DifferencesTest, ASumBeyondItsTypeIsAnErrorInGroupsWindowsAndOver) {
  feed_->Send("a", {R"({"n":10,"ts":"1969-12-31 13:00:00.900"})"});
  const std::pair<const char*, std::string> greatest[] = {{"TINYINT", "127"},
                                                          {"SMALLINT", "32767"},
                                                          {"INT", "2147483647"},
                                                          {"BIGINT", "9223372036854775807"},
                                                          {"DECIMAL(38,0)", std::string(38, '9')}};
  for (const auto& [type, value] : greatest) {
    const std::string v = fmt::format("CAST('{}' AS {})", value, type), rows = "(SELECT ts, " + v + " AS v FROM p)";
    for (const std::string& query :
         {"SELECT CAST(SUM(" + v + ") AS STRING) FROM p GROUP BY n",
          "SELECT CAST(SUM(v) OVER (ORDER BY ts) AS STRING) FROM " + rows,
          "SELECT CAST(SUM(" + v +
              ") AS STRING) FROM TABLE(TUMBLE(TABLE p, DESCRIPTOR(ts), INTERVAL '1' SECOND)) "
              "GROUP BY window_start, window_end"}) {
      const Status status = Select(query).status();
      EXPECT_EQ(status.code().number, 8102) << query << ": " << status.ToString();
      EXPECT_EQ(status.code().exit, ExitCode::kData);
    }
  }
}

TEST_F(DifferencesTest, AnAverageIsRightThoughTheSumOfItsValuesFitsNoBigint) {
  feed_->Send("a", {R"({"n":10,"ts":"1969-12-31 13:00:00.900"})"});
  EXPECT_EQ(Select("SELECT CAST(AVG(CAST(9223372036854775807 AS BIGINT)) AS STRING) FROM TABLE(TUMBLE(TABLE p, "
                   "DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end")
                .value(),
            "+I[9223372036854775807]");
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

TEST_F(DifferencesTest, ADayThatTheMonthDoesNotHaveIsNoTimestamp) {
  EXPECT_EQ(Evaluate("TO_TIMESTAMP('2024-02-30 00:00:00')").value(), "+I[NULL]");
  EXPECT_EQ(Evaluate("TRY_CAST('10:60' AS TIME)").value(), "+I[NULL]");
  EXPECT_EQ(Evaluate("TRY_CAST('10:20:30+01:00' AS TIME)").value(), "+I[NULL]");
  Fails("CAST('2024-02-30' AS TIMESTAMP(3))", 1201);
}

TEST_F(DifferencesTest, ATimeOutsideTheYearsOneTo9999IsAnError) {
  Fails("TIMESTAMP '9999-12-31 23:59:59' + INTERVAL '1' SECOND", 1204);
  Fails("CEIL(TIMESTAMP '9999-12-31 23:59:59.5' TO SECOND)", 1204);
  Fails("TO_TIMESTAMP_LTZ(-62167219200, 0)", 1204);
}

TEST_F(DifferencesTest, ABackslashThatMayMeanTwoThingsIsRefused) {
  for (const char* pattern : {"a\\%", "a\\\\c", "%a\\%"}) Fails(fmt::format("s LIKE '{}'", pattern), 1204);
}

TEST_F(DifferencesTest, AnEmptyTextIsReplacedBetweenCharactersNotInsideThem) {
  EXPECT_EQ(Evaluate("REPLACE('😀', '', 'x')").value(), "+I[x😀x]");
}

TEST_F(DifferencesTest, AnEmptyPatternFitsTheEmptyTextOnly) {
  EXPECT_EQ(Evaluate("s LIKE ''").value(), "+I[FALSE]");
  EXPECT_EQ(Evaluate("'' LIKE ''").value(), "+I[TRUE]");
}

}  // namespace
}  // namespace semel
