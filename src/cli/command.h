// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the subcommands of `semel` share: the world, the registries of plug-ins, and how an error reaches the user.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/api/registry.h"
#include "env/api/env.h"
#include "formats/api/registry.h"
#include "functions/api/registry.h"
#include "job/job.h"
#include "operators/api/registry.h"

namespace CLI {
class App;
}

namespace semel::cli {

// Everything that is known to the engine; filled once, then read-only.
struct Registries {
  functions::Registry functions;
  formats::Registry formats;
  connectors::Registry connectors;
  operators::Registry operators;
  job::JobRegistries ForJob() const { return {&functions, &formats, &connectors, &operators}; }
};

// Made by main, lives as long as the process. A subcommand sets `exit_code`.
class CommandContext {
 public:
  // Makes the world on first use. `injections` as in --inject, allowed only with SEMEL_TESTING=1 in the environment.
  Result<env::Env*> MakeEnv(const std::vector<std::string>& injections = {}, bool verbose = false);
  const Registries& registries();

  int exit_code = 0;
  std::string format = "text";  // --format
  bool json() const { return format == "json"; }

  // Prints the error, in the format asked for, and sets the exit code that belongs to it. `script` and `file` give
  // errors their line.
  void Fail(const Status& status, const std::string& script = {}, const std::string& file = {});

 private:
  std::unique_ptr<env::Env> env_;
  std::unique_ptr<Registries> registries_;
};

// A script that was read, planned and whose settings were understood. Prints the error and sets the exit code on
// failure.
struct PreparedScript {
  std::string file;
  std::string text;
  plan::PhysicalPlan plan;
  job::JobSettings settings;
  std::vector<std::string> notices;
  std::string output;  // of EXPLAIN, DESCRIBE, SHOW in the script
};
struct PrepareOptions {
  bool offline = false;      // catalogs are not opened
  bool needs_insert = true;  // a script without INSERT is an error
};
std::optional<PreparedScript> PrepareScript(CommandContext& context, env::Env& env, const std::string& file,
                                            const PrepareOptions& options);

// The pipeline's folder in its checkpoint store, from the root.
std::string StateFolder(const PreparedScript& script);
// kNotFound (exit 66), naming the folder, if this pipeline has no state there.
Status RequireState(const PreparedScript& script);

// The text of a script file; kNotFound (exit 66) names the file.
Result<std::string> ReadScript(env::Env& env, const std::string& path);

// Parses the command line and runs the subcommand; returns the exit code.
int Main(int argc, char** argv);

// One function per subcommand file: adds its options and its callback.
void AddRunCommand(CLI::App& app, CommandContext& context);
void AddCheckCommand(CLI::App& app, CommandContext& context);
void AddExplainCommand(CLI::App& app, CommandContext& context);
void AddCheckpointCommand(CLI::App& app, CommandContext& context);
void AddVerifyCommand(CLI::App& app, CommandContext& context);
void AddDemoCommand(CLI::App& app, CommandContext& context);

void AddVersionCommand(CLI::App& app, CommandContext& context);

// --format text|json of a command.
void AddFormat(CLI::App& command, CommandContext& context);

}  // namespace semel::cli
