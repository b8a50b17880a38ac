// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// An operator sees rows, watermarks and snapshots; never threads, files, or epochs of sinks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "functions/api/evaluator.h"
#include "plan/physical.h"

namespace semel::operators {

// Where an operator's rows go. Emit may run everything downstream before it returns.
class Output {
 public:
  virtual ~Output() = default;
  virtual Status Emit(columnar::Batch batch) = 0;
};

// One stream of an operator's state: a base and the deltas on top of it.
struct SnapshotPart {
  std::string stream;    // "groups", "rows", …
  bool replaces = true;  // a base: earlier segments of the stream are no longer needed
  std::string content;
};

// Counters for the books of an epoch; the runtime adds them up and resets them.
struct OperatorCounters {
  int64_t rows_in = 0;
  int64_t late = 0;
};

// What an operator is made with.
struct OperatorContext {
  const plan::PhysicalNode* node = nullptr;
  const functions::Evaluator* evaluator = nullptr;
  uint32_t worker = 0;
  uint32_t workers = 1;
  bool fail_on_late = false;
};

// One instance per worker and plan node; one strand.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual Status Process(const columnar::Batch& batch, Output& out) = 0;
  // No row with an event time at or before `watermark` is expected any more. The runtime forwards it downstream
  // afterwards.
  virtual Status OnWatermark(int64_t watermark, Output& out) {
    (void)watermark, (void)out;
    return Status::Ok();
  }
  // Freezes the state as it is now. Stateless operators give nothing.
  virtual Result<std::vector<SnapshotPart>> Snapshot() { return std::vector<SnapshotPart>{}; }
  // Called once per segment of the base's snapshot, in order, before anything else; keys of other workers are left out.
  virtual Status Restore(const std::string& stream, std::string_view content) {
    (void)stream, (void)content;
    return Status::Internal("a stateless operator has nothing to restore");
  }
  // The watermark that the state was snapshotted at, so that what is late stays late.
  virtual void RestoreWatermark(int64_t watermark) { (void)watermark; }

  OperatorCounters counters;
};

}  // namespace semel::operators
