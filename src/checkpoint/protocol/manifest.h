// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The durable records of the protocol as plain data. Their bytes: checkpoint/format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/api/committer.h"
#include "checkpoint/api/snapshot.h"
#include "checkpoint/protocol/names.h"

namespace semel::checkpoint {

// A stretch of the chain: epochs first..last were decided by this generation.
struct AncestryRange {
  Generation generation;
  Epoch first;
  Epoch last;
  bool operator==(const AncestryRange&) const = default;
};

// The durable description of attempt (n, G); its existence decides.
struct Manifest {
  std::string lineage;
  Attempt attempt;
  Attempt parent;  // of the same lineage; root: the lineage's beginning
  std::string fingerprint;
  std::string time_zone;
  int64_t created_micros = 0;
  EpochSnapshot snapshot;
  // Per sink of the job: what it is expected to show before this attempt is committed.
  std::map<std::string, std::optional<Marker>> expected;
  // The chain up to this attempt, oldest first (at most kMaxAncestry ranges; older attempts are never judged).
  std::vector<AncestryRange> ancestry;

  // The marker that `staged` leaves once committed.
  Marker MarkerOf(const SinkStaged& staged) const {
    return {lineage, attempt.epoch, attempt.generation, staged.rows, staged.digest};
  }
  // What the sink shows once this attempt is committed: its own marker if it staged rows, else what was expected
  // before.
  std::optional<Marker> MarkerAfter(const std::string& sink) const;
};
inline constexpr size_t kMaxAncestry = 4096;

// Extends a chain by one attempt.
std::vector<AncestryRange> ExtendAncestry(std::vector<AncestryRange> ancestry, const Attempt& attempt);
enum class ChainMembership : uint8_t { kOnChain, kVoid, kUnknown };
// Whether an attempt of a generation below `own` is on the chain; kUnknown where the ancestry no longer reaches.
ChainMembership Membership(const std::vector<AncestryRange>& ancestry, const Attempt& attempt, Generation own);

// bases/<G>: what generation G continues from. A root attempt means the beginning of the lineage.
struct Pin {
  std::string lineage;
  Attempt base;
  bool operator==(const Pin&) const = default;
};

// generations/<G>.
struct Claim {
  std::string process;
  int64_t created_micros = 0;
  uint64_t token = 0;  // random: makes the content unique, so that an own put can be recognised
  bool operator==(const Claim&) const = default;
};

// LINEAGES/<uuid>.
struct Lineage {
  std::string uuid;
  std::string parent;  // lineage; empty: none
  Attempt parent_attempt;
  std::string time_zone;
  int64_t created_micros = 0;
  std::map<std::string, std::optional<Marker>> initial;  // what each sink showed at the beginning
  bool operator==(const Lineage&) const = default;
};

// commits/<n>-<G>: a short cut, never the truth.
struct Receipt {
  struct SinkEntry {
    std::string sink;
    Marker marker;
    std::string handle;
    bool operator==(const SinkEntry&) const = default;
  };
  std::string lineage;
  Attempt attempt;
  int64_t created_micros = 0;
  std::vector<SinkEntry> sinks;
  std::vector<SplitProgress> splits;
  Books books;
  bool operator==(const Receipt&) const = default;
};

}  // namespace semel::checkpoint
