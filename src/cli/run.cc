// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel run: a pipeline until it ends, is stopped, is superseded, or fails.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/printable.h"
#include "cli/command.h"
#include "cli/json_text.h"
#include "cli/status_line.h"
#include "cli/totals.h"
#include "env/process/child_process.h"
#include "env/process/machine.h"

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
  std::vector<std::string> injections;
};

constexpr char kClearLine[] = "\r\033[K";  // a status line may stand there

// What the user sees while a job runs: messages, and the status as one line that is drawn again on a terminal, as a
// plain line now and then elsewhere. Messages may come from any strand.
class Console {
 public:
  Console(bool quiet, bool json) : quiet_(quiet), json_(json), terminal_(!json && env::TerminalColumns(2) > 0) {}

  void Say(const std::string& line) const {
    if (!quiet_) Tell(line);
  }
  void Tell(const std::string& line) const {
    if (json_) {
      std::fprintf(stderr, "%s\n", JsonObject().Text("event", line).ToString().c_str());
      return;
    }
    std::fprintf(stderr, "%ssemel: %s\n", terminal_ ? kClearLine : "", Printable(line).c_str());
  }
  // Called often; looks at the job once a second.
  void Show(env::Env& env, job::Job& job) {
    const SteadyTime now = env.Steady();
    if (quiet_ || now - looked_ < Micros(1'000'000)) return;
    looked_ = now;
    const job::Job::JobStatus status = job.status();
    if (!status.running) return;
    const double seconds = static_cast<double>((now - printed_).count()) / 1e6;
    if (terminal_) {
      const int columns = std::max(20, env::TerminalColumns(2));  // it may have been resized
      std::fprintf(stderr, "%s%s", kClearLine,
                   StatusLine(status, before_, seconds, static_cast<size_t>(columns - 1)).c_str());
    } else {
      const bool held = IsHeld(status), begins = held && !held_;
      held_ = held;
      if (begins) Say(WatermarkText(status) + ": rows wait for it, tables may stay empty");
      if (now - printed_ < kPlainInterval) return;
      Say(StatusLine(status, before_, seconds));
    }
    before_ = status;
    printed_ = now;
  }
  void Begin(env::Env& env) { looked_ = printed_ = env.Steady(); }
  void End() const {
    if (terminal_ && !quiet_) std::fputs(kClearLine, stderr);
  }

 private:
  static constexpr Micros kPlainInterval{30'000'000};
  const bool quiet_, json_, terminal_;
  bool held_ = false;
  job::Job::JobStatus before_;
  SteadyTime looked_, printed_;
};

// Shows the status and hands over stop signals until `done`.
void Watch(env::Env& env, job::Job& job, Console& console, const std::function<bool()>& done) {
  int signals = 0;
  console.Begin(env);
  while (!done()) {
    env.SleepFor(Micros(50'000));
    const int now_signals = env::StopSignals();
    if (now_signals >= 2) {
      console.Tell("stopped at once; a decided epoch is committed by the next start");
      env::ExitNow(static_cast<int>(ExitCode::kTryAgain));  // as safe as kill -9
    }
    if (now_signals > signals) {
      signals = now_signals;
      console.Tell("stopping: a last checkpoint is taken (once more to stop at once)");
      job.RequestStop();
    }
    console.Show(env, job);
  }
  console.End();
}

std::string EndText(job::JobEnd end, const Totals& totals) {
  if (end == job::JobEnd::kAlreadyFinished)
    return "this pipeline has finished before; rows that came later need --fresh or a pipeline of another name";
  if (end == job::JobEnd::kStopped)
    return fmt::format("stopped: the next run goes on from here; this run: {}", totals.ToString());
  return fmt::format("finished: {} is committed; this run: {}",
                     totals.dropped_any() ? "everything that was not dropped" : "every row", totals.ToString());
}

job::JobOptions OptionsFor(const PreparedScript& script, const RunOptions& options, env::Env& env) {
  job::JobOptions job;
  job.until_end = options.until_end;
  job.fresh = options.fresh;
  job.append_again = options.append_again;
  job.host_time_zone = env::HostTimeZone();
  const int wanted = options.workers > 0               ? options.workers
                     : script.settings.parallelism > 0 ? script.settings.parallelism
                                                       : env::CpuCount();
  job.workers = static_cast<uint32_t>(std::min(wanted, kMostWorkers));
  job.state_folder = StateFolder(script);
  job.may_run = [own = env.ProcessName()](const std::string& process) { return env::MayRun(process, own); };
  return job;
}

void Run(CommandContext& context, const RunOptions& options) {
  Result<env::Env*> made = context.MakeEnv(options.injections);
  if (!made.ok()) return context.Fail(made.status());
  env::Env& env = **made;
  std::optional<PreparedScript> script = PrepareScript(context, env, options.file, {});
  if (!script) return;
  std::fputs(script->output.c_str(), stdout);
  Console console(options.quiet, context.json());
  const auto narrate = [&console](const std::string& line) { console.Say(line); };
  for (const std::string& notice : script->notices) narrate("notice: " + notice);
  env::InstallStopSignals();
  job::Job job(env, context.registries().ForJob(), script->plan, script->settings, OptionsFor(*script, options, env));
  Result<job::JobEnd> end = Status::Internal("not run");
  auto mutex = env.NewMutex();
  bool done = false;
  std::unique_ptr<env::Strand> strand = env.Spawn("job", [&] {
    Result<job::JobEnd> result = job.Run(narrate);
    env::MutexLock lock(*mutex);
    end = std::move(result);
    done = true;
  });
  Watch(env, job, console, [&] {
    env::MutexLock lock(*mutex);
    return done;
  });
  strand->Join();
  if (!end.ok()) return context.Fail(end.status(), script->text, options.file);
  Totals totals;
  totals.Add(job.status().checkpoints.committed);
  narrate(EndText(*end, totals));
}

}  // namespace

void AddRunCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "run a pipeline; resumes by default");
  command->add_option("script", options->file, "the SQL script")->required();
  command->add_flag("--until-end", options->until_end, "finish at the sources' present ends");
  CLI::Option* fresh = command->add_flag("--fresh", options->fresh, "start over: a new lineage without state");
  command
      ->add_flag("--append-again", options->append_again, "with --fresh: although a table holds rows of this pipeline")
      ->needs(fresh);
  command->add_flag("--quiet", options->quiet, "no status, no notices");
  command->add_option("--workers", options->workers, "workers (default: 'parallelism.default', else one per core)")
      ->check(CLI::Range(1, kMostWorkers));
  AddFormat(*command, context);
  command->add_option("--inject", options->injections, "label:nth:action, for tests (needs SEMEL_TESTING=1)");
  command->callback([&context, options] { Run(context, *options); });
}

}  // namespace semel::cli
