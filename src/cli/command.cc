// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "checkpoint/api/error_codes.h"
#include "connectors/registry_all.h"
#include "env/posix/error_codes.h"
#include "env/posix/posix_env.h"
#include "env/process/machine.h"
#include "formats/registry_all.h"
#include "functions/registry_all.h"
#include "operators/registry_all.h"
#include "sql/planner/script.h"

namespace semel::cli {

Result<env::Env*> CommandContext::MakeEnv(const std::vector<std::string>& injections, bool verbose) {
  if (!env_) {
    env::PosixOptions options;
    options.log_level = verbose ? env::LogLevel::kDebug : env::LogLevel::kInfo;
    options.injections = injections;
    const char* testing = std::getenv("SEMEL_TESTING");
    options.testing = testing != nullptr && std::string(testing) == "1";
    SEMEL_ASSIGN_OR_RETURN(env_, env::MakePosixEnv(options));
  }
  return env_.get();
}

const Registries& CommandContext::registries() {
  if (!registries_) {
    registries_ = std::make_unique<Registries>();
    functions::RegisterAll(registries_->functions);
    formats::RegisterAll(registries_->formats);
    connectors::RegisterAll(registries_->connectors);
    operators::RegisterAll(registries_->operators);
  }
  return *registries_;
}

void CommandContext::Fail(const Status& status, const std::string& script, const std::string& file) {
  const std::string text = json() ? sql::RenderErrorJson(status, script, file) : sql::RenderError(status, script, file);
  std::fputs(text.c_str(), stderr);
  exit_code = static_cast<int>(status.code().exit);
  if (exit_code == 0) exit_code = static_cast<int>(ExitCode::kInternal);
}

Result<std::string> ReadScript(env::Env& env, const std::string& path) {
  if (env::IsFolder(path))
    return Status::NotFound(env::kNoSuchFile, fmt::format("'{}' is a folder, not a script", path),
                            "name the file in it");
  if (env::CanRead(path) == env::Reach::kDenied)
    return Status::Invalid(env::kPermissionDenied, fmt::format("the script '{}' cannot be read", path),
                           "give this user the right to read it");
  Result<std::unique_ptr<env::File>> file = env.files().OpenRead(path);
  if (file.status().is(StatusKind::kNotFound))
    return Status::NotFound(env::kNoSuchFile, fmt::format("there is no script '{}'", path), "check the path");
  if (!file.ok()) return file.status();
  std::string text;  // to the end: a pipe such as /dev/stdin tells no size
  while (true) {
    SEMEL_ASSIGN_OR_RETURN(std::string more, (*file)->ReadAt(text.size(), 1 << 16));
    if (more.empty()) return text;
    text += more;
  }
}

std::optional<PreparedScript> PrepareScript(CommandContext& context, env::Env& env, const std::string& file,
                                            const PrepareOptions& options) {
  PreparedScript prepared;
  prepared.file = file;
  const auto fail = [&](const Status& status) {
    context.Fail(status, prepared.text, file);
    return std::nullopt;
  };
  Result<std::string> text = ReadScript(env, file);
  if (!text.ok()) return fail(text.status());
  prepared.text = *text;
  const Registries& registries = context.registries();
  Result<sql::PlannedScript> planned = sql::PlanScript(
      prepared.text, {&registries.functions, &registries.connectors, &env, &registries.formats, options.offline});
  if (!planned.ok()) return fail(planned.status());
  bool writes_iceberg = false;
  for (const plan::PhysicalPtr& sink : planned->plan.sinks)
    writes_iceberg = writes_iceberg || std::get<plan::SinkSpec>(sink->spec).table->connector == "iceberg";
  Result<job::JobSettings> settings =
      job::ReadSettings(planned->plan.settings, writes_iceberg, planned->plan.setting_places);
  if (!settings.ok()) return fail(settings.status());
  if (options.needs_insert && planned->plan.sinks.empty()) {
    if (!context.json()) std::fputs(planned->output.c_str(), stdout);  // of EXPLAIN and the like
    return fail(job::NothingToRun());
  }
  prepared.plan = std::move(planned->plan);
  prepared.settings = std::move(settings).value();
  prepared.notices = planned->notices;
  prepared.notices.insert(prepared.notices.end(), prepared.settings.notices.begin(), prepared.settings.notices.end());
  prepared.output = planned->output;
  return prepared;
}

std::string StateFolder(const PreparedScript& script) { return env::AbsolutePath(job::StoreFolder(script.settings)); }

Status RequireState(const PreparedScript& script) {
  const std::string folder = StateFolder(script);
  if (env::IsFolder(folder + "/generations")) return Status::Ok();
  return Status::NotFound(checkpoint::kNoCheckpoint,
                          fmt::format("there is no checkpoint of '{}' in {}", script.settings.pipeline_name, folder),
                          "it has not run yet, or it ran from another folder: go there, or SET "
                          "'execution.checkpointing.dir' to an absolute "
                          "path");
}

void AddFormat(CLI::App& command, CommandContext& context) {
  command.add_option("--format", context.format, "text or json")->check(CLI::IsMember({"text", "json"}));
}

}  // namespace semel::cli
