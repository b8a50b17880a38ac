// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/retention/retention.h"

namespace semel::checkpoint {

Status PruneStore(env::Env& env, Store& store, const Chain& chain, Generation own, size_t receipts_per_file) {
  RetentionInput input;
  input.own = own;
  input.ancestry = chain.newest().ancestry;
  for (const Chain::Link& link : chain.links()) {
    input.kept.push_back(link.manifest->attempt);
    for (const StateSegment& segment : link.manifest->snapshot.segments) input.kept_segments.insert(segment.name);
  }
  for (const char* prefix : {"checkpoints/", "segments/"}) {
    SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env, store, prefix));
    input.names.insert(input.names.end(), names.begin(), names.end());
  }
  for (const std::string& name : PlanRetention(input)) {
    SEMEL_POINT(env, "retention.object.remove.before");
    (void)store.Remove(name);
  }
  return FoldReceipts(env, store, chain.links().front().manifest->attempt, receipts_per_file);
}

}  // namespace semel::checkpoint
