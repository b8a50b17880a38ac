// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A STRING is UTF-8 always, whatever it is made of: bytes, names of files, the script.
#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {
namespace {

constexpr const char* kReplaced = "\xef\xbf\xbd";

class TextTest : public EngineTest {
 protected:
  // The expression over one row with `b` BYTES, given in base64.
  Result<std::string> Evaluate(const std::string& base64, const std::string& expression) {
    Feed feed(*env_);
    feed.splits = {"a"};
    feed.Send("a", {fmt::format(R"({{"b":"{}"}})", base64)});
    connectors::Registry own = connectors_;
    connectors_.Add(FeedConnector(feed));
    job::JobOptions options;
    options.until_end = options.fresh = options.append_again = true;
    tables_["out"].rows.clear();
    Result<std::unique_ptr<job::Job>> job =
        MakeJob(fmt::format("SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp';"
                            "CREATE TABLE p (b BYTES) WITH ('connector'='feed', 'format'='json');"
                            "CREATE TABLE out (v STRING) WITH ('connector'='memory');"
                            "INSERT INTO out SELECT {} FROM p;",
                            dir_, expression),
                options);
    Status status = job.ok() ? (*job)->Run([](const std::string&) {}).status() : job.status();
    connectors_ = std::move(own);
    SEMEL_RETURN_IF_ERROR(status);
    return tables_["out"].rows.at(0);
  }
};

TEST_F(TextTest, BytesThatAreNoTextAreReplacedAsInJava) {
  EXPECT_EQ(Evaluate("YcOpeg==", "CAST(b AS STRING)").value(), "+I[aéz]");
  EXPECT_EQ(Evaluate("Yf+A4oJ6", "CAST(b AS STRING)").value(), fmt::format("+I[a{0}{0}{0}z]", kReplaced));
  EXPECT_EQ(Evaluate("Yf+A4oJ6", "TRY_CAST(b AS STRING)").value(), fmt::format("+I[a{0}{0}{0}z]", kReplaced));
  EXPECT_EQ(Evaluate("Yf+A4oJ6", "CAST(CAST(b AS VARCHAR(3)) AS STRING)").value(),
            fmt::format("+I[a{0}{0}]", kReplaced));
  EXPECT_EQ(Evaluate("Yf+A4oJ6", "CAST(CAST(CAST(b AS STRING) AS BYTES) AS STRING)").value(),
            fmt::format("+I[a{0}{0}{0}z]", kReplaced));
}

TEST_F(TextTest, AScriptIsUtf8) {
  const Status status = Evaluate("", "'a\xff'").status();
  EXPECT_EQ(status.code().number, 1001) << status.ToString();
  EXPECT_NE(status.message().find("UTF-8"), std::string::npos) << status.ToString();
}

}  // namespace
}  // namespace semel
