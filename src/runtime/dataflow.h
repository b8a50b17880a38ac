// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A running graph: workers, each with one instance of every task, and the strand that makes their snapshots durable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/api/dataflow.h"
#include "connectors/api/sink.h"
#include "connectors/api/source.h"
#include "formats/api/registry.h"
#include "functions/api/registry.h"
#include "operators/api/registry.h"
#include "plan/physical.h"

namespace semel::runtime {

struct DataflowOptions {
  uint32_t workers = 1;
  std::string lineage;
  Generation generation;
  columnar::TimeZone local_time_zone;
  bool fail_on_late = false;
  Micros idle_timeout{0};  // a split without rows for so long holds no watermark back; 0: always does
  bool aligned = true;     // exactly once; false: at least once, barriers wait for nothing
  bool bounded = false;    // every source ends (bounded tables, --until-end)
};

// What a graph is made of; everything outlives it.
struct DataflowParts {
  env::Env* env = nullptr;
  const plan::PhysicalPlan* plan = nullptr;
  const functions::Registry* functions = nullptr;
  const formats::Registry* formats = nullptr;
  const operators::Registry* operators = nullptr;
  std::map<std::string, connectors::Source*> sources;  // by the scan's id
  std::map<std::string, connectors::Sink*> sinks;      // by the sink node's id
  checkpoint::SegmentWriter write_segment;
  checkpoint::SegmentReader read_segment;
  checkpoint::DataflowListener* listener = nullptr;
};

// Numbers for the status line. Rows since the start of the process.
struct DataflowStatus {
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t late = 0;  // rows that came behind the watermark and were dropped
  int64_t records_behind = -1;
  int64_t watermark = checkpoint::kNoWatermark;
  std::string held_by;             // the split with the least watermark; it may not have had a row yet
  int64_t held_silent_micros = 0;  // how long it has been silent
};

class RunningDataflow : public checkpoint::Dataflow {
 public:
  // New splits of a source (by the scan's id) go to workers in turn.
  virtual void AddSplits(const std::string& source, const std::vector<checkpoint::SplitProgress>& splits) = 0;
  virtual DataflowStatus status() = 0;
  // Ends every strand. Nothing is flushed: what was not in an epoch is read again.
  virtual void Stop() = 0;
};

// Builds the graph, restores it from `base` (an empty snapshot with splits on a first start) and starts its workers.
Result<std::unique_ptr<RunningDataflow>> StartDataflow(const DataflowParts& parts, const DataflowOptions& options,
                                                       const checkpoint::EpochSnapshot& base);

}  // namespace semel::runtime
