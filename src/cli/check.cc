// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel check and semel explain: what a script means, before anything runs.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/printable.h"
#include "cli/command.h"
#include "cli/json_text.h"
#include "cli/reach.h"
#include "sql/planner/finalize.h"

namespace semel::cli {

namespace {

struct CheckOptions {
  std::string file;
  bool offline = false;
  bool changelog = false;
};

// Everything that would end a run at once; what would end it only because of its past is a warning.
Status CheckOnline(CommandContext& context, env::Env& env, const PreparedScript& script,
                   std::vector<std::string>& warnings) {
  SEMEL_RETURN_IF_ERROR(CheckWritable(script));
  job::Job job(env, context.registries().ForJob(), script.plan, script.settings, {});
  SEMEL_RETURN_IF_ERROR(job.CheckReachable());
  if (const Status past = job.CheckAgainstState(); !past.ok())
    warnings.push_back(fmt::format("`semel run` will refuse this: {} ({})", past.message(), past.hint()));
  return Status::Ok();
}

void Check(CommandContext& context, const CheckOptions& options) {
  Result<env::Env*> env = context.MakeEnv();
  if (!env.ok()) return context.Fail(env.status());
  std::optional<PreparedScript> script = PrepareScript(context, **env, options.file, {options.offline, true});
  if (!script) return;
  std::vector<std::string> warnings;
  if (!options.offline) {
    const Status status = CheckOnline(context, **env, *script, warnings);
    if (!status.ok()) return context.Fail(status, script->text, options.file);
  }
  const std::string folder = StateFolder(*script);
  const size_t sinks = script->plan.sinks.size();
  if (context.json()) {
    std::printf("%s\n", JsonObject()
                            .Bool("ok", true)
                            .Text("pipeline", script->settings.pipeline_name)
                            .Number("sinks", sinks)
                            .Text("folder", folder)
                            .Raw("notices", JsonTexts(script->notices))
                            .Raw("warnings", JsonTexts(warnings))
                            .ToString()
                            .c_str());
    return;
  }
  for (const std::string& notice : script->notices) std::fprintf(stderr, "notice: %s\n", Printable(notice).c_str());
  for (const std::string& warning : warnings) std::fprintf(stderr, "warning: %s\n", Printable(warning).c_str());
  std::printf("ok: pipeline '%s' with %zu sink%s, state in %s%s\n", script->settings.pipeline_name.c_str(), sinks,
              sinks == 1 ? "" : "s", folder.c_str(),
              options.offline ? " (nothing was reached: --offline)" : ", everything answers");
}

void Explain(CommandContext& context, const CheckOptions& options) {
  Result<env::Env*> env = context.MakeEnv();
  if (!env.ok()) return context.Fail(env.status());
  std::optional<PreparedScript> script = PrepareScript(context, **env, options.file, {options.offline, true});
  if (!script) return;
  const std::string text =
      context.json() ? sql::ExplainJson(script->plan.sinks) : sql::ExplainText(script->plan.sinks, options.changelog);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void AddCheckCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      app.add_subcommand("check", "syntax, types, options and plan, then whether everything answers; writes nothing");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--offline", options->offline, "reach nothing");
  AddFormat(*command, context);
  command->callback([&context, options] { Check(context, *options); });
}

void AddExplainCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("explain", "the physical plan of a script");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--offline", options->offline, "open no catalog");
  command->add_flag("--changelog", options->changelog, "with the kinds of row of each node");
  AddFormat(*command, context);
  command->callback([&context, options] { Explain(context, *options); });
}

}  // namespace semel::cli
