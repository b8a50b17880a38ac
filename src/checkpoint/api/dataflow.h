// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The coordinator's view of the running graph: it asks for a barrier and gets a snapshot. Nothing here assumes that the
// tasks share memory with the coordinator.
#pragma once

#include "checkpoint/api/snapshot.h"

namespace semel::checkpoint {

// How a barrier is meant.
enum class BarrierKind : uint8_t {
  kPeriodic,
  kStop,  // the last one: sources stop behind it, no final watermark (windows stay in state)
};

// Receives what the dataflow produces. Called from the dataflow's strands; must be quick and never call back into it.
class DataflowListener {
 public:
  virtual ~DataflowListener() = default;
  // Every task has snapshotted and every sink has prepared epoch `snapshot.epoch`, and all of it is durable in the
  // store.
  virtual void OnSnapshot(EpochSnapshot snapshot) = 0;
  // A task failed: the process must end (or restart) from the last decided attempt.
  virtual void OnFailure(Status status) = 0;
  // Every source has reached its end and the final watermark has passed through; the coordinator takes one more
  // barrier, whose snapshot has `finished` set.
  virtual void OnEndOfInput() = 0;
};

// A running graph of tasks. Thread-safe.
class Dataflow {
 public:
  virtual ~Dataflow() = default;
  // Injects the barrier of `epoch` at every source. Exactly one OnSnapshot(epoch) or OnFailure follows. Barriers may be
  // triggered while an earlier epoch is still being snapshotted; snapshots arrive in order.
  virtual void TriggerBarrier(Epoch epoch, BarrierKind kind) = 0;
  // The receipt of `epoch` is confirmed: sources may acknowledge upstream, state may drop what only older epochs
  // needed.
  virtual void OnCommitted(const EpochSnapshot& snapshot) = 0;
  // Back-pressure of commits that cannot be made: while paused, sources read nothing; barriers and what is under way
  // pass.
  virtual void SetPaused(bool paused) = 0;
};

}  // namespace semel::checkpoint
