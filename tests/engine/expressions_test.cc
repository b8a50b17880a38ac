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

}  // namespace
}  // namespace semel
