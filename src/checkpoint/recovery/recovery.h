// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A start of the engine, in the order that makes it safe (docs/protocols/exactly_once.md, "Recovery"):
//   1 Claim      a generation by exclusive create
//   2 Fence      every sink that can be fenced
//   3 Choose     only now list pins and manifests: ChooseBase
//   4 Adopt, pin make the base durable (R2), pin it, then look at the claims again (R3): only now is the pin effective
//   5 Resolve    roll forward the chain's open attempts, oldest first; discard void ones
//   6 (the caller restores state, seeks sources, runs)
// Invariants: nothing is committed, discarded or deleted before step 4 is over; nothing that cannot be read is skipped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/commit/committing.h"

namespace semel::checkpoint {

struct RecoveryOptions {
  // Of the script as it is now; behind it a line "<name> <identity>" per table that could be replaced by another one.
  std::string fingerprint;
  std::string time_zone;                // for a new lineage; a restored one keeps its own
  size_t retained = 2;                  // K
  bool fresh = false;                   // start a new lineage after rolling the old one forward
  bool append_again = false;            // a new lineage may write to sinks that hold rows of this pipeline
  std::string state = "this pipeline";  // for messages: "'shop' in /srv/.semel/shop"
  // Whether a claim's process could still be running; false must be certain. Empty: it could.
  std::function<bool(const std::string& process)> may_run;
  std::function<void(const std::string&)> narrate;  // one line per thing that a user may want to know
  CommitHooks commit_hooks;
};

// Where a start stands after recovery.
struct RecoveredStart {
  Generation generation;
  Lineage lineage;
  Chain chain;                                            // empty: the lineage has no checkpoint yet
  std::vector<AttemptReport> resolved;                    // attempts that were in doubt, oldest first
  bool finished = false;                                  // the chain's newest attempt ended the pipeline
  std::map<std::string, std::optional<Marker>> expected;  // per sink, what it shows now
  uint64_t healed_manifests = 0;
};

// Runs steps 1–5. Fenced: a newer start won. Corrupt and Invalid name the file or sink and what settles it.
Result<RecoveredStart> Recover(env::Env& env, Store& store, Committers& committers, const RecoveryOptions& options);

// Whether the pipeline's newest checkpoint was made by this script, as far as that can be read: what a start would say
// of it. Changes nothing.
Status CheckScript(Store& store, const std::string& fingerprint);

// Reads a manifest; one that is damaged or missing its tail is replaced by its copy, which `healed` then says.
Result<Manifest> ReadManifest(Store& store, const Attempt& attempt, bool& healed);

}  // namespace semel::checkpoint
