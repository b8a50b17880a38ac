// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/command.h"

#include <cstdio>
#include <cstdlib>

#include "connectors/registry_all.h"
#include "env/posix/error_codes.h"
#include "env/posix/posix_env.h"
#include "formats/registry_all.h"
#include "functions/registry_all.h"
#include "json/json_decoder.h"
#include "operators/registry_all.h"
#include "parquet/parquet_file.h"
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

void CommandContext::Fail(const Status& status, const std::string& script, const std::string& file, bool json) {
  const std::string text = json ? sql::RenderErrorJson(status, script, file) : sql::RenderError(status, script, file);
  std::fputs(text.c_str(), stderr);
  exit_code = static_cast<int>(status.code().exit);
  if (exit_code == 0) exit_code = static_cast<int>(ExitCode::kInternal);
}

Result<std::string> ReadScript(env::Env& env, const std::string& path) {
  Result<std::unique_ptr<env::File>> file = env.files().OpenRead(path);
  if (file.status().is(StatusKind::kNotFound))
    return Status::NotFound(env::kNoSuchFile, fmt::format("there is no script '{}'", path), "check the path");
  if (!file.ok()) return file.status();
  SEMEL_ASSIGN_OR_RETURN(uint64_t size, (*file)->Size());
  return (*file)->ReadAt(0, size);
}

std::optional<PreparedScript> PrepareScript(CommandContext& context, env::Env& env, const std::string& file,
                                            bool offline, bool json) {
  PreparedScript prepared;
  prepared.file = file;
  Result<std::string> text = ReadScript(env, file);
  if (!text.ok()) {
    context.Fail(text.status(), {}, file, json);
    return std::nullopt;
  }
  prepared.text = *text;
  const Registries& registries = context.registries();
  Result<sql::PlannedScript> planned = sql::PlanScript(
      prepared.text, {&registries.functions, &registries.connectors, &env, &registries.formats, offline});
  if (!planned.ok()) {
    context.Fail(planned.status(), prepared.text, file, json);
    return std::nullopt;
  }
  bool writes_iceberg = false;
  for (const plan::PhysicalPtr& sink : planned->plan.sinks)
    writes_iceberg = writes_iceberg || std::get<plan::SinkSpec>(sink->spec).table->connector == "iceberg";
  Result<job::JobSettings> settings =
      job::ReadSettings(planned->plan.settings, writes_iceberg, planned->plan.setting_places);
  if (!settings.ok()) {
    context.Fail(settings.status(), prepared.text, file, json);
    return std::nullopt;
  }
  prepared.plan = std::move(planned->plan);
  prepared.settings = std::move(settings).value();
  prepared.notices = planned->notices;
  prepared.notices.insert(prepared.notices.end(), prepared.settings.notices.begin(), prepared.settings.notices.end());
  prepared.output = planned->output;
  return prepared;
}

std::string VersionText() {
  std::string text = "semel 0.1.0\n" + parquet::ArrowVersion() + "\n" + json::SimdjsonVersion() + "\n";
  for (const std::string& library : env::PosixLibraryVersions()) text += library + "\n";
  text.pop_back();
  return text;
}

}  // namespace semel::cli
