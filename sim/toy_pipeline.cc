// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/toy_pipeline.h"

#include "codec/bytes_io.h"

namespace semel::sim {

using checkpoint::EpochSnapshot;
using checkpoint::Marker;
using checkpoint::StateSegment;

ToyRecord RecordAt(uint64_t seed, int split, int64_t index) {
  Random random(seed * 1000003 + static_cast<uint64_t>(split) * 7919 + static_cast<uint64_t>(index));
  return {static_cast<int>(random.Below(kKeys)), static_cast<int64_t>(random.Below(100)) + 1};
}

namespace {

constexpr int64_t kGone = -1;
// State keys of windows come behind those of splits.
constexpr int kWindowKeys = 1000;
int WindowKey(int64_t index) { return kWindowKeys + static_cast<int>(index / kWindow); }

}  // namespace

std::vector<Row> OracleRows(const ToySource& source, size_t table) {
  std::vector<Row> rows;
  std::map<int64_t, int64_t> windows;
  for (int split = 0; split < kSplits; ++split) {
    std::map<int, int64_t> sums;
    for (int64_t i = 0; i < source.records; ++i) {
      const ToyRecord record = RecordAt(source.seed, split, i);
      windows[i / kWindow] += record.amount;
      const int64_t sum = sums[record.key] += record.amount;
      if (table == 0 || (table == 1 && record.key == 0)) rows.push_back({split, i, sum});
    }
  }
  if (table == 2)
    for (const auto& [window, sum] : windows) rows.push_back({kWindowSplit, window, sum});
  return rows;
}

ToyDataflow::ToyDataflow(env::Env& env, World& world, const ToySource& source, Tables tables,
                         checkpoint::Coordinator& coordinator, std::string lineage, Violations& violations,
                         const bool& stop_asked)
    : env_(env),
      world_(world),
      source_(source),
      tables_(tables),
      coordinator_(coordinator),
      lineage_(std::move(lineage)),
      violations_(violations),
      stop_asked_(stop_asked) {}

Status ToyDataflow::Restore(const EpochSnapshot& snapshot) {
  for (const checkpoint::SplitProgress& split : snapshot.splits)
    positions_[static_cast<size_t>(std::stoi(split.split))] = std::stoll(split.position);
  segments_ = snapshot.segments;
  for (const StateSegment& segment : segments_) {
    Result<std::string> content = coordinator_.ReadSegment(segment);
    for (int i = 0; i < 20 && content.status().is(StatusKind::kTransient); ++i) {
      env_.SleepFor(Micros(5'000));
      content = coordinator_.ReadSegment(segment);
    }
    if (content.status().is(StatusKind::kCorrupt)) violations_.Add("I7 " + content.status().ToString());
    if (!content.ok()) return content.status();
    codec::ByteReader reader(*content);
    while (!reader.at_end()) {
      const int key = static_cast<int>(reader.Varint());
      const int64_t sum = reader.Zigzag();
      if (sum == kGone) {
        sums_.erase(key);
      } else {
        sums_[key] = sum;
      }
    }
  }
  watermark_ = snapshot.watermarks.count("toy") > 0 ? snapshot.watermarks.at("toy") : 0;
  // What was committed up to the base has fired; a successor may have committed more by now.
  for (const Row& row : tables_[2]->CommittedRows(snapshot.epoch))
    if ((row.index + 1) * kWindow > watermark_) violations_.Add("I8 the watermark fell below a window that has fired");
  std::map<int, int64_t> truth;
  for (int split = 0; split < kSplits; ++split)
    for (int64_t i = 0; i < positions_[static_cast<size_t>(split)]; ++i) {
      const ToyRecord record = RecordAt(source_.seed, split, i);
      truth[split * kKeys + record.key] += record.amount;
      if ((i / kWindow + 1) * kWindow > watermark_) truth[WindowKey(i)] += record.amount;
    }
  if (truth != sums_) violations_.Add("I10 restored state differs from the oracle's at that position");
  return Status::Ok();
}

void ToyDataflow::Start() {
  strand_ = env_.Spawn("toy", [this] { Loop(); });
}

void ToyDataflow::Stop() {
  stopped_ = true;
  strand_->Join();
}

void ToyDataflow::TriggerBarrier(Epoch epoch, checkpoint::BarrierKind kind) {
  barrier_ = epoch;
  stopping_ = stopping_ || kind == checkpoint::BarrierKind::kStop;
}

// Upstream may forget what is acknowledged here.
void ToyDataflow::OnCommitted(const EpochSnapshot& snapshot) {
  for (const checkpoint::SinkStaged& staged : snapshot.sinks) {
    const std::vector<Marker>& markers = tables_[std::stoul(staged.sink)]->markers;
    const bool committed = std::any_of(markers.begin(), markers.end(), [&](const Marker& m) {
      return m.lineage == lineage_ && m.epoch == snapshot.epoch && m.generation == coordinator_.generation();
    });
    if (!committed) violations_.Add("I13 acknowledged before the commit");
  }
}

void ToyDataflow::Fire(int64_t watermark) {
  watermark_ = watermark;
  while (true) {
    auto window = sums_.lower_bound(kWindowKeys);
    if (window == sums_.end()) return;
    const int64_t number = window->first - kWindowKeys;
    if ((number + 1) * kWindow > watermark) return;
    pending_[2].push_back({kWindowSplit, number, window->second});
    dirty_[window->first] = kGone;
    sums_.erase(window);
  }
}

void ToyDataflow::ReadOne() {
  const size_t first = world_.random().Below(kSplits);
  for (size_t k = 0; k < kSplits; ++k) {
    const size_t split = (first + k) % kSplits;
    if (positions_[split] >= source_.records) continue;
    const int64_t index = positions_[split]++;
    const ToyRecord record = RecordAt(source_.seed, static_cast<int>(split), index);
    const int key = static_cast<int>(split) * kKeys + record.key;
    dirty_[key] = sums_[key] += record.amount;
    dirty_[WindowKey(index)] = sums_[WindowKey(index)] += record.amount;
    ++read_;
    if (LeastPosition() > watermark_) Fire(LeastPosition());
    for (size_t t = 0; t < 2; ++t)
      if (t == 0 || record.key == 0) pending_[t].push_back({static_cast<int>(split), index, sums_[key]});
    return;
  }
  if (!ended_) {
    ended_ = true;
    Fire(INT64_MAX);
    coordinator_.OnEndOfInput();
  }
}

Status ToyDataflow::Snapshot(Epoch epoch) {
  EpochSnapshot snapshot;
  snapshot.epoch = epoch;
  for (size_t split = 0; split < kSplits; ++split)
    snapshot.splits.push_back({"toy", std::to_string(split), std::to_string(positions_[split]), "", 0, ended_});
  snapshot.finished = ended_;
  snapshot.watermarks["toy"] = watermark_;
  snapshot.books["toy/read"] = std::exchange(read_, 0);
  const bool full = segments_.size() >= 3;
  const std::map<int, int64_t>& written = full ? sums_ : dirty_;
  if (!written.empty()) {
    codec::ByteWriter writer;
    for (const auto& [key, sum] : written) writer.Varint(static_cast<uint64_t>(key)), writer.Zigzag(sum);
    SEMEL_ASSIGN_OR_RETURN(StateSegment segment, coordinator_.WriteSegment(epoch, "toy", writer.bytes()));
    if (full) segments_.clear();
    segments_.push_back(std::move(segment));
    dirty_.clear();
  }
  snapshot.segments = segments_;
  for (size_t t = 0; t < tables_.size(); ++t) {
    if (pending_[t].empty()) continue;
    const std::string file = TableModel::FileName(lineage_, epoch.value, coordinator_.generation().value);
    SEMEL_POINT(env_, "prepare.model.stage.before");
    tables_[t]->Stage(file, pending_[t]);
    SEMEL_POINT(env_, "prepare.model.stage.after");
    snapshot.books[std::to_string(t) + "/written"] = static_cast<int64_t>(pending_[t].size());
    snapshot.sinks.push_back({std::to_string(t), {file}, pending_[t].size(), std::string(32, '0')});
    pending_[t].clear();
  }
  coordinator_.OnSnapshot(std::move(snapshot));
  return Status::Ok();
}

void ToyDataflow::Loop() {
  while (!stopped_) {
    if (barrier_) {
      const Epoch epoch = *barrier_;
      barrier_.reset();
      if (const Status s = Snapshot(epoch); !s.ok()) return coordinator_.OnFailure(s);
    } else if (!stopping_) {
      if (stop_asked_) coordinator_.RequestStop();
      if (!paused_) ReadOne();
    }
    env_.SleepFor(Micros(static_cast<int64_t>(1 + world_.random().Below(20'000))));
  }
}

}  // namespace semel::sim
