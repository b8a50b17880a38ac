// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The way of an epoch, from the trigger to the receipt:
//
//   idle ─Trigger─► in flight ─OnSnapshot─► WriteManifest ─► durable, confirmed (R1) ─LookAtClaims─► DECIDED ─► commit
//   queue
//        commit strand: CommitAttempt ─► receipt ─► Chain::MarkCommitted ─► PruneStore ─► Dataflow::OnCommitted
//
// Invariants: K1 one barrier in flight at a time; K2 at most kMaxUncommitted attempts are decided and not committed
// (back-pressure on the trigger, and on the sources once the next one is due); K3 commits are made in chain order by
// one strand; K4 a manifest whose put was started is confirmed, or the process ends; K5 nothing is committed before the
// claims were read after the confirmation.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "checkpoint/api/dataflow.h"
#include "checkpoint/commit/committing.h"
#include "checkpoint/recovery/recovery.h"

namespace semel::checkpoint {

inline constexpr size_t kMaxUncommitted = 4;

struct CoordinatorOptions {
  Micros interval{1'000'000};
  Micros claim_poll{1'000'000};      // how often a quiet process looks whether it was superseded
  Micros stop_patience{60'000'000};  // how long a stop waits for its last checkpoint and for receipts
  size_t retained = 2;               // K
  size_t receipts_per_file = kReceiptsPerFile;
  std::string fingerprint;
};

// What is known of checkpoints and commits, for the status line and pages.
struct CheckpointStatus {
  std::optional<Attempt> last_checkpoint;
  int64_t last_checkpoint_micros = 0;
  std::optional<Attempt> last_commit;
  int64_t last_commit_micros = 0;
  uint64_t checkpoints = 0;
  uint64_t commits = 0;
  Books committed;                            // of the attempts that this run committed, added up
  std::optional<CommitProgress> open_commit;  // resolving or retrying
};

// How a run ended well.
enum class RunEnd : uint8_t { kFinished, kStopped };

// Drives one dataflow. Made by the job after recovery; Run is called once, from one strand; RequestStop and status from
// any.
class Coordinator final : public DataflowListener {
 public:
  Coordinator(env::Env& env, Store& store, Committers& committers, RecoveredStart start, CoordinatorOptions options);
  ~Coordinator() override;

  // Before anything is read on a first start: makes the sources' start positions durable as the lineage's first
  // checkpoint.
  Status WriteFirstCheckpoint(std::vector<SplitProgress> splits);

  // Triggers, decides and commits until the input ends, a stop is done, or something fails. Fenced: superseded (exit
  // code 3).
  Result<RunEnd> Run(Dataflow& dataflow);
  // A final checkpoint, then the end. Idempotent.
  void RequestStop();
  CheckpointStatus status();

  // For state snapshots: stores a segment under the next attempt's name. Thread-safe.
  Result<StateSegment> WriteSegment(Epoch epoch, const std::string& operator_id, std::string_view content);
  Result<std::string> ReadSegment(const StateSegment& segment);
  Generation generation() const { return generation_; }

  void OnSnapshot(EpochSnapshot snapshot) override;
  void OnFailure(Status status) override;
  void OnEndOfInput() override;

 private:
  enum class Phase : uint8_t { kRunning, kStopping };

  Result<ManifestPtr> WriteManifest(EpochSnapshot snapshot);
  Status HandleSnapshot(EpochSnapshot snapshot);
  void Trigger(BarrierKind kind);
  void HoldSources(bool held);
  Status CheckPatience(SteadyTime now) const;  // REQUIRES: mutex_ is held
  void CommitLoop();
  Status CommitOne(ManifestPtr manifest);
  void ShowOpenCommit(const CommitProgress& progress);
  Status PauseCommit(Micros duration);
  void Fail(Status status);
  Result<RunEnd> Finish(RunEnd end);
  Micros UntilNextDeadline(SteadyTime now) const;  // REQUIRES: mutex_ is held

  env::Env& env_;
  Store& store_;
  Committers& committers_;
  const CoordinatorOptions options_;
  const Generation generation_;
  const Lineage lineage_;
  ClaimWatch claims_;

  std::unique_ptr<env::Mutex> mutex_;
  std::unique_ptr<env::Condition> changed_;
  // Guarded by mutex_.
  std::deque<EpochSnapshot> snapshots_;
  std::deque<ManifestPtr> to_commit_;
  bool end_of_input_ = false;
  std::optional<SteadyTime> stop_deadline_;  // a stop was requested
  bool closed_ = false;
  Status failure_;
  Chain chain_;
  CheckpointStatus status_;
  std::map<std::string, std::optional<Marker>> expected_;
  uint64_t segment_number_ = 0;

  // Only the strand that runs Run.
  Dataflow* dataflow_ = nullptr;
  Phase phase_ = Phase::kRunning;
  bool sources_held_ = false;
  std::optional<Epoch> in_flight_;
  Epoch next_epoch_;
  SteadyTime next_trigger_;
  SteadyTime next_claim_look_;
};

}  // namespace semel::checkpoint
