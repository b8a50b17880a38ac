// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/dataflow.h"

#include <algorithm>

#include "columnar/row_digest.h"
#include "runtime/worker.h"

namespace semel::runtime {

using checkpoint::EpochSnapshot;
using checkpoint::SinkStaged;
using checkpoint::SplitProgress;
using checkpoint::StateSegment;

namespace {

// The graph of one job. Workers hand their part of an epoch to the snapshot strand, which writes segments, finishes
// what the sinks prepared, and reports the epoch once every worker's part is durable.
class ThreadedDataflow final : public RunningDataflow {
 public:
  ThreadedDataflow(const DataflowParts& parts, const DataflowOptions& options)
      : parts_(parts), options_(options), mutex_(parts.env->NewMutex()), work_(*parts.env, 64) {}
  ~ThreadedDataflow() override = default;

  Status Start(const EpochSnapshot& base);
  void TriggerBarrier(Epoch epoch, checkpoint::BarrierKind kind) override;
  void OnCommitted(const EpochSnapshot& snapshot) override;
  void SetPaused(bool paused) override;
  void AddSplits(const std::string& source, const std::vector<SplitProgress>& splits) override;
  DataflowStatus status() override;
  void Stop() override;

 private:
  struct Collected {
    EpochSnapshot snapshot;
    std::map<std::string, columnar::RowDigest> digests;
    uint32_t workers = 0;
  };
  void SnapshotLoop();
  Status MakeDurable(uint32_t worker, WorkerSnapshot part);
  Status WriteParts(uint32_t worker, WorkerSnapshot& part, EpochSnapshot& snapshot);
  Status FinishSinks(WorkerSnapshot& part, Collected& collected);
  void WorkerEnded();

  const DataflowParts parts_;
  const DataflowOptions options_;
  std::map<const plan::PhysicalNode*, std::unique_ptr<ExchangeChannels>> channels_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<env::Mutex> mutex_;
  uint32_t ended_workers_ = 0;                 // guarded by mutex_
  std::map<Epoch, bool> finished_at_trigger_;  // guarded by mutex_
  size_t next_worker_ = 0;

  struct Work {
    uint32_t worker = 0;
    WorkerSnapshot part;
  };
  env::BoundedQueue<Work> work_;
  std::unique_ptr<env::Strand> snapshot_strand_;
  // Only the snapshot strand.
  std::map<Epoch, Collected> collecting_;
  std::map<std::string, std::vector<StateSegment>> live_;  // "operator/worker/stream" → segments that a restore needs
  bool running_ = false;
};

Status ThreadedDataflow::Start(const EpochSnapshot& base) {
  Worker::Callbacks callbacks;
  callbacks.on_snapshot = [this](uint32_t worker, WorkerSnapshot part) { work_.Push({worker, std::move(part)}); };
  callbacks.on_end = [this](uint32_t) { WorkerEnded(); };
  callbacks.on_failure = [this](Status status) { parts_.listener->OnFailure(std::move(status)); };
  std::vector<env::Parker*> parkers;
  for (uint32_t w = 0; w < options_.workers; ++w) {
    workers_.push_back(std::make_unique<Worker>(parts_, options_, w, callbacks));
    parkers.push_back(&workers_.back()->parker());
  }
  std::map<std::string, std::vector<SplitProgress>> splits;
  for (const SplitProgress& split : base.splits) splits[split.source].push_back(split);
  for (auto& worker : workers_) {
    SEMEL_RETURN_IF_ERROR(worker->Build(channels_, parkers, splits));
    SEMEL_RETURN_IF_ERROR(worker->Restore(base));
  }
  snapshot_strand_ = parts_.env->Spawn("snapshots", [this] { SnapshotLoop(); });
  for (auto& worker : workers_) worker->Start();
  running_ = true;
  return Status::Ok();
}

void ThreadedDataflow::Stop() {
  if (!running_) return;
  running_ = false;
  for (auto& worker : workers_) worker->Stop();
  work_.Close();
  snapshot_strand_->Join();
}

void ThreadedDataflow::TriggerBarrier(Epoch epoch, checkpoint::BarrierKind kind) {
  {
    env::MutexLock lock(*mutex_);
    finished_at_trigger_[epoch] = ended_workers_ == options_.workers;
  }
  for (auto& worker : workers_) worker->Trigger(epoch, kind);
}

void ThreadedDataflow::OnCommitted(const EpochSnapshot& snapshot) {
  std::map<std::string, std::vector<SplitProgress>> splits;
  for (const SplitProgress& split : snapshot.splits) splits[split.source].push_back(split);
  for (auto& [id, source] : parts_.sources)
    if (const Status status = source->Acknowledge(splits[id]); !status.ok())
      parts_.env->Log(env::LogLevel::kWarning, "acknowledging upstream: " + status.ToString());
}

void ThreadedDataflow::SetPaused(bool paused) {
  for (auto& worker : workers_) worker->SetPaused(paused);
}

void ThreadedDataflow::AddSplits(const std::string& source, const std::vector<SplitProgress>& splits) {
  for (const SplitProgress& split : splits) workers_[next_worker_++ % workers_.size()]->AddSplits(source, {split});
}

DataflowStatus ThreadedDataflow::status() {
  DataflowStatus total;
  total.records_behind = 0;
  for (auto& worker : workers_) {
    const DataflowStatus part = worker->status();
    total.rows_in += part.rows_in;
    total.rows_out += part.rows_out;
    total.late += part.late;
    total.records_behind =
        part.records_behind < 0 || total.records_behind < 0 ? -1 : total.records_behind + part.records_behind;
    if (!part.held_by.empty() && (total.held_by.empty() || part.watermark < total.watermark)) {
      total.watermark = part.watermark;
      total.held_by = part.held_by;
      total.held_silent_micros = part.held_silent_micros;
    }
  }
  return total;
}

void ThreadedDataflow::WorkerEnded() {
  bool all = false;
  {
    env::MutexLock lock(*mutex_);
    all = ++ended_workers_ == options_.workers;
  }
  if (all) parts_.listener->OnEndOfInput();
}

Status ThreadedDataflow::WriteParts(uint32_t worker, WorkerSnapshot& part, EpochSnapshot& snapshot) {
  for (WorkerSnapshot::OperatorPart& op : part.parts) {
    std::vector<StateSegment>& live = live_[fmt::format("{}/{}/{}", op.operator_id, worker, op.part.stream)];
    if (op.part.replaces) live.clear();
    SEMEL_ASSIGN_OR_RETURN(StateSegment segment, parts_.write_segment(part.epoch, op.operator_id, op.part.content));
    segment.kind = op.part.stream;
    segment.sequence = part.epoch.value;
    segment.last_key_group = 127;
    live.push_back(std::move(segment));
  }
  for (const auto& [id, watermark] : part.watermarks) {
    auto [it, first] = snapshot.watermarks.emplace(id, watermark);
    if (!first) it->second = std::min(it->second, watermark);
  }
  for (const auto& [what, n] : part.books) snapshot.books[what] += n;
  snapshot.splits.insert(snapshot.splits.end(), part.splits.begin(), part.splits.end());
  return Status::Ok();
}

Status ThreadedDataflow::FinishSinks(WorkerSnapshot& part, Collected& collected) {
  for (WorkerSnapshot::Staged& staged : part.staged) {
    SEMEL_ASSIGN_OR_RETURN(connectors::StagedOutput output, staged.task());
    if (staged.sink.empty() || output.rows == 0) continue;
    auto& sinks = collected.snapshot.sinks;
    auto entry = std::find_if(sinks.begin(), sinks.end(), [&](const SinkStaged& s) { return s.sink == staged.sink; });
    if (entry == sinks.end()) entry = sinks.insert(sinks.end(), SinkStaged{staged.sink, {}, 0, {}});
    entry->payloads.push_back(std::move(output.payload));
    entry->rows += output.rows;
    SEMEL_ASSIGN_OR_RETURN(columnar::RowDigest digest, columnar::RowDigest::Parse(output.digest));
    columnar::RowDigest& sum = collected.digests[staged.sink];
    sum.Add(digest);
    entry->digest = sum.ToString();
  }
  return Status::Ok();
}

Status ThreadedDataflow::MakeDurable(uint32_t worker, WorkerSnapshot part) {
  Collected& collected = collecting_[part.epoch];
  SEMEL_POINT(*parts_.env, "snapshot.worker.write.before");
  SEMEL_RETURN_IF_ERROR(WriteParts(worker, part, collected.snapshot));
  SEMEL_RETURN_IF_ERROR(FinishSinks(part, collected));
  SEMEL_POINT(*parts_.env, "snapshot.worker.write.after");
  if (++collected.workers < options_.workers) return Status::Ok();
  EpochSnapshot snapshot = std::move(collected.snapshot);
  collecting_.erase(part.epoch);
  snapshot.epoch = part.epoch;
  for (const auto& [key, segments] : live_)
    snapshot.segments.insert(snapshot.segments.end(), segments.begin(), segments.end());
  {
    env::MutexLock lock(*mutex_);
    snapshot.finished = finished_at_trigger_[part.epoch];
    finished_at_trigger_.erase(part.epoch);
  }
  parts_.listener->OnSnapshot(std::move(snapshot));
  return Status::Ok();
}

void ThreadedDataflow::SnapshotLoop() {
  while (std::optional<Work> work = work_.Pop()) {
    const Status done = MakeDurable(work->worker, std::move(work->part));
    if (!done.ok()) {
      work_.Close();  // nobody takes any more: a worker that hands its part over must not wait
      parts_.listener->OnFailure(done);
      return;
    }
  }
}

}  // namespace

Result<std::unique_ptr<RunningDataflow>> StartDataflow(const DataflowParts& parts, const DataflowOptions& options,
                                                       const EpochSnapshot& base) {
  auto dataflow = std::make_unique<ThreadedDataflow>(parts, options);
  SEMEL_RETURN_IF_ERROR(dataflow->Start(base));
  return std::unique_ptr<RunningDataflow>(std::move(dataflow));
}

}  // namespace semel::runtime
