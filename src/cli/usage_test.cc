// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/usage.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace semel::cli {
namespace {

using Words = std::vector<std::string>;

// What is said of a command line; "" if it is right.
std::string Said(Words words) {
  CLI::App app;
  app.name("semel");
  app.require_subcommand(1);
  std::string script;
  bool fresh = false, again = false;
  int workers = 0;
  CLI::App* run = app.add_subcommand("run");
  run->add_option("script", script)->required();
  run->add_flag("--append-again", again)->needs(run->add_flag("--fresh", fresh));
  run->add_option("--workers", workers)->check(CLI::Range(1, 8));
  CLI::App* checkpoint = app.add_subcommand("checkpoint");
  checkpoint->require_subcommand(1);
  checkpoint->add_subcommand("list")->add_option("script", script)->required();
  words = NormalWords(std::move(words));
  std::reverse(words.begin(), words.end());
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    const Status status = UsageError(app, error);
    EXPECT_EQ(static_cast<int>(status.code().exit), 64);
    EXPECT_FALSE(status.hint().empty());
    return status.message() + " | " + status.hint();
  }
  return "";
}

TEST(UsageTest, SaysWhatWasNotUnderstoodAndTheNearestName) {
  EXPECT_EQ(Said({"run", "x.sql"}), "");
  EXPECT_EQ(Said({}), "`semel` needs a command | one of run, checkpoint; `semel --help` says what each does");
  EXPECT_EQ(Said({"frobnicate"}).find("there is no command 'semel frobnicate' | there are run, checkpoint"), 0u);
  EXPECT_EQ(Said({"checkpiont", "list"}), "there is no command 'semel checkpiont' | did you mean `semel checkpoint`?");
  EXPECT_EQ(Said({"checkpoint", "lst", "x"}),
            "there is no command 'semel checkpoint lst' | did you mean `semel checkpoint list`?");
  EXPECT_EQ(Said({"checkpoint"}).find("`semel checkpoint` needs a command | one of list;"), 0u);
  EXPECT_EQ(Said({"run"}), "the script is missing | name it: `semel run pipeline.sql`");
  EXPECT_EQ(Said({"run", "--frsh", "x"}), "`semel run` has no option '--frsh' | did you mean '--fresh'?");
  EXPECT_EQ(Said({"run", "x", "y"}).find("`semel run` does not know what to do with 'y'"), 0u);
  EXPECT_NE(Said({"run", "x", "--append-again"}).find("--fresh"), std::string::npos);
  EXPECT_NE(Said({"run", "x", "--workers", "99"}).find("99"), std::string::npos);
}

TEST(UsageTest, HelpAndVersionAreWordsToo) {
  EXPECT_EQ(NormalWords({"help", "run"}), (Words{"run", "--help"}));
  EXPECT_EQ(NormalWords({"help"}), (Words{"--help"}));
  EXPECT_EQ(NormalWords({"--version", "--format", "json"}), (Words{"version", "--format", "json"}));
  EXPECT_TRUE(AsksForJson({"check", "--format", "json"}));
  EXPECT_TRUE(AsksForJson({"check", "--format=json"}));
  EXPECT_FALSE(AsksForJson({"check", "json", "--format"}));
}

}  // namespace
}  // namespace semel::cli
