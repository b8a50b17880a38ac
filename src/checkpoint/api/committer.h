// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The second half of a transactional sink: staged output → visible, off the worker. The decision *whether* to commit is
// not here: it is a pure function of checkpoint/protocol over the marker that a SinkView shows
// (docs/protocols/exactly_once.md, R4).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strong_id.h"
#include "base/units.h"

namespace semel::checkpoint {

// (lineage, n, G, rows, digest): stored by a sink in the same atomic commit as the data of attempt (n, G).
struct Marker {
  std::string lineage;  // UUID text
  Epoch epoch;
  Generation generation;
  uint64_t rows = 0;
  std::string digest;  // 32 hex digits: sum mod 2^128 of keyed hashes over the rows' logical values
  bool operator==(const Marker&) const = default;
  // "lineage/epoch/generation/rows/digest": the one text form, for properties, summaries and messages.
  std::string ToString() const;
  static Result<Marker> Parse(std::string_view text);
};

// What one sink has to make visible for one attempt: what its writers staged. `payloads` are opaque to everyone but the
// sink.
struct Committable {
  Marker marker;                      // to be stored with the data
  std::vector<std::string> payloads;  // one per writer that wrote rows
};

enum class CommitOutcome : uint8_t {
  kCommitted,  // certainly visible now
  kRejected,   // certainly not applied (another version won, BUSY, …): look again
  kUnknown,    // may have been applied: look again, never assume
};

struct CommitResult {
  CommitOutcome outcome = CommitOutcome::kUnknown;
  Status reason;       // why not committed; a kCorrupt or kInvalid reason with kRejected ends the pipeline
  std::string handle;  // of the sink, for the receipt: snapshot id, offsets …
};

class CommitDriver;

// The right to make one decided attempt visible. Only the commit driver can make one, from a decided manifest.
class CommitPermit {
 public:
  CommitPermit(const CommitPermit&) = delete;
  CommitPermit& operator=(const CommitPermit&) = delete;
  const Marker& marker() const { return marker_; }

 private:
  friend class CommitDriver;
  explicit CommitPermit(Marker marker) : marker_(std::move(marker)) {}
  Marker marker_;
};

// One look at a sink: the exact version whose marker was read. Commit applies to this version or to none
// (compare-and-swap), so that check and commit can never concern different versions. One use.
class SinkView {
 public:
  virtual ~SinkView() = default;
  // The marker that this pipeline's last commit left; nothing if the sink never saw this pipeline.
  virtual const std::optional<Marker>& marker() const = 0;
  // Whether the marker's data is still there (Iceberg: its snapshot is an ancestor of the branch or has expired; false
  // after a rollback by others, which keeps the property and loses the rows).
  virtual bool marker_is_live() const = 0;
  virtual CommitResult Commit(const CommitPermit& permit, const Committable& committable) = 0;
};

// One per sink of a job. Called by one strand at a time.
class Committer {
 public:
  virtual ~Committer() = default;
  // Keeps older processes out where the sink can do that; a no-op elsewhere.
  virtual Status Fence(Generation generation) = 0;
  // A fresh look. Transient errors (kTransient, kUnknown) are retried by the driver; others end the pipeline.
  virtual Result<std::unique_ptr<SinkView>> Look() = 0;
  // Removes what a void attempt staged outside the checkpoint store (data files in a warehouse). Idempotent. The names
  // that belong to the attempt carry lineage, epoch and generation.
  virtual Status Discard(const std::string& lineage, Epoch epoch, Generation generation) = 0;
  // Lists (lineage, epoch, generation) of staged names found at the sink, so that a start can discard void attempts,
  // and only those.
  struct StagedAttempt {
    std::string lineage;
    Epoch epoch;
    Generation generation;
  };
  virtual Result<std::vector<StagedAttempt>> ListStaged() = 0;
};

}  // namespace semel::checkpoint
