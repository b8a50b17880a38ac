// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// One decided attempt → every sink committed → receipt. The same code rolls forward at a recovery and commits while
// running.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "checkpoint/commit/chain.h"
#include "checkpoint/commit/commit_driver.h"

namespace semel::checkpoint {

// The committers of a job by sink id. Owned by the job, used by one strand at a time.
using Committers = std::map<std::string, std::unique_ptr<Committer>>;

struct AttemptReport {
  Attempt attempt;
  std::map<std::string, CommitReport> sinks;
};

// Commits every sink of `manifest` that staged rows, in order, then puts and confirms the receipt. Errors end the
// pipeline.
Result<AttemptReport> CommitAttempt(env::Env& env, Store& store, ClaimWatch& claims, Committers& committers,
                                    const Chain& chain, const Manifest& manifest, const CommitHooks& hooks);

// Receipts are kept; once there are `per_file` single ones of attempts before `newest`, they are folded into
// one file.
inline constexpr size_t kReceiptsPerFile = 1000;
Status FoldReceipts(env::Env& env, Store& store, const Attempt& newest, size_t per_file = kReceiptsPerFile);

// All receipts in the store, by attempt.
Result<std::map<Attempt, Receipt>> ReadReceipts(env::Env& env, Store& store);

}  // namespace semel::checkpoint
