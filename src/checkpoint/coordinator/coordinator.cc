// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/coordinator/coordinator.h"

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/api/planted_bugs.h"
#include "checkpoint/format/records.h"
#include "checkpoint/format/sealed_file.h"
#include "checkpoint/retention/retention.h"
#include "codec/sha256.h"

namespace semel::checkpoint {

Coordinator::Coordinator(env::Env& env, Store& store, Committers& committers, RecoveredStart start,
                         CoordinatorOptions options)
    : env_(env),
      store_(store),
      committers_(committers),
      options_(std::move(options)),
      generation_(start.generation),
      lineage_(start.lineage),
      claims_(env, store, start.generation),
      mutex_(env.NewMutex()),
      changed_(env.NewCondition()),
      chain_(std::move(start.chain)),
      expected_(std::move(start.expected)) {
  next_epoch_ = chain_.empty() ? Epoch(1) : chain_.newest().attempt.epoch.Next();
}

Coordinator::~Coordinator() = default;

void Coordinator::OnSnapshot(EpochSnapshot snapshot) {
  env::MutexLock lock(*mutex_);
  snapshots_.push_back(std::move(snapshot));
  changed_->NotifyAll();
}

void Coordinator::OnFailure(Status status) { Fail(std::move(status)); }

void Coordinator::OnEndOfInput() {
  env::MutexLock lock(*mutex_);
  end_of_input_ = true;
  changed_->NotifyAll();
}

void Coordinator::RequestStop() {
  env::MutexLock lock(*mutex_);
  if (!stop_deadline_) stop_deadline_ = env_.Steady() + options_.stop_patience;
  changed_->NotifyAll();
}

CheckpointStatus Coordinator::status() {
  env::MutexLock lock(*mutex_);
  return status_;
}

void Coordinator::Fail(Status status) {
  env::MutexLock lock(*mutex_);
  if (failure_.ok()) failure_ = std::move(status);
  changed_->NotifyAll();
}

Result<StateSegment> Coordinator::WriteSegment(Epoch epoch, const std::string& operator_id, std::string_view content) {
  StateSegment segment;
  {
    env::MutexLock lock(*mutex_);
    segment.name = SegmentName({epoch, generation_}, ++segment_number_);
  }
  const std::string file = Seal(kSegmentMagic, content);
  segment.operator_id = operator_id;
  segment.bytes = file.size();
  segment.sha256 = codec::Sha256Hex(file);
  SEMEL_POINT(env_, "snapshot.segment.put.before");
  SEMEL_RETURN_IF_ERROR(PutConfirmed(env_, store_, segment.name, file));
  return segment;
}

Result<std::string> Coordinator::ReadSegment(const StateSegment& segment) {
  Result<std::string> content = store_.Get(segment.name);
  if (content.status().is(StatusKind::kNotFound))
    return claims_.Judge(Status::Corrupt(kMissingFile, fmt::format("'{}' is missing", segment.name),
                                         "restore the checkpoint folder from a backup"));
  if (!content.ok()) return content.status();
  if (content->size() != segment.bytes || codec::Sha256Hex(*content) != segment.sha256)
    return Status::Corrupt(kDamagedFile, fmt::format("'{}' is damaged: its digest does not fit", segment.name),
                           "restore the checkpoint folder from a backup");
  SEMEL_ASSIGN_OR_RETURN(const std::string_view payload, Unseal(kSegmentMagic, *content, segment.name));
  return std::string(payload);
}

Result<ManifestPtr> Coordinator::WriteManifest(EpochSnapshot snapshot) {
  auto manifest = std::make_shared<Manifest>();
  {
    env::MutexLock lock(*mutex_);
    manifest->parent = chain_.empty() ? Attempt{} : chain_.newest().attempt;
    manifest->ancestry = chain_.empty() ? std::vector<AncestryRange>{} : chain_.newest().ancestry;
    manifest->expected = expected_;
  }
  manifest->lineage = lineage_.uuid;
  manifest->attempt = {snapshot.epoch, generation_};
  manifest->fingerprint = options_.fingerprint;
  manifest->time_zone = lineage_.time_zone;
  manifest->created_micros = env_.Now().micros;
  manifest->snapshot = std::move(snapshot);
  manifest->ancestry = ExtendAncestry(std::move(manifest->ancestry), manifest->attempt);
  SEMEL_CHECK(manifest->parent.epoch < manifest->attempt.epoch, "epochs grow");
  if (SEMEL_BUG(kCommitBeforeManifest)) {
    env::MutexLock lock(*mutex_);
    to_commit_.push_back(manifest);
    changed_->NotifyAll();
  }
  const std::string bytes = EncodeManifest(*manifest);
  SEMEL_POINT(env_, "checkpoint.manifest_copy.put.before");
  SEMEL_RETURN_IF_ERROR(PutConfirmed(env_, store_, ManifestCopyName(manifest->attempt), bytes));
  SEMEL_POINT(env_, "checkpoint.manifest.put.before");
  SEMEL_RETURN_IF_ERROR(PutConfirmed(env_, store_, ManifestName(manifest->attempt), bytes));
  SEMEL_POINT(env_, "checkpoint.manifest.put.after");
  if (!SEMEL_BUG(kNoLookAfterManifest)) SEMEL_RETURN_IF_ERROR(claims_.Look());
  SEMEL_POINT(env_, "checkpoint.decided.after");
  return ManifestPtr(manifest);
}

Status Coordinator::HandleSnapshot(EpochSnapshot snapshot) {
  SEMEL_CHECK(in_flight_ && *in_flight_ == snapshot.epoch, "one barrier in flight");
  SEMEL_ASSIGN_OR_RETURN(ManifestPtr manifest, WriteManifest(std::move(snapshot)));
  in_flight_.reset();
  env::MutexLock lock(*mutex_);
  chain_.Append(manifest, false);
  for (auto& [sink, marker] : expected_) marker = manifest->MarkerAfter(sink);
  status_.last_checkpoint = manifest->attempt;
  status_.last_checkpoint_micros = env_.Now().micros;
  ++status_.checkpoints;
  if (!SEMEL_BUG(kCommitBeforeManifest)) {
    if (SEMEL_BUG(kCommitOutOfOrder)) {
      to_commit_.push_front(manifest);
    } else {
      to_commit_.push_back(manifest);
    }
  }
  changed_->NotifyAll();
  return Status::Ok();
}

Status Coordinator::WriteFirstCheckpoint(std::vector<SplitProgress> splits) {
  SEMEL_CHECK(chain_.empty(), "only a lineage without checkpoint gets a first one");
  EpochSnapshot snapshot;
  snapshot.epoch = next_epoch_;
  snapshot.splits = std::move(splits);
  in_flight_ = next_epoch_;
  next_epoch_ = next_epoch_.Next();
  return HandleSnapshot(std::move(snapshot));
}

void Coordinator::Trigger(BarrierKind kind) {
  in_flight_ = next_epoch_;
  next_epoch_ = next_epoch_.Next();
  next_trigger_ = env_.Steady() + options_.interval;
  dataflow_->TriggerBarrier(*in_flight_, kind);
}

Status Coordinator::CommitOne(ManifestPtr manifest) {
  Chain chain;
  {
    env::MutexLock lock(*mutex_);
    chain = chain_;
  }
  if (SEMEL_BUG(kStagedDeletedBeforeReceipt)) {
    chain.MarkCommitted(manifest->attempt);
    chain.Trim(1);
    for (const SinkStaged& staged : manifest->snapshot.sinks)
      (void)committers_.at(staged.sink)->Discard(lineage_.uuid, manifest->attempt.epoch, generation_);
  }
  SEMEL_ASSIGN_OR_RETURN(AttemptReport report, CommitAttempt(env_, store_, claims_, committers_, chain, *manifest,
                                                             {[this](const CommitProgress& p) { ShowOpenCommit(p); },
                                                              [this](Micros d) { return PauseCommit(d); }}));
  {
    env::MutexLock lock(*mutex_);
    chain_.MarkCommitted(report.attempt);
    chain_.Trim(options_.retained);
    status_.last_commit = report.attempt;
    status_.last_commit_micros = env_.Now().micros;
    ++status_.commits;
    for (const auto& [what, n] : manifest->snapshot.books) status_.committed[what] += n;
    status_.open_commit.reset();
    chain = chain_;
  }
  // What retention meets is met again next time: only being superseded or a damaged receipt ends the pipeline.
  const Status pruned = PruneStore(env_, store_, chain, generation_, options_.receipts_per_file);
  if (pruned.is(StatusKind::kFenced) || pruned.is(StatusKind::kCorrupt)) return pruned;
  return Status::Ok();
}

void Coordinator::ShowOpenCommit(const CommitProgress& progress) {
  if (progress.tries % 8 == 0)
    env_.Log(env::LogLevel::kWarning,
             fmt::format("{} attempt {} in {}, try {}: {}", progress.resolving ? "resolving" : "committing",
                         progress.attempt.ToString(), progress.sink, progress.tries, progress.reason));
  env::MutexLock lock(*mutex_);
  status_.open_commit = progress;
}

// A commit that does not succeed must not keep a process alive that has ended for another reason.
Status Coordinator::PauseCommit(Micros duration) {
  const SteadyTime until = env_.Steady() + duration;
  env::MutexLock lock(*mutex_);
  while (failure_.ok() && !closed_ && env_.Steady() < until) changed_->WaitFor(*mutex_, until - env_.Steady());
  return failure_.ok() && !closed_
             ? Status::Ok()
             : Status::Cancelled("the pipeline ends; the epoch is decided and will be committed by the next start");
}

void Coordinator::CommitLoop() {
  while (true) {
    ManifestPtr manifest;
    {
      env::MutexLock lock(*mutex_);
      while (to_commit_.empty() && !closed_ && failure_.ok()) changed_->Wait(*mutex_);
      if (!failure_.ok() || to_commit_.empty()) return;
      manifest = to_commit_.front();
      to_commit_.pop_front();
    }
    const Status done = CommitOne(manifest);
    if (!done.ok()) return Fail(done);
    dataflow_->OnCommitted(manifest->snapshot);
    env::MutexLock lock(*mutex_);
    changed_->NotifyAll();
  }
}

// Whatever else may change wakes the strand up.
Micros Coordinator::UntilNextDeadline(SteadyTime now) const {
  const bool waits_for_trigger = !in_flight_ && !sources_held_;
  const SteadyTime next = waits_for_trigger ? std::min(next_trigger_, next_claim_look_) : next_claim_look_;
  return std::max(Micros(1'000), std::min(next - now, Micros(1'000'000)));
}

void Coordinator::HoldSources(bool held) {
  if (std::exchange(sources_held_, held) != held) dataflow_->SetPaused(held);
}

// A finished pipeline has nothing better to do than to wait; a stop has somebody waiting for it.
Status Coordinator::CheckPatience(SteadyTime now) const {
  if (!stop_deadline_ || now < *stop_deadline_) return Status::Ok();
  const size_t open = chain_.uncommitted();
  return Status::Transient(
      kStillDecided,
      open > 0 ? fmt::format("{} epochs are decided and will be committed by the next start", open)
               : std::string("no last checkpoint came in time; the next start goes on from the one before"),
      "start again when the sink answers; nothing is lost");
}

Result<RunEnd> Coordinator::Finish(RunEnd end) {
  while (true) {
    if (!(env_.Steady() < next_claim_look_)) {
      next_claim_look_ = env_.Steady() + options_.claim_poll;
      SEMEL_RETURN_IF_ERROR(claims_.Look());
    }
    env::MutexLock lock(*mutex_);
    if (!failure_.ok()) return failure_;
    if (chain_.uncommitted() == 0) return end;
    SEMEL_RETURN_IF_ERROR(CheckPatience(env_.Steady()));
    changed_->WaitFor(*mutex_, Micros(200'000));
  }
}

Result<RunEnd> Coordinator::Run(Dataflow& dataflow) {
  dataflow_ = &dataflow;
  next_trigger_ = env_.Steady() + options_.interval;
  next_claim_look_ = env_.Steady() + options_.claim_poll;
  std::unique_ptr<env::Strand> committing = env_.Spawn("committer", [this] { CommitLoop(); });
  auto loop = [this]() -> Result<RunEnd> {
    while (true) {
      std::optional<EpochSnapshot> snapshot;
      bool may_trigger = false, stop = false, ended = false;
      {
        env::MutexLock lock(*mutex_);
        if (failure_.ok() && snapshots_.empty()) changed_->WaitFor(*mutex_, UntilNextDeadline(env_.Steady()));
        if (!failure_.ok()) return failure_;
        if (!snapshots_.empty()) {
          snapshot = std::move(snapshots_.front());
          snapshots_.pop_front();
        }
        if (!snapshot) SEMEL_RETURN_IF_ERROR(CheckPatience(env_.Steady()));
        may_trigger = chain_.uncommitted() < kMaxUncommitted;
        stop = stop_deadline_.has_value();
        ended = end_of_input_;
      }
      if (snapshot) {
        const bool finished = snapshot->finished;
        SEMEL_RETURN_IF_ERROR(HandleSnapshot(std::move(*snapshot)));
        if (finished) return Finish(RunEnd::kFinished);
        if (phase_ == Phase::kStopping) return Finish(RunEnd::kStopped);
      }
      const SteadyTime now = env_.Steady();
      if (!(now < next_claim_look_)) {
        next_claim_look_ = now + options_.claim_poll;
        SEMEL_RETURN_IF_ERROR(claims_.Look());
      }
      if (in_flight_) continue;
      if (ended) {
        Trigger(BarrierKind::kPeriodic);
      } else if (stop) {
        phase_ = Phase::kStopping;
        Trigger(BarrierKind::kStop);
      } else if (!(now < next_trigger_)) {
        HoldSources(!may_trigger);
        if (may_trigger) Trigger(BarrierKind::kPeriodic);
      }
    }
  };
  Result<RunEnd> end = loop();
  {
    env::MutexLock lock(*mutex_);
    if (!end.ok() && failure_.ok()) failure_ = end.status();
    closed_ = true;
    changed_->NotifyAll();
  }
  committing->Join();
  if (!end.ok()) return claims_.Judge(end.status());
  return end;
}

}  // namespace semel::checkpoint
