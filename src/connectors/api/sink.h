// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Sinks have two halves: SinkWriter (rows → staged output, on the worker) and Committer (staged output → visible, off
// the worker; checkpoint/api/committer.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "checkpoint/api/committer.h"
#include "checkpoint/api/snapshot.h"
#include "columnar/column.h"
#include "env/api/env.h"
#include "plan/physical.h"

namespace semel::connectors {

// What a writer staged for one epoch: `payload` goes into the manifest and comes back in the Committable.
struct StagedOutput {
  std::string payload;
  uint64_t rows = 0;
  std::string digest;  // 32 hex digits, sum mod 2^128 over the rows (columnar/row_digest.h)
};

// The unfinished half of a prepare: run off the worker (I/O strand), gives the staged output.
using PrepareTask = std::function<Result<StagedOutput>()>;

// Takes rows of one sink on one worker. One strand; PrepareTasks run on another one while the writer goes on with the
// next epoch.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual Status Write(const columnar::Batch& batch) = 0;
  // The barrier of `epoch` has arrived: everything written so far belongs to it. Must be quick; slow work goes into the
  // task.
  virtual Result<PrepareTask> Prepare(Epoch epoch) = 0;
};

struct WriterContext {
  std::string lineage;
  Generation generation;
  int worker = 0;
};

// One table to write. Created per job; thread-safe factories.
class Sink {
 public:
  virtual ~Sink() = default;
  // The identity under which commits are made; INSERTs into one table share it ("iceberg:lake.shop.running_sum").
  virtual std::string CommitId() const = 0;
  // False for print and blackhole, which promise nothing: they have no committer.
  virtual bool is_transactional() const = 0;
  // Creates the table where the script asked for it, checks the schema of an existing one, privileges and guarantees.
  virtual Status Open() = 0;
  virtual Result<std::unique_ptr<SinkWriter>> CreateWriter(const WriterContext& context) = 0;
  virtual Result<std::unique_ptr<checkpoint::Committer>> CreateCommitter() = 0;
  // Identity of what is written (table uuid), part of the script's fingerprint. Empty: none.
  virtual Result<std::string> Identity() = 0;
  // Whether the service answers and the table could be written (semel check); changes nothing.
  virtual Status CheckReachable() = 0;
};

}  // namespace semel::connectors
