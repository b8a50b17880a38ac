// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/script.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "functions/api/literal.h"
#include "functions/registry_all.h"
#include "sql/binder/error_codes.h"
#include "sql/planner/finalize.h"

namespace semel::sql {
namespace {

constexpr char kTables[] = R"(SET 'pipeline.name' = 'shop';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'src', 'topic' = 'purchases');
CREATE TABLE running (purchase_id BIGINT, user_id INT, total DECIMAL(38,2)) WITH ('connector' = 'out');
CREATE TABLE revenue (user_id INT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), n BIGINT, total DECIMAL(38,2)) WITH ('connector' = 'out');
CREATE TABLE sums (user_id INT, total DECIMAL(38,2)) WITH ('connector' = 'upsert');
)";

class ScriptTest : public testing::Test {
 protected:
  void SetUp() override {
    functions::RegisterAll(functions_);
    connectors::Connector source, out, upsert;
    source.name = "src";
    source.has_source = true;
    source.source_options = {{"topic", true, false, "the topic"}};
    source.metadata = {{"begun", columnar::DataType::BigInt()}, {"ended", columnar::DataType::BigInt()}};
    out.name = "out";
    out.has_sink = true;
    upsert = out;
    upsert.name = "upsert";
    upsert.accepts_changelog = {"UB", "UA", "D"};
    connectors_.Add(source);
    connectors_.Add(out);
    connectors_.Add(upsert);
  }
  Result<PlannedScript> Plan(const std::string& statements) {
    return PlanScript(kTables + statements, {&functions_, &connectors_, nullptr, nullptr, true});
  }
  functions::Registry functions_;
  connectors::Registry connectors_;
};

TEST_F(ScriptTest, TheFirstPipelineSharesItsScanAndReadsOnlyWhatItNeeds) {
  const PlannedScript planned = Plan(R"(EXECUTE STATEMENT SET BEGIN
    INSERT INTO running SELECT purchase_id, user_id, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
    INSERT INTO revenue SELECT user_id, window_start, window_end, COUNT(*), SUM(amount)
      FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;
  END;)")
                                    .value();
  ASSERT_EQ(planned.plan.sinks.size(), 2u);
  EXPECT_EQ(planned.plan.pipeline_name, "shop");
  const std::string text = ExplainText(planned.plan.sinks, true);
  EXPECT_NE(text.find("OverAggregate by [user_id] order by ts RANGE SUM(amount)"), std::string::npos) << text;
  EXPECT_NE(text.find("WindowAggregate by [user_id] TUMBLE(rowtime, 10 s) COUNT(*), SUM(amount)"), std::string::npos)
      << text;
  EXPECT_NE(text.find("Watermark (shared)"), std::string::npos) << text;
  EXPECT_EQ(text.find("`item`"), std::string::npos);
  EXPECT_EQ(text.find("item STRING"), std::string::npos) << "the scan reads no column that nobody needs\n" << text;
}

TEST_F(ScriptTest, GroupByIsAChangelogThatAppendOnlySinksRefuse) {
  const PlannedScript planned = Plan(
                                    "INSERT INTO sums SELECT user_id, SUM(amount) FROM purchases WHERE amount > 0 "
                                    "GROUP BY user_id HAVING COUNT(*) > 1;")
                                    .value();
  const std::string text = ExplainText(planned.plan.sinks, true);
  EXPECT_NE(text.find("GroupAggregate by [user_id] SUM(amount), COUNT(*) [I,UB,UA]"), std::string::npos) << text;
  const Status refused =
      Plan("INSERT INTO running SELECT 1, user_id, SUM(amount) FROM purchases GROUP BY user_id;").status();
  EXPECT_EQ(refused.code(), kUpdatingIntoAppend) << refused.ToString();
}

TEST_F(ScriptTest, IdentitiesFollowMeaningNotLayout) {
  const std::string query = "INSERT INTO sums SELECT user_id, SUM(amount) FROM purchases GROUP BY user_id;";
  const PlannedScript a = Plan(query).value();
  const PlannedScript b =
      Plan(
          "-- a comment\n INSERT  INTO sums SELECT user_id AS u, SUM(amount) AS s FROM purchases p GROUP BY p.user_id;")
          .value();
  const PlannedScript c = Plan("INSERT INTO sums SELECT user_id, MAX(amount) FROM purchases GROUP BY user_id;").value();
  EXPECT_EQ(a.plan.fingerprint, b.plan.fingerprint);
  EXPECT_NE(a.plan.fingerprint, c.plan.fingerprint);
}

TEST_F(ScriptTest, TheIdentityOfAScanNamesItsMetadata) {
  auto fingerprint = [this](const char* key) {
    return Plan(fmt::format("CREATE TABLE m (a INT, t BIGINT METADATA FROM '{}' VIRTUAL) WITH ('connector'='src', "
                            "'topic'='m'); INSERT INTO sums SELECT a, t FROM m;",
                            key))
        .value()
        .plan.fingerprint;
  };
  EXPECT_EQ(fingerprint("begun"), fingerprint("begun"));
  EXPECT_NE(fingerprint("begun"), fingerprint("ended"));
}

TEST_F(ScriptTest, ALongLineIsShownAroundItsPlace) {
  std::string sum;
  for (int i = 0; i < 200; ++i) sum += "user_id + ";
  const std::string script = "INSERT INTO sums SELECT " + sum + "usr_id + " + sum + "1, amount FROM purchases;";
  const Status status = Plan(script).status();
  ASSERT_EQ(status.code(), kUnknownColumn) << status.ToString();
  const std::vector<std::string> lines = Split(RenderError(status, kTables + script, "f.sql"), '\n');
  const auto shown = std::find_if(lines.begin(), lines.end(),
                                  [](const std::string& line) { return line.find(" | ... ") != std::string::npos; });
  ASSERT_NE(shown, lines.end());
  EXPECT_LT(shown->size(), 190u);
  EXPECT_EQ(shown->substr(shown->size() - 4), " ...");
  EXPECT_EQ((shown + 1)->find('^'), shown->find("usr_id")) << *shown << "\n" << *(shown + 1);
}

TEST_F(ScriptTest, ErrorsNameTheCodeThePlaceAndTheWayOut) {
  struct Case {
    const char* statement;
    ErrorCode code;
    const char* under;
  };
  const Case cases[] = {
      {"INSERT INTO sums SELECT usr_id, amount FROM purchases;", kUnknownColumn, "usr_id"},
      {"INSERT INTO sums SELECT user_id, SUMM(amount) FROM purchases;", kUnknownFunction, "SUMM(amount)"},
      {"INSERT INTO sums SELECT user_id, item FROM purchases;", kTypeMismatch, nullptr},
      {"INSERT INTO sums SELECT user_id FROM purchases;", kColumnCount, nullptr},
      {"INSERT INTO sums SELECT user_id, amount FROM purchase;", kUnknownTable, nullptr},
      {"INSERT INTO sums SELECT item, SUM(amount) FROM purchases GROUP BY user_id;", kNotGrouped, "item"},
      {"INSERT INTO sums SELECT user_id, SUM(amount) OVER (ORDER BY amount) FROM purchases;", kNotRowtime, "amount"},
      {"CREATE TABLE t (a INT) WITH ('connector' = 'srk');", kUnknownOption, nullptr},
      {"CREATE TABLE t (a INT) WITH ('connector'='src', 'topik'='x'); INSERT INTO sums SELECT a, 1.0 FROM t;",
       kUnknownOption, nullptr},
      {"CREATE TABLE t (a INT) WITH ('connector'='src'); INSERT INTO sums SELECT a, 1.0 FROM t;", kMissingOption,
       nullptr},
      {"INSERT INTO purchases SELECT * FROM purchases;", kWrongDirection, nullptr},
      {"INSERT INTO sums SELECT user_id + item, amount FROM purchases;", functions::kWrongArguments, "user_id + item"},
  };
  for (const Case& c : cases) {
    const Status status = Plan(c.statement).status();
    ASSERT_FALSE(status.ok()) << c.statement;
    EXPECT_EQ(status.code(), c.code) << status.ToString();
    EXPECT_FALSE(status.hint().empty()) << status.ToString();
    const std::string script = std::string(kTables) + c.statement;
    if (c.under != nullptr) {
      EXPECT_EQ(script.substr(status.span().begin, status.span().end - status.span().begin), c.under);
    }
    const std::string rendered = RenderError(status, script, "f.sql");
    EXPECT_NE(rendered.find("--> f.sql:"), std::string::npos) << rendered;
    EXPECT_NE(rendered.find("^"), std::string::npos);
  }
}

TEST_F(ScriptTest, ViewsKeepEventTime) {
  EXPECT_TRUE(Plan("CREATE VIEW v AS SELECT user_id, amount, ts FROM purchases WHERE amount > 1; CREATE VIEW w AS "
                   "SELECT * FROM v;"
                   "INSERT INTO running SELECT 1, user_id, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM w;")
                  .ok());
}

TEST_F(ScriptTest, AnErrorShowsControlBytesAndBrokenUtf8AsText) {
  const std::string script = "SELECT \x1b[2J, \xff nonsense\r\n";
  const Status status = Status::Invalid(kUnknownColumn, "no column '\x1b'").WithSpan({13, 14});
  const std::string text = RenderError(status, script, "x.sql");
  EXPECT_NE(text.find("no column '\\x1b'"), std::string::npos) << text;
  EXPECT_NE(text.find("1 | SELECT \\x1b[2J, \\xff nonsense\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  |                 ^^^^\n"), std::string::npos) << "below the escaped byte\n" << text;
  const std::string json = RenderErrorJson(status, script, "\xff.sql");
  EXPECT_NE(json.find("\"exit_code\": 78, \"message\": \"no column '\\u001b'\""), std::string::npos) << json;
  EXPECT_NE(json.find("\\\\xff.sql"), std::string::npos) << json;
}

}  // namespace
}  // namespace semel::sql
