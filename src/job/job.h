// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A planned script as a running pipeline: sinks are opened, the past is recovered, the graph is started, and the
// coordinator drives it to its end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "checkpoint/coordinator/coordinator.h"
#include "connectors/api/registry.h"
#include "formats/api/registry.h"
#include "functions/api/registry.h"
#include "job/settings.h"
#include "operators/api/registry.h"
#include "plan/physical.h"
#include "runtime/dataflow.h"

namespace semel::job {

struct JobOptions {
  bool until_end = false;     // the sources end where they are now
  bool fresh = false;         // a new lineage
  bool append_again = false;  // --fresh although a target holds rows of this pipeline
  uint32_t workers = 1;
  std::string host_time_zone = "UTC";
  std::string state_folder;  // the pipeline's checkpoint folder from the root, for messages
  std::function<bool(const std::string& process)> may_run;  // see checkpoint::RecoveryOptions
};

struct JobRegistries {
  const functions::Registry* functions = nullptr;
  const formats::Registry* formats = nullptr;
  const connectors::Registry* connectors = nullptr;
  const operators::Registry* operators = nullptr;
};

enum class JobEnd : uint8_t { kFinished, kAlreadyFinished, kStopped };

// One run of a pipeline. Made and used by one strand, except RequestStop and the status calls.
class Job {
 public:
  Job(env::Env& env, JobRegistries registries, plan::PhysicalPlan plan, JobSettings settings, JobOptions options);
  ~Job();

  // Whether every source answers and every table could be written; changes nothing.
  Status CheckReachable();
  // Whether the newest checkpoint was made by this script; what a start would say of it. REQUIRES: CheckReachable.
  Status CheckAgainstState();
  // Runs to the end. `narrate` gets one line per thing a user may want to know (what was recovered, notices).
  Result<JobEnd> Run(const std::function<void(const std::string&)>& narrate);
  void RequestStop();

  struct JobStatus {
    runtime::DataflowStatus dataflow;
    checkpoint::CheckpointStatus checkpoints;
    bool running = false;
  };
  JobStatus status();

 private:
  Status MakeConnectors();
  Status CheckSources();
  Status OpenSinks(const std::function<void(const std::string&)>& narrate);
  Result<std::string> Fingerprint();
  Result<checkpoint::RecoveredStart> RecoverPast(const std::string& fingerprint,
                                                 const std::function<void(const std::string&)>& narrate);
  Result<std::vector<checkpoint::SplitProgress>> FirstSplits();
  Status ResolveEnds(checkpoint::EpochSnapshot& base);
  void Discover(runtime::RunningDataflow& dataflow, std::vector<checkpoint::SplitProgress> known);
  std::string StartText(const checkpoint::RecoveredStart& start) const;
  Result<JobEnd> RunGraph(checkpoint::RecoveredStart start, const std::string& fingerprint);

  env::Env& env_;
  const JobRegistries registries_;
  const plan::PhysicalPlan plan_;
  const JobSettings settings_;
  const JobOptions options_;
  std::unique_ptr<checkpoint::Store> store_;
  checkpoint::Committers committers_;
  std::map<std::string, std::unique_ptr<connectors::Source>> sources_;  // by the scan's id
  std::map<std::string, std::unique_ptr<connectors::Sink>> sinks_;      // by the sink node's id
  bool bounded_ = false;

  std::unique_ptr<env::Mutex> mutex_;
  // Guarded by mutex_: what other strands look at while Run is on.
  checkpoint::Coordinator* coordinator_ = nullptr;
  runtime::RunningDataflow* dataflow_ = nullptr;
  checkpoint::CheckpointStatus last_status_;  // of a coordinator that has ended
  bool stop_requested_ = false;
  bool discovering_ = false;
};

// The error of a script without INSERT.
Status NothingToRun();

// The folder of a pipeline in its store.
std::string StoreFolder(const JobSettings& settings);

}  // namespace semel::job
