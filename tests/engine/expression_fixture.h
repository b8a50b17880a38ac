// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// An expression's value as a job computes it, or the error that the job ends with.
#pragma once

#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {

// Tests of single expressions over one row: n = 10, big = 38 nines, s = 'aÄ', ts = 1969-12-31 13:00:00.500.
class ExpressionTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    feed_ = std::make_unique<Feed>(*env_);
    feed_->splits = {"a"};
    feed_->Send("a",
                {R"({"n":10,"big":99999999999999999999999999999999999999,"s":"aÄ","ts":"1969-12-31 13:00:00.500"})"});
    connectors_.Add(FeedConnector(*feed_));
  }

  // The first row of a query over `p` that gives one STRING.
  Result<std::string> Select(const std::string& query) {
    job::JobOptions options;
    options.until_end = options.fresh = options.append_again = true;
    feed_->next = 0;
    tables_["out"].rows.clear();
    SEMEL_ASSIGN_OR_RETURN(
        std::unique_ptr<job::Job> job,
        MakeJob(fmt::format("SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp';"
                            "CREATE TABLE p (n INT, big DECIMAL(38,0), s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS "
                            "ts) WITH ('connector'='feed', 'format'='json');"
                            "CREATE TABLE out (v STRING) WITH ('connector'='memory');"
                            "INSERT INTO out {};",
                            dir_, query),
                options));
    SEMEL_RETURN_IF_ERROR(job->Run([](const std::string&) {}).status());
    return tables_["out"].rows.at(0);
  }

  // The expression's text over that row.
  Result<std::string> Evaluate(const std::string& expression) {
    return Select(fmt::format("SELECT CAST({} AS STRING) FROM p", expression));
  }

  // Each expression has the value beside it. One job computes all of them.
  void Gives(const std::vector<std::pair<std::string, std::string>>& cases) {
    std::string row = "ROW(", expected = "+I[(";
    for (size_t i = 0; i < cases.size(); ++i) {
      row += fmt::format("{}CAST({} AS STRING)", i > 0 ? ", " : "", cases[i].first);
      expected += (i > 0 ? ", " : "") + cases[i].second;
    }
    const Result<std::string> got = Evaluate(row + ")");
    EXPECT_EQ(got.ok() ? *got : got.status().ToString(), expected + ")]") << row;
  }

  void Fails(const std::string& expression, int code) {
    const Status status = Evaluate(expression).status();
    EXPECT_EQ(status.code().number, code) << expression << ": " << status.ToString();
    EXPECT_EQ(status.code().exit, ExitCode::kData) << expression;
  }

  std::unique_ptr<Feed> feed_;
};

}  // namespace semel
