// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/protocol/decisions.h"

#include <algorithm>

#include "checkpoint/api/planted_bugs.h"

namespace semel::checkpoint {

ClaimLook LookAtClaims(Generation own, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::optional<Generation> g = ParseClaimName(name);
    if (g && *g > own) return ClaimLook::kSuperseded;
  }
  return ClaimLook::kStillMine;
}

Generation NextGeneration(const std::vector<std::string>& names) {
  Generation highest;
  for (const std::string& name : names)
    if (const std::optional<Generation> g = ParseClaimName(name)) highest = std::max(highest, *g);
  return highest.Next();
}

std::optional<Generation> HighestPinBelow(Generation own, const std::vector<std::string>& pin_names) {
  std::optional<Generation> highest;
  for (const std::string& name : pin_names) {
    const std::optional<Generation> g = ParsePinName(name);
    if (g && *g < own && (!highest || *g > *highest)) highest = g;
  }
  return highest;
}

Attempt ChooseBase(Generation pinned_by, const Pin& pin, const std::vector<Attempt>& manifests) {
  Attempt base = pin.base;
  for (const Attempt& attempt : manifests) {
    const bool candidate = attempt.generation == pinned_by || SEMEL_BUG(kCandidatesFromAnyone);
    if (candidate && attempt.epoch > base.epoch) base = attempt;
  }
  return base;
}

bool ShowsExpected(const std::optional<Marker>& shown, bool live, const std::optional<Marker>& expected,
                   const std::string& lineage) {
  return shown == expected && (!shown || live || shown->lineage != lineage);
}

CommitDecision DecideCommit(const std::optional<Marker>& shown, bool live, const std::optional<Marker>& expected,
                            const Marker& mine, const std::vector<Marker>& later) {
  if (SEMEL_BUG(kBlindRetry)) return CommitDecision::kCommit;
  if (SEMEL_BUG(kRollbackIgnored)) live = true;
  // Not live: a rollback by others; the property stayed, the rows are gone.
  if (shown && live && (*shown == mine || std::find(later.begin(), later.end(), *shown) != later.end()))
    return CommitDecision::kAlreadyCommitted;
  return ShowsExpected(shown, live, expected, mine.lineage) ? CommitDecision::kCommit : CommitDecision::kLookAtClaims;
}

std::vector<std::string> PlanRetention(const RetentionInput& input) {
  std::vector<std::string> removed;
  if (input.kept.empty()) return removed;
  const Attempt oldest = *std::min_element(input.kept.begin(), input.kept.end());
  for (const std::string& name : input.names) {
    const std::optional<Attempt> file = ParseAttemptFile(name);
    const std::optional<Attempt> segment = ParseSegmentName(name);
    if (!file && !segment) continue;
    const Attempt attempt = file ? *file : *segment;
    if (SEMEL_BUG(kSweepUnreferenced)) {
      const bool named = segment ? input.kept_segments.count(name) > 0
                                 : std::find(input.kept.begin(), input.kept.end(), attempt) != input.kept.end();
      if (!named) removed.push_back(name);
      continue;
    }
    if (attempt.generation > input.own) continue;
    if (segment && input.kept_segments.count(name) > 0) continue;
    if (file && std::find(input.kept.begin(), input.kept.end(), attempt) != input.kept.end()) continue;
    if (attempt.generation == input.own) {
      // Own attempts: only those before everything kept; a newer one may be in flight.
      if (attempt.epoch < oldest.epoch) removed.push_back(name);
      continue;
    }
    switch (Membership(input.ancestry, attempt, input.own)) {
      case ChainMembership::kOnChain:
        if (attempt.epoch < oldest.epoch) removed.push_back(name);
        // A segment of a kept stretch that no kept manifest names any more was dropped before it.
        break;
      case ChainMembership::kVoid:
        removed.push_back(name);
        break;
      case ChainMembership::kUnknown:
        break;
    }
  }
  return removed;
}

}  // namespace semel::checkpoint
