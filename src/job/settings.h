// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// SET 'key' = 'value' of a script, read into what a job needs. Flink's option names of both generations are understood.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/units.h"
#include "plan/physical.h"

namespace semel::job {

struct JobSettings {
  std::string pipeline_name;    // 'pipeline.name', required
  std::string checkpoint_root;  // the store's root; the pipeline's own folder is below it
  Micros checkpoint_interval{1'000'000};
  int retained_checkpoints = 2;      // K of the retention rule
  int parallelism = 0;               // 0: one worker per core
  std::string local_time_zone;       // empty: the host's
  bool follow_files = false;         // 'semel.filesystem.follow'
  Micros idle_timeout{0};            // 'table.exec.source.idle-timeout'; 0: splits never count as idle
  bool fail_on_late = false;         // 'semel.late' = 'fail'
  bool exactly_once = true;          // 'execution.checkpointing.mode'; else at least once
  std::vector<std::string> notices;  // settings that only tune Flink, said once
};

// Invalid (exit code 78) if a value is missing or unreadable, if a key is nobody's, or if Flink would give other
// results with it. `places`: where each setting stands in the script, for the error.
Result<JobSettings> ReadSettings(const plan::Options& settings, bool writes_iceberg,
                                 const std::map<std::string, SourceSpan>& places = {});

// The settings that Semel itself understands, with one sentence each; for docs and `did you mean`.
const std::vector<std::pair<std::string, std::string>>& KnownSettings();

}  // namespace semel::job
