// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/protocol/manifest.h"

namespace semel::checkpoint {

std::optional<Marker> Manifest::MarkerAfter(const std::string& sink) const {
  for (const SinkStaged& staged : snapshot.sinks)
    if (staged.sink == sink && staged.rows > 0) return MarkerOf(staged);
  auto it = expected.find(sink);
  return it == expected.end() ? std::nullopt : it->second;
}

std::vector<AncestryRange> ExtendAncestry(std::vector<AncestryRange> ancestry, const Attempt& attempt) {
  if (!ancestry.empty() && ancestry.back().generation == attempt.generation) {
    SEMEL_CHECK(ancestry.back().last < attempt.epoch, "a chain's epochs grow");
    ancestry.back().last = attempt.epoch;
  } else {
    SEMEL_CHECK(ancestry.empty() || ancestry.back().generation < attempt.generation, "a chain's generations grow");
    ancestry.push_back({attempt.generation, attempt.epoch, attempt.epoch});
  }
  if (ancestry.size() > kMaxAncestry) ancestry.erase(ancestry.begin());
  return ancestry;
}

ChainMembership Membership(const std::vector<AncestryRange>& ancestry, const Attempt& attempt, Generation own) {
  if (attempt.generation >= own) return ChainMembership::kUnknown;  // never judged: it may still become anything
  for (const AncestryRange& range : ancestry)
    if (range.generation == attempt.generation)
      return range.first <= attempt.epoch && attempt.epoch <= range.last ? ChainMembership::kOnChain
                                                                         : ChainMembership::kVoid;
  const bool forgotten = ancestry.size() >= kMaxAncestry && attempt.generation < ancestry.front().generation;
  return forgotten ? ChainMembership::kUnknown : ChainMembership::kVoid;
}

}  // namespace semel::checkpoint
