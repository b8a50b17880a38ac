// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/parser/parser.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {
namespace {

std::string Show(const AstExprPtr& e) {
  std::string args;
  for (const AstExprPtr& a : e->args) args += (args.empty() ? "" : " ") + Show(a);
  switch (e->kind) {
    case AstKind::kColumn:
      return Join(e->parts, ".");
    case AstKind::kCall:
      return fmt::format("({} {})", e->name, args);
    case AstKind::kAnd:
      return fmt::format("(AND {})", args);
    case AstKind::kOr:
      return fmt::format("(OR {})", args);
    case AstKind::kCase:
      return fmt::format("(CASE {})", args);
    case AstKind::kCast:
      return fmt::format("(CAST {} {})", args, e->type.ToString());
    case AstKind::kIn:
      return fmt::format("({}IN {})", e->negated ? "NOT " : "", args);
    case AstKind::kBetween:
      return fmt::format("({}BETWEEN {})", e->negated ? "NOT " : "", args);
    case AstKind::kInterval:
      return fmt::format("[{} {}]", e->text, e->name);
    case AstKind::kString:
      return "'" + e->text + "'";
    default:
      return e->text.empty() ? "NULL" : e->text;
  }
}

TEST(ParserTest, ExpressionsBindAsInSql) {
  const std::pair<const char*, const char*> cases[] = {
      {"a + b * c - 1", "(- (+ a (* b c)) 1)"},
      {"NOT a = 1 AND b OR c", "(OR (AND (NOT (= a 1)) b) c)"},
      {"-x * -2", "(* (NEG x) -2)"},
      {"a BETWEEN 1 AND 2 AND b", "(AND (BETWEEN a 1 2) b)"},
      {"a NOT IN (1, 'x''y')", "(NOT IN a 1 'x'y')"},
      {"a IS NOT NULL", "(IS NOT NULL a)"},
      {"a IS DISTINCT FROM b", "(IS DISTINCT FROM a b)"},
      {"a NOT LIKE 'x%' ESCAPE '!'", "(NOT (LIKE a 'x%' '!'))"},
      {"CASE a WHEN 1 THEN 'x' END", "(CASE (= a 1) 'x' NULL)"},
      {"CAST(a AS DECIMAL(10, 2)) || `from`.b", "(|| (CAST a DECIMAL(10, 2)) from.b)"},
      {"ts - INTERVAL '5' SECOND", "(- ts [5 SECOND])"},
      {"EXTRACT(HOUR FROM ts)", "(HOUR ts)"},
      {"count(*)", "(COUNT NULL)"},
  };
  for (const auto& [text, tree] : cases) EXPECT_EQ(Show(ParseExpression(text).value()), tree) << text;
}

TEST(ParserTest, TheFirstPipelineParses) {
  const auto statements = ParseScript(R"(
SET 'pipeline.name' = 'shop';  -- a comment
CREATE TABLE purchases (purchase_id BIGINT, amount DECIMAL(10,2), ts TIMESTAMP(3), part INT METADATA FROM 'partition' VIRTUAL,
  cents AS amount * 100, r ROW<a INT, b ROW<c STRING>>, PRIMARY KEY (purchase_id) NOT ENFORCED,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) PARTITIONED BY (part) WITH ('connector' = 'kafka', 'topic' = 't');
CREATE CATALOG lake WITH ('type'='iceberg'); CREATE DATABASE IF NOT EXISTS lake.shop; USE CATALOG lake; USE shop;
EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.a SELECT *, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) AS total FROM purchases;
  INSERT INTO b (x, y) SELECT user_id, COUNT(*) FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND))
    WHERE amount > 0 GROUP BY user_id, window_start, window_end HAVING COUNT(*) > 1;
END;
EXPLAIN CHANGELOG_MODE SELECT 1 FROM t UNION ALL SELECT 2 FROM u;
)")
                              .value();
  ASSERT_EQ(statements.size(), 9u);
  EXPECT_EQ(statements[1].columns.size(), 6u);
  EXPECT_EQ(statements[1].columns[5].type.ToString(), "ROW<`a` INT, `b` ROW<`c` STRING>>");
  EXPECT_EQ(statements[1].watermark_column, "ts");
  EXPECT_EQ(statements[6].query->items[1].expr->over->partition_by.size(), 1u);
  EXPECT_EQ(statements[7].insert_columns.size(), 2u);
  EXPECT_EQ(statements[7].query->from->rowtime, "ts");
  EXPECT_TRUE(statements[8].changelog);
}

TEST(ParserTest, ErrorsPointAtTheirPlace) {
  struct Case {
    const char* script;
    const char* at;  // the text under the span
    ErrorCode code;
  };
  const Case cases[] = {
      {"SELEC 1;", "SELEC", kSyntax},
      {"INSERT INTO t SELECT a b c FROM u;", "c", kSyntax},
      {"CREATE TABLE t (a INTT);", "INTT", kBadType},
      {"CREATE TABLE t (a DECIMAL(50, 2));", "DECIMAL", kBadType},
      {"CREATE TABLE t (a TIMESTAMP(9));", "TIMESTAMP", kBadType},
      {"INSERT INTO t SELECT * FROM a JOIN b ON a.x = b.x;", "JOIN", kUnsupportedSql},
      {"SET 'a' = 'b", "'", kSyntax},
      {"CREATE TABLE t (a INT, PRIMARY KEY (a));", ")", kSyntax},
      {"CREATE TABLE t (a INT) WITH ('x'='1', 'x'='2');", "'x'='2'", kSyntax},
      {"INSERT INTO t SELECT a FROM u WHERE select;", "select", kUnsupportedSql},
      {"SELECT 1", "SELECT", kUnsupportedSql},
      {"INSERT INTO t SELECT \"a\" FROM u", "\"", kSyntax},
  };
  for (const Case& c : cases) {
    const Status status = ParseScript(c.script).status();
    ASSERT_FALSE(status.ok()) << c.script;
    EXPECT_EQ(status.code(), c.code) << status.ToString();
    EXPECT_EQ(std::string(c.script).substr(status.span().begin, status.span().end - status.span().begin), c.at)
        << status.ToString();
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(ParserTest, BrokenScriptsNeverCrash) {
  const std::string script =
      "CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector'='x');"
      "INSERT INTO s SELECT a, CASE WHEN a > 1 THEN 'x' ELSE NULL END, SUM(a) OVER (PARTITION BY b ORDER BY ts) FROM "
      "t;";
  uint64_t state = 7;
  for (size_t n = 0; n < script.size(); ++n) (void)ParseScript(script.substr(0, n));
  for (int i = 0; i < 20000; ++i) {
    std::string broken = script;
    for (int k = 0; k < 3; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      broken[(state >> 33) % broken.size()] = static_cast<char>(state >> 56);
    }
    (void)ParseScript(broken);
  }
  EXPECT_FALSE(ParseScript("INSERT INTO t SELECT " + std::string(100000, '(') + "1").ok()) << "nesting is bounded";
  EXPECT_FALSE(ParseScript("INSERT INTO t SELECT " + std::string(100000, '-') + "1").ok());
  EXPECT_FALSE(ParseExpression([] {
                 std::string s;
                 for (int i = 0; i < 50000; ++i) s += "NOT ";
                 return s + "a";
               }())
                   .ok());
}

}  // namespace
}  // namespace semel::sql
