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

}  // namespace
}  // namespace semel
