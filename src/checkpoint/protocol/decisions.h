// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The decisions of the exactly-once protocol as pure functions (docs/protocols/exactly_once.md). Nothing here reads a
// clock, a file or a socket; the executors around it (coordinator, commit, recovery, retention) bring observations and
// perform the outcome.
//
//   trigger ─Coordinator::Trigger─► barrier ─OnSnapshot─► snapshot ─Coordinator::WriteManifest─► durable (R1)
//     ─LookAtClaims─► DECIDED ─CommitDriver::Run, DecideCommit (R4)─► per sink committed ─Committing::PutReceipt─►
//     COMMITTED ─PlanRetention─► pruned
//   start ─Recovery::Claim─► claimed ─Fence─► fenced ─ChooseBase─► chosen ─AdoptAndPin (R2)─► pinned ─LookAtClaims
//   (R3)─► effective
//     ─Resolve─► rolled forward ─► running
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/protocol/manifest.h"

namespace semel::checkpoint {

// --- claims
// ----------------------------------------------------------------------------------------------------------------
enum class ClaimLook : uint8_t { kStillMine, kSuperseded };
// What a listing of generations/ means for generation `own`.
ClaimLook LookAtClaims(Generation own, const std::vector<std::string>& names);
// The generation to claim: highest + 1.
Generation NextGeneration(const std::vector<std::string>& names);

// --- recovery
// -------------------------------------------------------------------------------------------------------------- P: the
// highest generation below `own` that has a pin; nothing: nobody ever pinned, this is a first start.
std::optional<Generation> HighestPinBelow(Generation own, const std::vector<std::string>& pin_names);
// The base: candidates are P's pinned base and the manifests that P itself wrote, nothing else; the newest of them.
// `manifests` are all attempts whose MANIFEST exists.
Attempt ChooseBase(Generation pinned_by, const Pin& pin, const std::vector<Attempt>& manifests);

// --- commit (R4)
// -----------------------------------------------------------------------------------------------------------
enum class CommitDecision : uint8_t {
  kAlreadyCommitted,  // the sink shows this attempt or a later one of my chain
  kCommit,            // the sink shows exactly what is expected before this attempt
  kLookAtClaims,      // anything else: a successor, or somebody else wrote, or a marker vanished
};
// Whether a sink shows what lineage `lineage` expects of it: exactly that marker, and the rows behind it. Rows of an
// earlier lineage may have been rolled back: whoever began this one knew what the sink showed.
bool ShowsExpected(const std::optional<Marker>& shown, bool live, const std::optional<Marker>& expected,
                   const std::string& lineage);
// `mine`: the marker of the attempt to be committed; `later`: markers of later attempts on my chain.
CommitDecision DecideCommit(const std::optional<Marker>& shown, bool live, const std::optional<Marker>& expected,
                            const Marker& mine, const std::vector<Marker>& later);

// --- retention (§8)
// --------------------------------------------------------------------------------------------------------
struct RetentionInput {
  Generation own;
  // The chain's attempts that are kept: the last K committed ones and everything after them, with the segments that
  // each names.
  std::vector<Attempt> kept;
  std::set<std::string> kept_segments;
  std::vector<AncestryRange> ancestry;
  std::vector<std::string> names;  // everything below checkpoints/ and segments/
};
// Names that can never be needed again. Never a name of a higher generation, never one whose attempt cannot be judged.
std::vector<std::string> PlanRetention(const RetentionInput& input);

}  // namespace semel::checkpoint
