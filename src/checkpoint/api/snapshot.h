// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the dataflow hands to the coordinator for one epoch, and gets back at a restore. Plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strong_id.h"

namespace semel::checkpoint {

inline constexpr int64_t kNoWatermark = INT64_MIN;
inline constexpr int64_t kFinalWatermark = INT64_MAX;

// Where one split of a source stands: everything before `position` is in the epoch or an earlier one.
struct SplitProgress {
  std::string source;    // the scan's stable id
  std::string split;     // "purchases-1", a file's path …
  std::string position;  // the source's own text; opaque here
  std::string end;       // where a bounded split ends; empty: unbounded
  int64_t watermark_micros = kNoWatermark;
  bool finished = false;
  bool operator==(const SplitProgress&) const = default;
};

// One immutable file of state in the store.
struct StateSegment {
  std::string operator_id;  // stable id of the operator
  std::string name;         // in the store: segments/<n>-<G>-…
  uint64_t bytes = 0;
  std::string sha256;  // hex
  uint32_t first_key_group = 0;
  uint32_t last_key_group = 0;  // inclusive
  // Order in which segments of one operator are applied (later wins); the state backend's own meaning.
  uint64_t sequence = 0;
  std::string kind;  // "base", "delta", …: the state backend's own word
  bool operator==(const StateSegment&) const = default;
};

// What the writers of one sink staged in an epoch.
struct SinkStaged {
  std::string sink;  // stable id (for Iceberg: of the table, so that two INSERTs share one commit)
  std::vector<std::string> payloads;
  uint64_t rows = 0;
  std::string digest;  // 32 hex digits
  bool operator==(const SinkStaged&) const = default;
};

// The books of an epoch (I15): name → count. "read", "rejected", "filtered", "late", "accepted", "written" per node id:
// key "<node id>/<what>".
using Books = std::map<std::string, int64_t>;

// Everything that one epoch's barrier collected from all workers.
struct EpochSnapshot {
  Epoch epoch;
  std::vector<SplitProgress> splits;
  std::vector<StateSegment> segments;  // all that a restore needs, not only the new ones
  std::vector<SinkStaged> sinks;
  std::map<std::string, int64_t> watermarks;  // operator id → watermark, restored so that it never falls (I8)
  Books books;
  bool finished = false;  // every source has reached its end and everything has fired
};

// Writes a state segment into the store on behalf of attempt (n, G) and returns its reference. Called off the worker.
using SegmentWriter =
    std::function<Result<StateSegment>(Epoch epoch, const std::string& operator_id, std::string_view content)>;
// Reads a segment back, verified against its digest.
using SegmentReader = std::function<Result<std::string>(const StateSegment& segment)>;

}  // namespace semel::checkpoint
