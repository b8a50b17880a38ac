// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/commit/commit_driver.h"

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/api/planted_bugs.h"

namespace semel::checkpoint {

namespace {

bool IsRetried(const Status& status) { return status.is(StatusKind::kTransient) || status.is(StatusKind::kUnknown); }

}  // namespace

Status CommitDriver::Pause(int tries) {
  const int64_t base = 5'000ll << std::min(tries, 9);  // 5 ms … 2.5 s
  const Micros pause(base / 2 + static_cast<int64_t>(env_.Random() % static_cast<uint64_t>(base)));
  if (hooks_.pause) return hooks_.pause(pause);
  env_.SleepFor(pause);
  return Status::Ok();
}

Status RefuseMarker(ClaimWatch& claims, const std::optional<Marker>& shown, bool live,
                    const std::optional<Marker>& expected, const std::string& before) {
  SEMEL_RETURN_IF_ERROR(claims.Look());
  const std::string found = shown ? shown->ToString() : "no marker";
  if (!live)
    return Status::Corrupt(
        kRolledBack,
        fmt::format("the sink shows {}, but that commit is no longer part of it: it was rolled back", found),
        "undo the rollback, or start over with `semel run --fresh --append-again`");
  return Status::Corrupt(
      kMarkerMismatch,
      fmt::format("the sink shows {}, expected was {} {}", found, expected ? expected->ToString() : "no marker",
                  before),
      "somebody else wrote as this pipeline, or the sink or the checkpoint folder was restored from a backup; "
      "`semel verify` shows which rows are there");
}

Result<CommitReport> CommitDriver::Run(const Manifest& manifest, const SinkStaged& staged,
                                       const std::vector<Marker>& later) {
  const Marker mine = manifest.MarkerOf(staged);
  SEMEL_CHECK(staged.rows > 0, "an epoch without rows needs no commit");
  const auto expected_entry = manifest.expected.find(staged.sink);
  SEMEL_CHECK(expected_entry != manifest.expected.end(), "the manifest names what its sinks are expected to show");
  const std::optional<Marker> expected = expected_entry->second;
  const CommitPermit permit(mine);
  const Committable committable{mine, staged.payloads};
  CommitProgress progress{staged.sink, manifest.attempt, 0, false, {}};
  while (true) {
    ++progress.tries;
    SEMEL_POINT(env_, "commit.sink.look.before");
    Result<std::unique_ptr<SinkView>> view = committer_.Look();
    if (!view.ok()) {
      if (!IsRetried(view.status())) return view.status();
      progress.reason = view.status().ToString();
    } else {
      SinkView& look = **view;
      switch (DecideCommit(look.marker(), look.marker_is_live(), expected, mine, later)) {
        case CommitDecision::kAlreadyCommitted:
          return CommitReport{true, {}};
        case CommitDecision::kLookAtClaims:
          return RefuseMarker(claims_, look.marker(), look.marker_is_live(), expected, "before " + mine.ToString());
        case CommitDecision::kCommit:
          break;
      }
      SEMEL_POINT(env_, "commit.sink.try.before");
      CommitResult result = look.Commit(permit, committable);
      if (result.outcome == CommitOutcome::kCommitted) {
        SEMEL_POINT(env_, "commit.sink.try.after");
        return CommitReport{false, std::move(result.handle)};
      }
      if (result.outcome == CommitOutcome::kRejected && !result.reason.ok() && !IsRetried(result.reason))
        return result.reason;
      if (SEMEL_BUG(kUnknownDiscardsStaged) && result.outcome == CommitOutcome::kUnknown)
        (void)committer_.Discard(mine.lineage, mine.epoch, mine.generation);
      progress.resolving = result.outcome == CommitOutcome::kUnknown;
      progress.reason = result.reason.ToString();
    }
    if (hooks_.on_progress) hooks_.on_progress(progress);
    // A process that cannot commit for long may have been superseded meanwhile.
    if (progress.tries % 4 == 0) SEMEL_RETURN_IF_ERROR(claims_.Look());
    SEMEL_RETURN_IF_ERROR(Pause(progress.tries));
  }
}

}  // namespace semel::checkpoint
