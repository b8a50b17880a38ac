// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Makes one decided attempt visible in one sink. Invariants:
//   C1 a permit exists only for a manifest that was decided (the constructor's caller vouches for it: coordinator or
//   recovery); C2 every try is made on exactly the version whose marker was read by the same look; C3 an unknown
//   outcome is followed by another look, without limit of time, never by a deletion and never by a blind retry; C4
//   nothing is concluded from a strange marker before the claims have been read.
//
//   Run: ┌─► Look ─► DecideCommit ─ kCommit ─► SinkView::Commit ─ committed ─► done
//        │               │   │                      └─ rejected, unknown ─┐
//        └───────────────│───│──────────────────────────◄─────────────────┘
//                        │   └ kAlreadyCommitted ─► done
//                        └ kLookAtClaims ─► ClaimWatch::Look ─ superseded ─► Fenced · still mine ─► Corrupt
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "checkpoint/api/committer.h"
#include "checkpoint/commit/claim_watch.h"
#include "checkpoint/protocol/decisions.h"

namespace semel::checkpoint {

// What is visible of a commit that is still open, for the status line. Kept by the caller.
struct CommitProgress {
  std::string sink;
  Attempt attempt;
  int tries = 0;
  bool resolving = false;  // the last outcome was unknown
  std::string reason;
};

// How a caller follows a commit that takes long, and ends it. Both may be empty.
struct CommitHooks {
  std::function<void(const CommitProgress&)> on_progress;  // after a try that did not settle it
  // Waits between two tries, by default with a sleep. A failure ends the commit where it is: decided, left to the next
  // start.
  std::function<Status(Micros)> pause;
};

struct CommitReport {
  bool already_committed = false;  // an earlier try or process had done it
  std::string handle;
};

// A sink shows what it should not: Fenced if a successor is the reason, else a refusal that names both (C4). `before`
// says where, for the message: "before 7-2".
Status RefuseMarker(ClaimWatch& claims, const std::optional<Marker>& shown, bool live,
                    const std::optional<Marker>& expected, const std::string& before);

// Stateless but for what it was made from; one strand at a time.
class CommitDriver {
 public:
  CommitDriver(env::Env& env, ClaimWatch& claims, Committer& committer, CommitHooks hooks = {})
      : env_(env), claims_(claims), committer_(committer), hooks_(std::move(hooks)) {}

  // REQUIRES: `manifest` is decided and names `staged` with rows > 0. `later`: markers of this sink of later chain
  // attempts. A failure ends the pipeline: Fenced, Corrupt, Invalid, claims that cannot be read, or what the pause
  // returned.
  Result<CommitReport> Run(const Manifest& manifest, const SinkStaged& staged, const std::vector<Marker>& later);

 private:
  Status Pause(int tries);

  env::Env& env_;
  ClaimWatch& claims_;
  Committer& committer_;
  CommitHooks hooks_;
};

}  // namespace semel::checkpoint
