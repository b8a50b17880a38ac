// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Values of expressions. What Flink 2.1 gave for them was observed (tests/compat/flink/expressions.txt has more).
#include "tests/engine/expression_fixture.h"

namespace semel {
namespace {

TEST_F(ExpressionTest, ADecimalThatFitsIsNoOverflowThoughTheWayToItIsLonger) {
  const std::string p = "CAST('1000.000000000000000001' AS DECIMAL(38,18))";
  const std::string q = "CAST('9999999999.123456789' AS DECIMAL(20,10))";
  const std::string w = "CAST('1000000000000000000000000000000' AS DECIMAL(38,0))", x = "CAST(1.5 AS DECIMAL(38,10))";
  Gives({{p + " * " + p, "1000000.000000"},
         {q + " * " + q, "99999999982469135780.76832800075019052"},
         {w + " + " + x, "1000000000000000000000000000001.500000"},
         {w + " - " + x, "999999999999999999999999999998.500000"},
         {w + " % " + x, "1.0000000000"}});
  Fails("big / CAST('0.00000000000000000000000000000000000009' AS DECIMAL(38,38))", 1202);
}

TEST_F(ExpressionTest, AComparisonOfDecimalsNeverFails) {
  const std::string small = "CAST('0.5' AS DECIMAL(38,38))";
  Gives({{"big > 0.5", "TRUE"},
         {"big = " + small, "FALSE"},
         {small + " < big", "TRUE"},
         {"0 - big < " + small, "TRUE"},
         {"big IN (1.5, 2)", "FALSE"},
         {"big IN (1.5, 99999999999999999999999999999999999999)", "TRUE"},
         {"big NOT BETWEEN 0.5 AND 1.123456789", "TRUE"},
         {"big IS DISTINCT FROM 1.0", "TRUE"},
         {"CAST(9223372036854775807 AS BIGINT) > CAST(1.5 AS DECIMAL(38,30))", "TRUE"},
         {"n = 10.00", "TRUE"},
         {"n < 10.001", "TRUE"},
         {"NULLIF(big, 0.1) = big", "TRUE"},
         {"CASE big WHEN 1.5 THEN 1 ELSE 2 END", "2"}});
}

TEST_F(ExpressionTest, AFloatIsPrintedWithItsOwnDigits) {
  Gives({{"CAST(0.1 AS FLOAT)", "0.1"},
         {"CAST(CAST(0.1 AS FLOAT) AS DOUBLE)", "0.10000000149011612"},
         {"CAST(16777216 AS FLOAT)", "1.6777216E7"},
         {"CAST(CAST(9223372036854775807 AS BIGINT) AS FLOAT)", "9.223372E18"}});
}

TEST_F(ExpressionTest, DateFormatKnowsNamesAndRefusesWhatJavaRefuses) {
  const std::string at = "TIMESTAMP '2025-11-05 13:04:05.123'";
  Gives({{"DATE_FORMAT(" + at + ", 'dd MMM yyyy')", "05 Nov 2025"},
         {"DATE_FORMAT(" + at + ", 'MMMM')", "November"},
         {"DATE_FORMAT(" + at + ", 'EE EEEE')", "Wed Wednesday"},
         {"DATE_FORMAT(" + at + ", 'd/M/yy H:m:s.SSSSSSSSS')", "5/11/25 13:4:5.123000000"},
         {"DATE_FORMAT(" + at + ", 'yyyyy yyy')", "02025 2025"},
         {"DATE_FORMAT(" + at + ", '''o''''clock'' ''''')", "o'clock '"},
         {"DATE_FORMAT(" + at + ", '')", ""},
         {"DATE_FORMAT(ts, CASE WHEN n = 10 THEN 'EEE' END)", "Wed"}});
  for (const char* pattern : {"MMMMM", "EEEEE", "ddd", "HHH", "mmm", "sss", "SSSSSSSSSS", "yyyyyyyyyyyyyyyyyyyy", "o",
                              "[MM]", "{MM}", "#", "''T"}) {
    Fails(fmt::format("DATE_FORMAT(ts, '{}')", pattern), 1204);
    Fails(fmt::format("DATE_FORMAT(ts, CASE WHEN n = 10 THEN '{}' END)", pattern), 1204);
  }
}

TEST_F(ExpressionTest, TextBecomesATimeAsLenientlyAsInFlink) {
  Gives({{"TO_TIMESTAMP('2024-01-05')", "2024-01-05 00:00:00.000"},
         {"TO_TIMESTAMP('2024-1-5')", "2024-01-05 00:00:00.000"},
         {"TO_TIMESTAMP('2024-01-05 1:2:3')", "2024-01-05 01:02:03.000"},
         {"TO_TIMESTAMP('1969-12-31 23:59:59.9996')", "1969-12-31 23:59:59.999"},
         {"TO_TIMESTAMP('2024-01-05T10:00:00')", "NULL"},
         {"TO_TIMESTAMP(' 2024-01-05')", "NULL"},
         {"CAST('2024-1-5' AS TIMESTAMP(3))", "2024-01-05 00:00:00.000"},
         {"TRY_CAST('2024-1-5' AS DATE)", "2024-01-05"},
         {"TRY_CAST(' 2024-01-05 ' AS DATE)", "2024-01-05"},
         {"TRY_CAST('2024-01-05 1:2:3' AS DATE)", "2024-01-05"},
         {"TRY_CAST('2024-01-055' AS DATE)", "NULL"},
         {"TRY_CAST('10:20' AS TIME)", "10:20:00"},
         {"TRY_CAST('1:2:3' AS TIME)", "01:02:03"},
         {"DATE '2024-1-5'", "2024-01-05"},
         {"TIMESTAMP '2024-1-5 1:2:3.5'", "2024-01-05 01:02:03.5"},
         {"TIMESTAMP '2024-01-05'", "2024-01-05 00:00:00"},
         {"TIME '1:2:3'", "01:02:03"},
         {"ts < '1970-1-1'", "TRUE"}});
  Fails("CAST('2024-01-05xyz' AS DATE)", 1201);
  for (const char* literal :
       {"DATE '2024-01-05xyz'", "DATE '2024-01-05 10:00:00'", "DATE '2024-02-30'", "TIME '10:20'",
        "TIMESTAMP '2024-01-05T10:00:00'", "TIMESTAMP '2024-01-05 24:00:00'", "TIMESTAMP '2024-01-05 10:00'"})
    EXPECT_EQ(Evaluate(literal).status().code().number, 1003) << literal;
}

TEST_F(ExpressionTest, TextsBeyondWhatAColumnHoldsAreAnError) {
  const std::string text(60, 'x'), grown = fmt::format("REPLACE('{0}', 'x', '{0}')", text);
  Fails(fmt::format("CHAR_LENGTH(REPLACE(REPLACE({0}, 'x', {0}), 'xx', {0}))", grown), 1204);
}

TEST_F(ExpressionTest, TextsAndNumbersAsInFlink) {
  Gives({{"SPLIT_INDEX('', ',', 0)", "NULL"},
         {"SPLIT_INDEX(',', ',', 1)", ""},
         {"SPLIT_INDEX('a b', '', 1)", "b"},
         {"SPLIT_INDEX('a,b', ',', -1)", "NULL"},
         {"SUBSTRING('abc', 2, -1)", "NULL"},
         {"SUBSTRING('abc', 2, 0)", ""},
         {"REPLACE('abc', '', 'x')", "xaxbxcx"},
         {"REPLACE('', '', 'x')", "x"},
         {"REPLACE(s, '', '-')", "-a-Ä-"},
         {"REPLACE('banana', 'an', 'AN!')", "bAN!AN!a"},
         {"TRY_CAST('0x10' AS DOUBLE)", "NULL"},
         {"TRY_CAST('0x1p3' AS DOUBLE)", "8.0"},
         {"TRY_CAST('inf' AS DOUBLE)", "NULL"},
         {"TRY_CAST('nan' AS DOUBLE)", "NULL"},
         {"TRY_CAST('NaN' AS DOUBLE)", "NaN"},
         {"TRY_CAST('-Infinity' AS DOUBLE)", "-Infinity"},
         {"TRY_CAST('1d' AS DOUBLE)", "1.0"},
         {"TRY_CAST('1e5F' AS FLOAT)", "100000.0"},
         {"TRY_CAST('.' AS DOUBLE)", "NULL"},
         {"TRY_CAST('+-1' AS DOUBLE)", "NULL"},
         {"TRY_CAST(' 1.e2 ' AS DOUBLE)", "100.0"},
         {"TRY_CAST('.5' AS INT)", "0"},
         {"TRY_CAST('-.5' AS INT)", "0"},
         {"TRY_CAST('-' AS INT)", "NULL"},
         {"TRY_CAST('12.x' AS INT)", "NULL"},
         {"TRY_CAST('12.' AS INT)", "12"},
         {"TRY_CAST('1e3' AS INT)", "NULL"},
         {"CAST(INTERVAL '1' DAY AS STRING)", "+1 00:00:00.000"},
         {"CAST(INTERVAL '-90' SECOND AS STRING)", "-0 00:01:30.000"},
         {"CAST(INTERVAL '-14' MONTH AS STRING)", "-1-02"},
         {"SIGN(CAST(0 AS DECIMAL(2,2)))", "0.00"},
         {"SIGN(CAST(-0.5 AS DECIMAL(3,2)))", "-1.00"}});
  Fails("SIGN(CAST(0.5 AS DECIMAL(2,2)))", 1202);
}

TEST_F(ExpressionTest, TimesLeaveTheYearsOneTo9999WithAnErrorNotAWrongYear) {
  Gives({{"TIMESTAMP '9999-12-31 23:59:58' + INTERVAL '1' SECOND", "9999-12-31 23:59:59"},
         {"DATE '0001-01-02' - INTERVAL '1' DAY", "0001-01-01"},
         {"DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"},
         {"DATE '2024-03-31' - INTERVAL '13' MONTH", "2023-02-28"},
         {"TO_TIMESTAMP_LTZ(253402300800, 0)", "NULL"},
         {"TO_TIMESTAMP_LTZ(-62167219201, 0)", "NULL"}});
  for (const char* expression :
       {"TIMESTAMP '9999-12-31 23:59:59' + INTERVAL '1' SECOND", "DATE '9999-12-31' + INTERVAL '1' DAY",
        "DATE '0001-01-01' - INTERVAL '1' DAY", "DATE '0001-01-01' - INTERVAL '1' MONTH", "ts + INTERVAL '90000' YEAR",
        "ts - INTERVAL '90000' YEAR", "ts + INTERVAL '100000000' DAY",
        "CEIL(TIMESTAMP '9999-12-31 23:59:59.5' TO SECOND)", "CEIL(TIMESTAMP '9999-12-31 23:59:59.5' TO YEAR)",
        "CEIL(DATE '9999-12-02' TO MONTH)", "TO_TIMESTAMP_LTZ(-62167219200, 0)"})
    Fails(expression, 1204);
  EXPECT_EQ(Evaluate("ts + INTERVAL '1000000000' DAY").status().code().number, 1003);
}

TEST_F(ExpressionTest, AnEscapeStandsBeforeWhatItEscapes) {
  Gives({{"'a%' LIKE 'a!%' ESCAPE '!'", "TRUE"},
         {"'ab' LIKE 'a!%' ESCAPE '!'", "FALSE"},
         {"'a!c' LIKE 'a!!%' ESCAPE '!'", "TRUE"},
         {"'a_c' LIKE 'a__c' ESCAPE '_'", "TRUE"},
         {"'a_c' LIKE 'a\\_c'", "TRUE"},
         {"'axc' LIKE 'a\\_c'", "FALSE"},
         {"'a%' LIKE 'a\\%' ESCAPE '\\'", "TRUE"}});
  for (const char* condition : {"s LIKE 'a!b' ESCAPE '!'", "s LIKE 'ab!' ESCAPE '!'", "s LIKE 'a%' ESCAPE '%'",
                                "s LIKE 'a%' ESCAPE ''", "s LIKE 'a%' ESCAPE '!!'", "s LIKE s || '\\'"})
    Fails(condition, 1204);
}

}  // namespace
}  // namespace semel
