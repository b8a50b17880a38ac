// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A pipeline that stopped at a record goes on from its checkpoint once the script says that such records are dropped:
// what is refused is not part of a script's fingerprint, what a record means is.
#include "checkpoint/api/error_codes.h"
#include "json/json_decoder.h"
#include "tests/engine/engine_fixture.h"

namespace semel {
namespace {

class ToleranceTest : public EngineTest {
 protected:
  static constexpr const char* kCopy = "INSERT INTO running SELECT id, user_id, amount FROM p;";
  // The script with further options of the table, and settings in front.
  std::string With(const std::string& options, const std::string& settings = {}) {
    std::string script = Script(kCopy, true);
    const std::string format = "'format'='json'";
    script.insert(script.find(format) + format.size(), options);
    return settings + script;
  }
  void Append(const std::string& lines) {
    ASSERT_TRUE(env_->files().OpenAppend(dir_ + "/in/1.json").value()->Append(lines).ok());
  }
  std::string Fingerprint(const std::string& script) {
    const sql::ScriptContext context{&functions_, &connectors_, env_.get(), &formats_, false};
    return sql::PlanScript(script, context).value().plan.fingerprint;
  }
};

TEST_F(ToleranceTest, APoisonRecordIsLetThroughByTheHintsOptionAndNothingIsLostOrDoubled) {
  ASSERT_EQ(RunUntilRead(With(""), 2, 6000).value(), job::JobEnd::kStopped);
  Append(
      "{\"id\":9001,\"user_id\":1,\"amount\":1,\"ts\":\"2026-01-01 00:00:00\"}\n{\"id\":x}\n"
      "{\"id\":9002,\"user_id\":1,\"amount\":2,\"ts\":\"2026-01-01 00:00:01\"}\n");
  const Status stopped = RunJob(With(""), 2, Micros(0), true).status();
  ASSERT_EQ(stopped.code(), json::kBrokenDocument) << stopped.ToString();
  ASSERT_NE(stopped.hint().find("'json.ignore-parse-errors' = 'true'"), std::string::npos) << stopped.hint();
  const Result<job::JobEnd> end = RunJob(With(", 'json.ignore-parse-errors'='true'"), 2, Micros(0), true);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("running").size(), 6002u);
  EXPECT_EQ(RowsOf("running").count("+I[9001, 1, 1.00]"), 1u);
  EXPECT_EQ(RowsOf("running").count("+I[9002, 1, 2.00]"), 1u) << "what follows the broken record";
}

TEST_F(ToleranceTest, AnOptionWithoutEffectIsSaidAndACatalogsOptionStandsAtItsPlace) {
  const sql::ScriptContext context{&functions_, &connectors_, env_.get(), &formats_, false};
  const std::vector<std::string> notices =
      sql::PlanScript(With(", 'json.encode.ignore-null-fields'='true'"), context).value().notices;
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0], "option 'json.encode.ignore-null-fields' of p has no effect in Semel");
  const std::string catalog =
      "CREATE CATALOG lake WITH ('type'='iceberg', 'catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog', "
      "'uri'='jdbc:postgresql:x', 'warehouse'='file:///w');";
  const Status refused = sql::PlanScript(catalog, context).status();
  EXPECT_EQ(refused.code().number, 4005) << refused.ToString();
  EXPECT_EQ(refused.span().begin, catalog.find("'uri'"));
  EXPECT_NE(refused.hint().find("jdbc:sqlite:"), std::string::npos);
}

TEST_F(ToleranceTest, WhatIsRefusedMayChangeAndWhatARecordMeansMayNot) {
  const std::string before = Fingerprint(With(""));
  EXPECT_EQ(Fingerprint(With(", 'json.ignore-parse-errors'='true'")), before);
  EXPECT_EQ(Fingerprint(With(", 'json.fail-on-missing-field'='true'")), before);
  EXPECT_EQ(Fingerprint(With("", "SET 'semel.late' = 'fail';")), before);
  EXPECT_NE(Fingerprint(With(", 'json.timestamp-format.standard'='ISO-8601'")), before);
  ASSERT_EQ(RunUntilRead(With(""), 1, 6000).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RunJob(With(", 'json.timestamp-format.standard'='ISO-8601'"), 1, Micros(1)).status().code(),
            checkpoint::kChangedScript);
  EXPECT_TRUE(RunJob(With(", 'json.fail-on-missing-field'='true'", "SET 'semel.late' = 'fail';"), 1, Micros(1)).ok());
}

}  // namespace
}  // namespace semel
