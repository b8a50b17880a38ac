// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bugs on purpose, to prove that the simulation finds them. In the product every SEMEL_BUG is the constant false; only
// a build with SEMEL_PLANTED_BUGS (a test program of sim/) can switch one on.
#pragma once

#include <cstdint>

namespace semel::checkpoint {

enum class PlantedBug : uint8_t {
  kNone,
  kCommitBeforeManifest,        // the sink commits before the decision is durable
  kNoDirectorySync,             // the store's names are not made durable
  kBlindRetry,                  // a commit is repeated without looking at the marker
  kUnknownDiscardsStaged,       // an unknown outcome is treated as failure and the staged output deleted
  kRollForwardByEpoch,          // recovery commits by epoch number instead of parent links
  kStagedDeletedBeforeReceipt,  // retention runs ahead of the receipt
  kNoLookAfterManifest,         // the claims are not read between manifest and commit
  kNoSecondLook,                // the claims are not read after the pin
  kBaseNotPinned,               // a start does not write down what it continues from
  kCandidatesFromAnyone,        // the newest manifest wins, whoever wrote it
  kAdoptWithoutSync,            // a found manifest is not made durable
  kReceiptNotConfirmed,         // retention runs on a receipt that may be lost
  kClaimNotExclusive,           // two starts may have one generation
  kListBeforeClaim,             // the store is read before the claim
  kDiscardBeforePin,            // void attempts are discarded before the pin is effective
  kCommitOutOfOrder,            // a later epoch may be committed first
  kRollbackIgnored,             // a marker counts although its rows were rolled back
  kSweepUnreferenced,           // everything that the own manifests do not name is deleted
  kOtherVersion,                // the commit is made on another version than the one whose marker was read
  kMarkerInSummaryOnly,         // the marker goes with its snapshot when that expires
};

#ifdef SEMEL_PLANTED_BUGS
// Up to two at once: some bugs are masked by another wall. Set by the simulator before a run, read by everyone in it.
extern PlantedBug g_planted_bugs[2];
inline bool IsPlanted(PlantedBug bug) { return g_planted_bugs[0] == bug || g_planted_bugs[1] == bug; }
#define SEMEL_BUG(name) (::semel::checkpoint::IsPlanted(::semel::checkpoint::PlantedBug::name))
#else
#define SEMEL_BUG(name) false
#endif

}  // namespace semel::checkpoint
