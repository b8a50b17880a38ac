// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The command line as a whole. Each subcommand has its own file.
#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace semel::cli {

int Main(int argc, char** argv) {
  CLI::App app{"Semel runs Flink SQL pipelines, each record's effect exactly once, whatever crashes."};
  app.name("semel");
  app.set_version_flag("--version,-V", VersionText());
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  CommandContext context;
  AddRunCommand(app, context);
  AddCheckCommand(app, context);
  AddExplainCommand(app, context);
  AddCheckpointCommand(app, context);
  AddVerifyCommand(app, context);
  AddDemoCommand(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return context.exit_code;
}

}  // namespace semel::cli
