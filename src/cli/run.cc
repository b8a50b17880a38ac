// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel run: a pipeline until it ends, is stopped, is superseded, or fails.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/status_line.h"
#include "env/process/child_process.h"

namespace semel::cli {

namespace {

constexpr int kMostWorkers = 128;  // one per key group

struct RunOptions {
  std::string file;
  bool until_end = false;
  bool fresh = false;
  bool append_again = false;
  bool quiet = false;
  int workers = 0;
  std::string format = "text";
  std::vector<std::string> injections;
};

// Shows the status and hands over stop signals until `done`.
void Watch(env::Env& env, job::Job& job, const bool show, const std::function<bool()>& done) {
  job::Job::JobStatus before;
  SteadyTime last = env.Steady();
  int signals = 0;
  while (!done()) {
    env.SleepFor(Micros(50'000));
    const int now_signals = env::StopSignals();
    if (now_signals >= 2) env::ExitNow(static_cast<int>(ExitCode::kTryAgain));  // as safe as kill -9
    if (now_signals > signals) {
      signals = now_signals;
      std::fputs("stopping: a last checkpoint is taken (once more to stop at once)\n", stderr);
      job.RequestStop();
    }
    const double seconds = static_cast<double>((env.Steady() - last).count()) / 1e6;
    if (!show || seconds < 1) continue;
    const job::Job::JobStatus now = job.status();
    if (now.running) std::fprintf(stderr, "\r\033[K%s", StatusLine(now, before, seconds).c_str());
    before = now;
    last = env.Steady();
  }
  if (show) std::fputs("\r\033[K", stderr);
}

void Run(CommandContext& context, const RunOptions& options) {
  const bool json = options.format == "json";
  Result<env::Env*> made = context.MakeEnv(options.injections);
  if (!made.ok()) return context.Fail(made.status(), {}, {}, json);
  env::Env& env = **made;
  std::optional<PreparedScript> script = PrepareScript(context, env, options.file, false, json);
  if (!script) return;
  std::fputs(script->output.c_str(), stdout);
  auto narrate = [&options](const std::string& line) {
    if (!options.quiet) std::fprintf(stderr, "semel: %s\n", line.c_str());
  };
  for (const std::string& notice : script->notices) narrate("notice: " + notice);
  job::JobOptions job_options;
  job_options.until_end = options.until_end;
  job_options.fresh = options.fresh;
  job_options.host_time_zone = env::HostTimeZone();
  job_options.append_again = options.append_again;
  const int wanted = options.workers > 0                ? options.workers
                     : script->settings.parallelism > 0 ? script->settings.parallelism
                                                        : env::CpuCount();
  job_options.workers = static_cast<uint32_t>(std::min(wanted, kMostWorkers));
  env::InstallStopSignals();
  job::Job job(env, context.registries().ForJob(), script->plan, script->settings, job_options);
  Result<job::JobEnd> end = Status::Internal("not run");
  auto mutex = env.NewMutex();
  bool done = false;
  std::unique_ptr<env::Strand> strand = env.Spawn("job", [&] {
    Result<job::JobEnd> result = job.Run(narrate);
    env::MutexLock lock(*mutex);
    end = std::move(result);
    done = true;
  });
  Watch(env, job, env::IsTerminal(2) && !options.quiet, [&] {
    env::MutexLock lock(*mutex);
    return done;
  });
  strand->Join();
  if (!end.ok()) return context.Fail(end.status(), script->text, options.file, json);
  if (*end == job::JobEnd::kFinished) narrate("finished: every row is committed");
  if (*end == job::JobEnd::kAlreadyFinished)
    narrate("this pipeline has finished before; rows that came later need --fresh or a pipeline of another name");
  if (*end == job::JobEnd::kStopped) narrate("stopped: the next run goes on from here");
}

}  // namespace

void AddRunCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "run a pipeline; resumes by default");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--until-end", options->until_end, "finish at the sources' present ends");
  command->add_flag("--fresh", options->fresh, "start over: a new lineage without state");
  command->add_flag("--append-again", options->append_again,
                    "with --fresh: although a table holds rows of this pipeline");
  command->add_flag("--quiet", options->quiet, "no status, no notices");
  command->add_option("--workers", options->workers, "workers (default: 'parallelism.default', else one per core)")
      ->check(CLI::Range(1, kMostWorkers));
  command->add_option("--format", options->format, "errors as text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("--inject", options->injections, "label:nth:action, for tests (needs SEMEL_TESTING=1)");
  command->callback([&context, options] { Run(context, *options); });
}

}  // namespace semel::cli
