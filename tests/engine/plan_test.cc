// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What a plan says about rows, as far as values show it: NOT NULL at sinks, changes that reach them, nodes that are
// told apart.
#include "runtime/error_codes.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {
namespace {

class PlanTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    feed_ = std::make_unique<Feed>(*env_);
    feed_->splits = {"a"};
    connectors_.Add(FeedConnector(*feed_));
    connectors::Connector upsert = *connectors_.Find("memory");
    upsert.name = "upsert";
    upsert.accepts_changelog = {"UA", "D"};
    connectors_.Add(std::move(upsert));
  }

  // Each line comes in a chunk of its own.
  Status Run(const std::vector<std::string>& lines, const std::string& statements, const std::string& columns) {
    for (const std::string& line : lines) feed_->Send("a", {line});
    job::JobOptions options;
    options.until_end = options.fresh = options.append_again = true;
    SEMEL_ASSIGN_OR_RETURN(
        std::unique_ptr<job::Job> job,
        MakeJob(fmt::format("SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp';"
                            "CREATE TABLE f ({}) WITH ('connector'='feed', 'format'='json');{}",
                            dir_, columns, statements),
                options));
    return job->Run([](const std::string&) {}).status();
  }

  std::vector<std::string> Rows(const std::string& table) { return tables_[table].rows; }

  std::unique_ptr<Feed> feed_;
};

TEST_F(PlanTest, ANullForANotNullColumnStopsTheJobAtTheSink) {
  const Status stopped = Run({R"({"v":1})", R"({"v":null})"},
                             "CREATE TABLE out (v INT, w INT NOT NULL) WITH ('connector'='memory');"
                             "INSERT INTO out SELECT v, v + 1 FROM f;",
                             "v INT");
  EXPECT_EQ(stopped.code(), runtime::kNullInNotNull) << stopped.ToString();
  EXPECT_NE(stopped.message().find("column 'w' of 'out'"), std::string::npos) << stopped.ToString();
}

TEST_F(PlanTest, ANullInANotNullColumnOfASourceStopsTheJobWhereItIsWritten) {
  const Status stopped = Run({R"({"v":null})"},
                             "CREATE TABLE out (v INT NOT NULL) WITH ('connector'='blackhole');"
                             "INSERT INTO out SELECT v FROM f;",
                             "v INT NOT NULL");
  EXPECT_EQ(stopped.code(), runtime::kNullInNotNull) << stopped.ToString();
}

TEST_F(PlanTest, ANullInAFieldThatIsNotNullStopsTheJob) {
  const Status stopped = Run({R"({"r":null})", R"({"r":{"x":null}})"},
                             "CREATE TABLE out (r ROW<x INT NOT NULL>) WITH ('connector'='memory');"
                             "INSERT INTO out SELECT r FROM f;",
                             "r ROW<x INT>");
  EXPECT_EQ(stopped.code(), runtime::kNullInNotNull) << stopped.ToString();
  EXPECT_NE(stopped.message().find("column 'r.x' of 'out'"), std::string::npos) << stopped.ToString();
}

TEST_F(PlanTest, NullsWhereTheyMayBeAreWritten) {
  const Status done = Run({R"({"v":null,"r":null})"},
                          "CREATE TABLE out (v INT, r ROW<x INT NOT NULL>) WITH ('connector'='memory');"
                          "INSERT INTO out SELECT v, r FROM f;",
                          "v INT, r ROW<x INT>");
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_EQ(Rows("out"), (std::vector<std::string>{"+I[NULL, NULL]"}));
}

TEST_F(PlanTest, AnUpsertTableGetsNoOldRowsBesideATableThatTakesThem) {
  const Status done = Run({R"({"k":"a"})", R"({"k":"a"})"},
                          "CREATE TABLE changes (k STRING, n BIGINT) WITH ('connector'='memory');"
                          "CREATE TABLE latest (k STRING, n BIGINT) WITH ('connector'='upsert');"
                          "INSERT INTO changes SELECT k, COUNT(*) FROM f GROUP BY k;"
                          "INSERT INTO latest SELECT k, COUNT(*) FROM f GROUP BY k;",
                          "k STRING");
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_EQ(Rows("changes"), (std::vector<std::string>{"+I[a, 1]", "-U[a, 1]", "+U[a, 2]"}));
  EXPECT_EQ(Rows("latest"), (std::vector<std::string>{"+I[a, 1]", "+U[a, 2]"}));
}

TEST_F(PlanTest, AGroupWhoseResultStaysGivesNoChange) {
  struct Case {
    const char* aggregate;
    std::vector<std::string> rows;
  };
  const Case cases[] = {
      {"MIN(v)", {"+I[5]", "-U[5]", "+U[0]"}},
      {"MAX(v)", {"+I[5]", "-U[5]", "+U[6]"}},
      {"SUM(v)", {"+I[5]", "-U[5]", "+U[11]"}},
      {"AVG(v)", {"+I[5]", "-U[5]", "+U[2]", "-U[2]", "+U[3]"}},
      {"COUNT(v)", {"+I[1]", "-U[1]", "+U[2]", "-U[2]", "+U[3]"}},
      {"MAX(d)", {"+I[NaN]"}},
      {"MAX(s)", {"+I[b]"}},
      {"SUM(v) FILTER (WHERE v > 5)", {"+I[NULL]", "-U[NULL]", "+U[6]"}},
  };
  for (const Case& c : cases) {
    feed_->log.clear();
    feed_->order.clear();
    feed_->next = 0;
    tables_["out"].rows.clear();
    const Status done = Run(
        {R"({"v":5,"s":"b","d":"NaN"})", R"({"s":"a","d":"NaN"})", R"({"v":0,"s":"b","d":"1"})", R"({"v":6,"s":"b"})"},
        fmt::format("CREATE TABLE out (x STRING) WITH ('connector'='memory');"
                    "INSERT INTO out SELECT CAST(a AS STRING) FROM (SELECT {} AS a FROM (SELECT v, s, CAST(d AS "
                    "DOUBLE) AS d FROM f));",
                    c.aggregate),
        "v INT, s STRING, d STRING");
    EXPECT_TRUE(done.ok()) << c.aggregate << ": " << done.ToString();
    EXPECT_EQ(Rows("out"), c.rows) << c.aggregate;
  }
}

TEST_F(PlanTest, TrimTakesCharactersFromTheEndsInAnyOrder) {
  const std::pair<const char*, const char*> cases[] = {
      {"TRIM(BOTH 'ab' FROM k)", "+I[ xab é]"},        {"TRIM(LEADING 'ba' FROM k)", "+I[ xab éba]"},
      {"TRIM(TRAILING 'éab' FROM k)", "+I[abb xab ]"}, {"TRIM(BOTH FROM k)", "+I[abb xab éba]"},
      {"TRIM('' FROM k)", "+I[abb xab éba]"},
  };
  for (const auto& [expression, expected] : cases) {
    feed_->log.clear();
    feed_->order.clear();
    feed_->next = 0;
    tables_["out"].rows.clear();
    const Status done = Run({R"({"k":"abb xab éba"})"},
                            fmt::format("CREATE TABLE out (x STRING) WITH ('connector'='memory');"
                                        "INSERT INTO out SELECT {} FROM f;",
                                        expression),
                            "k STRING");
    EXPECT_TRUE(done.ok()) << done.ToString();
    EXPECT_EQ(Rows("out"), (std::vector<std::string>{expected})) << expression;
  }
}

TEST_F(PlanTest, TextThatReadsLikeTwoColumnsIsOne) {
  const Status done = Run({R"({"k":"a"})"},
                          "CREATE TABLE one (x STRING) WITH ('connector'='memory');"
                          "CREATE TABLE two (x STRING, y STRING) WITH ('connector'='memory');"
                          "INSERT INTO two SELECT 'x', 'y' FROM f;"
                          "INSERT INTO one SELECT 'x'':STRING NOT NULL, ''y' FROM f;",
                          "k STRING");
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_EQ(Rows("two"), (std::vector<std::string>{"+I[x, y]"}));
  EXPECT_EQ(Rows("one"), (std::vector<std::string>{"+I[x':STRING NOT NULL, 'y]"}));
}

TEST_F(PlanTest, AFolderOfPartitionsIsNotReadAsIfItHadNone) {
  const Status refused =
      RunJob(fmt::format("SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{0}/cp';"
                         "CREATE TABLE p (id BIGINT, user_id INT) PARTITIONED BY (user_id) WITH "
                         "('connector'='filesystem', 'path'='{0}/in', 'format'='json');"
                         "CREATE TABLE out (id BIGINT) WITH ('connector'='memory');"
                         "INSERT INTO out SELECT id FROM p;",
                         dir_),
             1)
          .status();
  EXPECT_NE(refused.message().find("PARTITIONED BY"), std::string::npos) << refused.ToString();
}

TEST_F(PlanTest, PropertiesThatSemelCannotKeepAreRefusedWhereATableIsCreated) {
  for (const char* option :
       {"'write.format.default' = 'orc'", "'write.upsert.enabled' = 'true'", "'format-version' = '1'"}) {
    const std::string script = fmt::format(
        "CREATE CATALOG lake WITH ('type'='iceberg', 'catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog', "
        "'uri'='jdbc:sqlite:{0}/c.db', 'warehouse'='file://{0}/w'); CREATE TABLE lake.db.t (v INT) WITH ({1});",
        dir_, option);
    const Status refused = sql::PlanScript(script, {&functions_, &connectors_, env_.get(), &formats_, false}).status();
    EXPECT_EQ(refused.code().number, 4004) << refused.ToString();
    EXPECT_EQ(script.substr(refused.span().begin, refused.span().end - refused.span().begin), option);
  }
}

}  // namespace
}  // namespace semel
