// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "job/job.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "checkpoint/api/error_codes.h"
#include "checkpoint/stores/local/local_store.h"
#include "codec/sha256.h"
#include "job/error_codes.h"

namespace semel::job {

using checkpoint::EpochSnapshot;
using checkpoint::SplitProgress;

namespace {

constexpr Micros kDiscoveryInterval(200'000);

void VisitNodes(const plan::PhysicalPtr& node, std::set<const plan::PhysicalNode*>& seen,
                const std::function<void(const plan::PhysicalNode&)>& visit) {
  if (!seen.insert(node.get()).second) return;
  visit(*node);
  for (const plan::PhysicalPtr& input : node->inputs) VisitNodes(input, seen, visit);
}

// The ids of the sources whose rows reach an operator that fires by event time.
std::set<std::string> SourcesOfEventTime(const plan::PhysicalPlan& plan) {
  std::set<std::string> ids;
  std::set<const plan::PhysicalNode*> seen;
  auto visit = [&ids](const plan::PhysicalNode& node) {
    if (!std::holds_alternative<plan::WindowAggregateSpec>(node.spec) &&
        !std::holds_alternative<plan::OverAggregateSpec>(node.spec))
      return;
    std::set<const plan::PhysicalNode*> below;
    for (const plan::PhysicalPtr& input : node.inputs)
      VisitNodes(input, below, [&ids](const plan::PhysicalNode& under) {
        if (std::holds_alternative<plan::ScanSpec>(under.spec)) ids.insert(under.id);
      });
  };
  for (const plan::PhysicalPtr& sink : plan.sinks) VisitNodes(sink, seen, visit);
  return ids;
}

// Two tables may read the same files or partitions: a split is known by its source and its name.
std::vector<SplitProgress> SplitsOf(const std::vector<SplitProgress>& splits, const std::string& source) {
  std::vector<SplitProgress> own;
  for (const SplitProgress& split : splits)
    if (split.source == source) own.push_back(split);
  return own;
}

}  // namespace

Status NothingToRun() {
  return Status::Invalid(kNothingToRun, "the script has no INSERT INTO: there is nothing to run",
                         "add INSERT INTO … SELECT …");
}

std::string StoreFolder(const JobSettings& settings) { return settings.checkpoint_root + "/" + settings.pipeline_name; }

Job::Job(env::Env& env, JobRegistries registries, plan::PhysicalPlan plan, JobSettings settings, JobOptions options)
    : env_(env),
      registries_(registries),
      plan_(std::move(plan)),
      settings_(std::move(settings)),
      options_(std::move(options)),
      mutex_(env.NewMutex()) {}

Job::~Job() = default;

Status Job::MakeConnectors() {
  if (!sinks_.empty()) return Status::Ok();
  if (plan_.sinks.empty()) return NothingToRun();
  std::set<const plan::PhysicalNode*> seen;
  Status status;
  auto visit = [this, &status](const plan::PhysicalNode& node) {
    connectors::ConnectorContext context{&env_, registries_.formats, plan_.settings, settings_.pipeline_name, node.id};
    if (const auto* scan = std::get_if<plan::ScanSpec>(&node.spec)) {
      auto source = registries_.connectors->Find(scan->table->connector)->make_source(context, *scan);
      if (source.ok()) {
        sources_[node.id] = std::move(source).value();
      } else if (status.ok()) {
        status = source.status().WithContext(scan->table->name);
      }
    } else if (const auto* sink = std::get_if<plan::SinkSpec>(&node.spec)) {
      auto made = registries_.connectors->Find(sink->table->connector)->make_sink(context, *sink);
      if (made.ok()) {
        sinks_[node.id] = std::move(made).value();
      } else if (status.ok()) {
        status = made.status().WithContext(sink->table->name);
      }
    }
  };
  for (const plan::PhysicalPtr& sink : plan_.sinks) VisitNodes(sink, seen, visit);
  SEMEL_RETURN_IF_ERROR(status);
  bounded_ = options_.until_end || std::all_of(sources_.begin(), sources_.end(),
                                               [](const auto& entry) { return entry.second->is_bounded(); });
  return Status::Ok();
}

Status Job::CheckReachable() {
  SEMEL_RETURN_IF_ERROR(MakeConnectors());
  for (auto& [id, source] : sources_) SEMEL_RETURN_IF_ERROR(source->CheckReachable());
  for (auto& [id, sink] : sinks_) SEMEL_RETURN_IF_ERROR(sink->CheckReachable());
  return Status::Ok();
}

// Before anything is taken over. What a bounded table has lost since the first start may have been read to its end:
// what is still needed of it, the reader checks against its positions.
Status Job::CheckSources() {
  SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string> checkpoints, store_->List("checkpoints/"));
  for (auto& [id, source] : sources_) {
    const Status status = source->CheckReachable();
    const bool goes_on = !checkpoints.empty() && !options_.fresh && (source->is_bounded() || options_.until_end);
    if (!status.ok() && !(status.is(StatusKind::kNotFound) && goes_on)) return status;
  }
  return Status::Ok();
}

Status Job::CheckAgainstState() {
  SEMEL_ASSIGN_OR_RETURN(const std::string fingerprint, Fingerprint());
  checkpoint::LocalStore store(env_, StoreFolder(settings_));
  return checkpoint::CheckScript(store, fingerprint);
}

Status Job::OpenSinks(const std::function<void(const std::string&)>& narrate) {
  bool plain = false;
  for (auto& [id, sink] : sinks_) {
    SEMEL_RETURN_IF_ERROR(sink->Open());
    if (!sink->is_transactional()) {
      plain = true;
    } else if (committers_.count(sink->CommitId()) == 0) {
      SEMEL_ASSIGN_OR_RETURN(committers_[sink->CommitId()], sink->CreateCommitter());
    }
  }
  if (plain) narrate("print and blackhole are not transactional: after a crash they may see rows again");
  return Status::Ok();
}

// What decides results besides the script: which tables its names mean. A line each, so that an error can name one.
Result<std::string> Job::Fingerprint() {
  std::string text = codec::Sha256Hex(plan_.fingerprint);
  for (auto& [id, source] : sources_) {
    SEMEL_ASSIGN_OR_RETURN(std::string identity, source->Identity());
    if (!identity.empty()) text += "\n" + id + " " + identity;
  }
  for (auto& [id, sink] : sinks_) {
    SEMEL_ASSIGN_OR_RETURN(std::string identity, sink->Identity());
    if (!identity.empty()) text += "\n" + sink->CommitId() + " " + identity;
  }
  return text;
}

Result<checkpoint::RecoveredStart> Job::RecoverPast(const std::string& fingerprint,
                                                    const std::function<void(const std::string&)>& narrate) {
  checkpoint::RecoveryOptions options;
  options.fingerprint = fingerprint;
  options.time_zone = settings_.local_time_zone.empty() ? options_.host_time_zone : settings_.local_time_zone;
  SEMEL_RETURN_IF_ERROR(columnar::TimeZone::Find(options.time_zone).status());
  options.retained = static_cast<size_t>(settings_.retained_checkpoints);
  options.fresh = options_.fresh;
  options.append_again = options_.append_again;
  options.state = fmt::format("'{}' in {}", settings_.pipeline_name, options_.state_folder);
  options.may_run = options_.may_run;
  options.narrate = narrate;
  options.commit_hooks.on_progress = [narrate](const checkpoint::CommitProgress& progress) {
    if (progress.tries % 8 == 0)
      narrate(fmt::format("{} attempt {} in {}: {}", progress.resolving ? "resolving" : "committing",
                          progress.attempt.ToString(), progress.sink, progress.reason));
  };
  options.commit_hooks.pause = [this](Micros duration) {
    env_.SleepFor(duration);
    env::MutexLock lock(*mutex_);
    if (!stop_requested_) return Status::Ok();
    return Status::Transient(checkpoint::kStillDecided, "stopped while a decided epoch was still to be committed",
                             "start again when the sink answers; nothing is lost");
  };
  return checkpoint::Recover(env_, *store_, committers_, options);
}

Result<std::vector<SplitProgress>> Job::FirstSplits() {
  std::vector<SplitProgress> splits;
  for (auto& [id, source] : sources_) {
    SEMEL_ASSIGN_OR_RETURN(std::vector<SplitProgress> resolved,
                           source->ResolveSplits(options_.until_end || source->is_bounded()));
    splits.insert(splits.end(), resolved.begin(), resolved.end());
  }
  return splits;
}

// Ends are resolved once: a restart of --until-end reads to those of the run before, and to no file or partition that
// came later. Without --until-end a table that has no end of its own is read on past them, unless a split has come to
// its end: it no longer held the watermark, so windows and OVER may have given rows that later ones of it would change.
Status Job::ResolveEnds(EpochSnapshot& base) {
  if (!options_.until_end) {
    const std::set<std::string> by_event_time = SourcesOfEventTime(plan_);
    for (SplitProgress& split : base.splits) {
      if (sources_.at(split.source)->is_bounded()) continue;
      if (split.finished && by_event_time.count(split.source) > 0)
        return Status::Invalid(
            kEndedSplit,
            fmt::format("'{}' has come to the end that an earlier run with --until-end gave it, and windows or OVER "
                        "have fired behind it: rows that came later would be late",
                        split.split),
            "finish the pipeline with --until-end, then start over with --fresh into other tables");
      split.end.clear();
      split.finished = false;
    }
    return Status::Ok();
  }
  std::vector<SplitProgress> all;
  for (auto& [id, source] : sources_) {
    std::vector<SplitProgress> mine = SplitsOf(base.splits, id);
    const bool resolved = std::any_of(mine.begin(), mine.end(), [](const auto& split) { return !split.end.empty(); });
    if (!resolved) {
      SEMEL_ASSIGN_OR_RETURN(std::vector<SplitProgress> found, source->DiscoverSplits(mine));
      mine.insert(mine.end(), found.begin(), found.end());
      SEMEL_RETURN_IF_ERROR(source->ResolveEnds(mine));
    }
    all.insert(all.end(), mine.begin(), mine.end());
  }
  base.splits = std::move(all);
  return Status::Ok();
}

// Looks for new splits (files, partitions) while the graph runs; they begin at their beginning.
void Job::Discover(runtime::RunningDataflow& dataflow, std::vector<SplitProgress> known) {
  while (true) {
    {
      env::MutexLock lock(*mutex_);
      if (!discovering_) return;
    }
    for (auto& [id, source] : sources_) {
      Result<std::vector<SplitProgress>> found = source->DiscoverSplits(SplitsOf(known, id));
      if (!found.ok()) {
        env_.Log(env::LogLevel::kWarning, "looking for new splits: " + found.status().ToString());
      } else if (!found->empty()) {
        dataflow.AddSplits(id, *found);
        known.insert(known.end(), found->begin(), found->end());
      }
    }
    env_.SleepFor(kDiscoveryInterval);
  }
}

Result<JobEnd> Job::RunGraph(checkpoint::RecoveredStart start, const std::string& fingerprint) {
  const bool first = start.chain.empty();
  EpochSnapshot base = first ? EpochSnapshot{} : start.chain.newest().snapshot;
  checkpoint::CoordinatorOptions options;
  options.interval = settings_.checkpoint_interval;
  options.retained = static_cast<size_t>(settings_.retained_checkpoints);
  options.fingerprint = fingerprint;
  runtime::DataflowOptions dataflow_options;
  dataflow_options.workers = options_.workers;
  dataflow_options.lineage = start.lineage.uuid;
  dataflow_options.generation = start.generation;
  SEMEL_ASSIGN_OR_RETURN(dataflow_options.local_time_zone, columnar::TimeZone::Find(start.lineage.time_zone));
  dataflow_options.idle_timeout = settings_.idle_timeout;
  dataflow_options.fail_on_late = settings_.fail_on_late;
  dataflow_options.aligned = settings_.exactly_once;
  dataflow_options.bounded = bounded_;
  checkpoint::Coordinator coordinator(env_, *store_, committers_, std::move(start), options);
  if (first) {
    SEMEL_ASSIGN_OR_RETURN(base.splits, FirstSplits());
    SEMEL_RETURN_IF_ERROR(coordinator.WriteFirstCheckpoint(base.splits));
  } else {
    SEMEL_RETURN_IF_ERROR(ResolveEnds(base));
  }
  runtime::DataflowParts parts{&env_, &plan_, registries_.functions, registries_.formats, registries_.operators, {}, {},
                               {},    {},     &coordinator};
  for (auto& [id, source] : sources_) parts.sources[id] = source.get();
  for (auto& [id, sink] : sinks_) parts.sinks[id] = sink.get();
  parts.write_segment = [&coordinator](Epoch epoch, const std::string& id, std::string_view content) {
    return coordinator.WriteSegment(epoch, id, content);
  };
  parts.read_segment = [&coordinator](const checkpoint::StateSegment& segment) {
    return coordinator.ReadSegment(segment);
  };
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<runtime::RunningDataflow> dataflow,
                         runtime::StartDataflow(parts, dataflow_options, base));
  {
    env::MutexLock lock(*mutex_);
    coordinator_ = &coordinator;
    dataflow_ = dataflow.get();
    discovering_ = !bounded_;
    if (stop_requested_) coordinator.RequestStop();
  }
  std::unique_ptr<env::Strand> discovery = env_.Spawn("discovery", [&] { Discover(*dataflow, base.splits); });
  Result<checkpoint::RunEnd> end = coordinator.Run(*dataflow);
  {
    env::MutexLock lock(*mutex_);
    last_status_ = coordinator.status();
    coordinator_ = nullptr;
    dataflow_ = nullptr;
    discovering_ = false;
  }
  discovery->Join();
  dataflow->Stop();
  for (auto& [id, source] : sources_) source->Close();
  if (!end.ok()) return end.status();
  return *end == checkpoint::RunEnd::kFinished ? JobEnd::kFinished : JobEnd::kStopped;
}

// "pipeline 'shop': resumes from checkpoint 39-2 (12 s old), state in /srv/.semel/shop, 2 workers"
std::string Job::StartText(const checkpoint::RecoveredStart& start) const {
  std::string from = "starts without state";
  if (!start.chain.empty()) {
    const checkpoint::Manifest& base = start.chain.newest();
    from = fmt::format("resumes from checkpoint {} ({} s old)", base.attempt.ToString(),
                       std::max<int64_t>(0, env_.Now().micros - base.created_micros) / 1'000'000);
  }
  return fmt::format("pipeline '{}': {}, state in {}, {} worker{}", settings_.pipeline_name, from,
                     options_.state_folder, options_.workers, options_.workers == 1 ? "" : "s");
}

Result<JobEnd> Job::Run(const std::function<void(const std::string&)>& narrate) {
  SEMEL_RETURN_IF_ERROR(MakeConnectors());
  store_ = std::make_unique<checkpoint::LocalStore>(env_, StoreFolder(settings_));
  SEMEL_RETURN_IF_ERROR(CheckSources());
  SEMEL_RETURN_IF_ERROR(OpenSinks(narrate));
  SEMEL_ASSIGN_OR_RETURN(std::string fingerprint, Fingerprint());
  SEMEL_ASSIGN_OR_RETURN(checkpoint::RecoveredStart start, RecoverPast(fingerprint, narrate));
  if (start.finished) return JobEnd::kAlreadyFinished;
  narrate(StartText(start));
  return RunGraph(std::move(start), fingerprint);
}

void Job::RequestStop() {
  env::MutexLock lock(*mutex_);
  stop_requested_ = true;
  if (coordinator_ != nullptr) coordinator_->RequestStop();
}

Job::JobStatus Job::status() {
  env::MutexLock lock(*mutex_);
  JobStatus status;
  status.running = coordinator_ != nullptr;
  status.checkpoints = coordinator_ != nullptr ? coordinator_->status() : last_status_;
  if (dataflow_ != nullptr) status.dataflow = dataflow_->status();
  return status;
}

}  // namespace semel::job
