// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Where Semel differs from Flink on purpose, as far as values show it (docs/differences.md).
#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {
namespace {

class DifferencesTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    feed_ = std::make_unique<Feed>(*env_);
    feed_->splits = {"a"};
    feed_->Send("a",
                {R"({"n":10,"big":99999999999999999999999999999999999999,"s":"aÄ","ts":"1969-12-31 13:00:00.500"})"});
    connectors_.Add(FeedConnector(*feed_));
  }

  // The expression's text over that row.
  Result<std::string> Evaluate(const std::string& expression) {
    job::JobOptions options;
    options.until_end = options.fresh = options.append_again = true;
    feed_->next = 0;
    tables_["out"].rows.clear();
    SEMEL_ASSIGN_OR_RETURN(
        std::unique_ptr<job::Job> job,
        MakeJob(fmt::format("SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp';"
                            "CREATE TABLE p (n INT, big DECIMAL(38,0), s STRING, ts TIMESTAMP(3)) WITH "
                            "('connector'='feed', 'format'='json');"
                            "CREATE TABLE out (v STRING) WITH ('connector'='memory');"
                            "INSERT INTO out SELECT CAST({} AS STRING) FROM p;",
                            dir_, expression),
                options));
    SEMEL_RETURN_IF_ERROR(job->Run([](const std::string&) {}).status());
    return tables_["out"].rows.at(0);
  }

  void Fails(const std::string& expression, int code) {
    const Status status = Evaluate(expression).status();
    EXPECT_EQ(status.code().number, code) << expression << ": " << status.ToString();
    EXPECT_EQ(status.code().exit, ExitCode::kData) << expression;
  }

  std::unique_ptr<Feed> feed_;
};

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
