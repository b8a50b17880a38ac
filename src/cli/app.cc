// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The command line as a whole. Each subcommand has its own file.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "cli/usage.h"
#include "env/posix/error_codes.h"
#include "env/process/machine.h"

namespace semel::cli {

namespace {

// A result that did not arrive is no result: a full disk or a closed pipe behind standard output is an error.
void FinishOutput(CommandContext& context) {
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || context.exit_code != 0) return;
  context.Fail(
      Status::Transient(env::kStandardOutput, "cannot write to standard output", "what it leads to is full or closed"));
}

}  // namespace

int Main(int argc, char** argv) {
  env::IgnoreBrokenPipes();
  CLI::App app{"Semel runs Flink SQL pipelines, each record's effect exactly once, whatever crashes."};
  app.name("semel");
  app.set_version_flag("--version,-V", "");  // for the help; NormalWords makes it a command
  app.require_subcommand(1);
  CommandContext context;
  AddRunCommand(app, context);
  AddCheckCommand(app, context);
  AddExplainCommand(app, context);
  AddCheckpointCommand(app, context);
  AddVerifyCommand(app, context);
  AddDemoCommand(app, context);
  AddVersionCommand(app, context);
  std::vector<std::string> words = NormalWords({argv + 1, argv + argc});
  if (AsksForJson(words)) context.format = "json";
  std::reverse(words.begin(), words.end());  // as the parser wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // help
    } else {
      context.Fail(UsageError(app, error));
    }
  }
  FinishOutput(context);
  return context.exit_code;
}

}  // namespace semel::cli
