// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel check and semel explain: what a script means, before anything runs.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.h"
#include "sql/planner/finalize.h"

namespace semel::cli {

namespace {

struct CheckOptions {
  std::string file;
  bool offline = false;
  bool changelog = false;
  std::string format = "text";
};

void Check(CommandContext& context, const CheckOptions& options) {
  const bool json = options.format == "json";
  Result<env::Env*> env = context.MakeEnv();
  if (!env.ok()) return context.Fail(env.status(), {}, {}, json);
  std::optional<PreparedScript> script = PrepareScript(context, **env, options.file, options.offline, json);
  if (!script) return;
  for (const std::string& notice : script->notices) std::fprintf(stderr, "notice: %s\n", notice.c_str());
  if (!options.offline) {
    job::Job job(**env, context.registries().ForJob(), script->plan, script->settings, {});
    if (const Status status = job.CheckReachable(); !status.ok())
      return context.Fail(status, script->text, options.file, json);
  }
  if (json) {
    std::printf("{\"ok\": true, \"pipeline\": \"%s\", \"sinks\": %zu}\n", script->settings.pipeline_name.c_str(),
                script->plan.sinks.size());
  } else {
    std::printf("ok: pipeline '%s' with %zu sink%s%s\n", script->settings.pipeline_name.c_str(),
                script->plan.sinks.size(), script->plan.sinks.size() == 1 ? "" : "s",
                options.offline ? " (nothing was reached: --offline)" : ", everything answers");
  }
}

void Explain(CommandContext& context, const CheckOptions& options) {
  Result<env::Env*> env = context.MakeEnv();
  if (!env.ok()) return context.Fail(env.status());
  std::optional<PreparedScript> script =
      PrepareScript(context, **env, options.file, options.offline, options.format == "json");
  if (!script) return;
  const std::string text = options.format == "json" ? sql::ExplainJson(script->plan.sinks)
                                                    : sql::ExplainText(script->plan.sinks, options.changelog);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void AddCheckCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      app.add_subcommand("check", "syntax, types, options and plan, then whether everything answers; writes nothing");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--offline", options->offline, "reach nothing");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->callback([&context, options] { Check(context, *options); });
}

void AddExplainCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("explain", "the physical plan of a script");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--offline", options->offline, "open no catalog");
  command->add_flag("--changelog", options->changelog, "with the kinds of row of each node");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->callback([&context, options] { Explain(context, *options); });
}

}  // namespace semel::cli
