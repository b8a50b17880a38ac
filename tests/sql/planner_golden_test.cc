// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Plans, types and error messages of whole scripts against files; and broken scripts, which must end in an error, never
// in a crash. SEMEL_UPDATE_GOLDEN=1 writes what came out into the files, for review.
#include <gtest/gtest.h>

#include <cstdlib>

#include "functions/registry_all.h"
#include "sql/planner/finalize.h"
#include "sql/planner/script.h"
#include "tests/sql/golden_file.h"

namespace semel::sql {
namespace {

using columnar::DataType;

// Stand-ins with the options that the scripts use: the planner asks a connector nothing else.
connectors::Registry MakeConnectors() {
  connectors::Connector kafka, filesystem, iceberg, print, upsert;
  kafka.name = "kafka";
  kafka.has_source = true;
  kafka.source_options = {{"topic", true, false, "the topic to read"},
                          {"properties.*", false, false, "client properties"},
                          {"scan.startup.mode", false, false, "where to start"},
                          {"scan.parallelism", false, true, "tunes Flink"}};
  kafka.metadata = {{"partition", DataType::Integer(false)},
                    {"offset", DataType::BigInt(false)},
                    {"timestamp", DataType::TimestampLtz(3, false)}};
  filesystem.name = "filesystem";
  filesystem.has_source = true;
  filesystem.source_options = {{"path", true, false, "a file or folder"}};
  iceberg.name = "iceberg";
  iceberg.has_sink = true;
  print.name = "print";
  print.has_sink = true;
  print.accepts_changelog = {"UB", "UA", "D"};
  upsert.name = "upsert";
  upsert.has_sink = true;
  upsert.accepts_changelog = {"UA", "D"};
  connectors::CatalogType catalog;
  catalog.type = "iceberg";
  catalog.connector = "iceberg";
  catalog.options = {{"catalog-impl", false, false, ""},
                     {"uri", true, false, "where the catalog is"},
                     {"warehouse", true, false, ""},
                     {"jdbc.*", false, false, ""},
                     {"cache-enabled", false, true, "tunes Flink"}};
  catalog.check_table_option = [](const std::string& key, const std::string&) {
    return key == "refused"
               ? Status::Invalid(ErrorCode{4004, ExitCode::kConfig, ""}, "'refused' is refused", "leave it out")
               : Status::Ok();
  };
  connectors::Registry registry;
  for (connectors::Connector& connector :
       std::vector<connectors::Connector>{kafka, filesystem, iceberg, print, upsert}) {
    for (const char* option : {"format"})
      if (connector.has_source) connector.source_options.push_back({option, true, false, "the format of a record"});
    registry.Add(connector);
  }
  registry.Add(catalog);
  return registry;
}

class GoldenTest : public testing::TestWithParam<const char*> {
 protected:
  GoldenTest() : connectors_(MakeConnectors()) {
    functions::RegisterAll(functions_);
    formats::Format json;
    json.name = "json";
    json.known_options = {"ignore-parse-errors", "fail-on-missing-field"};
    formats_.Add(json);
  }
  Result<PlannedScript> Plan(const std::string& script) const {
    return PlanScript(script, {&functions_, &connectors_, nullptr, &formats_, true});
  }
  std::string Run(const GoldenCase& c, const std::string& script) const {
    const Result<PlannedScript> planned = Plan(script);
    if (!planned.ok()) return RenderError(planned.status(), script, "f.sql");
    if (c.kind == "output") return planned->output;
    std::string text = ExplainText(planned->plan.sinks, true);
    for (const std::string& notice : planned->notices) text += "notice: " + notice + "\n";
    return text;
  }
  functions::Registry functions_;
  connectors::Registry connectors_;
  formats::Registry formats_;
};

TEST_P(GoldenTest, EveryCaseGivesWhatItsFileSays) {
  const std::string path = fmt::format("tests/sql/{}.test", GetParam());
  GoldenFile file = ReadGolden(path);
  ASSERT_FALSE(file.cases.empty()) << path;
  const bool update = std::getenv("SEMEL_UPDATE_GOLDEN") != nullptr;
  for (GoldenCase& c : file.cases) {
    const std::string found = Run(c, c.kind == "error" ? c.script : file.prelude + c.script);
    EXPECT_EQ(found.rfind("error[", 0) == 0, c.kind == "error") << c.name << "\n" << found;
    if (update) {
      c.expected = found;
    } else {
      EXPECT_EQ(found, c.expected) << path << ": " << c.name;
    }
  }
  if (update) WriteGolden(path, file);
}

// Byte noise, cut scripts, and words removed, doubled and swapped, which reach further than noise.
TEST_P(GoldenTest, BrokenScriptsEndInErrorsThatHaveAPlace) {
  const GoldenFile file = ReadGolden(fmt::format("tests/sql/{}.test", GetParam()));
  uint64_t state = 11;
  const auto random = [&state](size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % bound);
  };
  int failed = 0;
  for (const GoldenCase& c : file.cases) {
    const std::string script = c.kind == "error" ? c.script : file.prelude + c.script;
    std::vector<std::string> words;
    std::istringstream stream(script);
    for (std::string word; stream >> word;) words.push_back(word);
    for (int round = 0; round < 60; ++round) {
      std::string broken = script;
      if (round % 3 == 0) {
        for (int k = 0; k < 3; ++k) broken[random(broken.size())] = "()'`,;<>=*.-+ 0aZ\xc3"[random(18)];
      } else if (round % 3 == 1) {
        broken.resize(random(broken.size()));
      } else {
        std::vector<std::string> changed = words;
        for (int k = 0; k < 2; ++k) {
          const size_t at = random(changed.size());
          if (random(2) == 0) {
            changed[at] = changed[random(changed.size())];
          } else {
            changed.erase(changed.begin() + static_cast<ptrdiff_t>(at));
          }
        }
        broken.clear();
        for (const std::string& word : changed) broken += word + " ";
      }
      const Result<PlannedScript> planned = Plan(broken);
      if (planned.ok()) continue;
      ++failed;
      EXPECT_FALSE(planned.status().hint().empty()) << planned.status().ToString() << "\n" << broken;
      EXPECT_NE(planned.status().kind(), StatusKind::kInternal) << planned.status().ToString() << "\n" << broken;
      EXPECT_LE(planned.status().span().end, broken.size() + 1);
      EXPECT_FALSE(RenderError(planned.status(), broken, "f.sql").empty());
    }
  }
  EXPECT_GT(failed, 100);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest,
                         testing::Values("plans", "types", "errors", "differences", "names", "ddl", "surface"),
                         [](const auto& info) { return std::string(info.param); });

class DepthTest : public GoldenTest {};

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_F(DepthTest, LongAndDeepScriptsAreAnsweredNotOverflown) {
  const std::string prelude = ReadGolden("tests/sql/plans.test").prelude;
  // Thousands of terms are fine where they stand side by side.
  EXPECT_TRUE(Plan(prelude + "INSERT INTO changes SELECT user_id, amount FROM purchases WHERE user_id = 0" +
                   Repeat(" OR user_id = 1", 20000) + ";")
                  .ok());
  const std::string chain =
      prelude + "INSERT INTO changes SELECT user_id" + Repeat(" + 1", 20000) + ", amount FROM purchases;";
  EXPECT_FALSE(Plan(chain).ok());
  EXPECT_FALSE(
      Plan(prelude + "INSERT INTO changes SELECT user_id" + Repeat(" IS NULL", 20000) + ", amount FROM purchases;")
          .ok());
  const std::string nested = Repeat("SELECT user_id + user_id AS user_id, amount FROM (", 60) +
                             "SELECT user_id, amount FROM purchases" + Repeat(")", 60);
  EXPECT_TRUE(Plan(prelude + "INSERT INTO changes " + nested + ";").ok()) << "doubling sixty times stays small";
  std::string views = prelude + "CREATE VIEW v0 AS SELECT user_id, amount FROM purchases;";
  for (int i = 1; i <= 60; ++i)
    views += fmt::format("CREATE VIEW v{} AS SELECT * FROM v{} UNION ALL SELECT * FROM v{};", i, i - 1, i - 1);
  EXPECT_TRUE(Plan(views).ok());
  EXPECT_FALSE(Plan("INSERT INTO t SELECT * FROM " + Repeat("(", 50000)).ok());
  EXPECT_FALSE(Plan("CREATE TABLE t (a " + Repeat("ROW<a ", 50000)).ok());
}

}  // namespace
}  // namespace semel::sql
