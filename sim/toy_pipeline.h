// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The smallest pipeline that can go wrong in every way the protocol guards against: a replayable source of two splits,
// running sums per key and sums per window of both splits as incremental state, three tables.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "checkpoint/coordinator/coordinator.h"
#include "sim/models.h"

namespace semel::sim {

inline constexpr int kSplits = 2;
inline constexpr int kKeys = 3;
inline constexpr int64_t kWindow = 4;         // records of each split; a record's index is its event time
inline constexpr int kWindowSplit = kSplits;  // the split of rows that windows emit
inline constexpr size_t kTables = 3;          // every record, records of key 0, windows
using Tables = std::array<TableModel*, kTables>;

// Record `index` of `split`: its key and amount, the same at every replay.
struct ToyRecord {
  int key;
  int64_t amount;
};
ToyRecord RecordAt(uint64_t seed, int split, int64_t index);

// Per split how many records there are in all.
struct ToySource {
  uint64_t seed = 0;
  int64_t records = 0;
};

// The dataflow of one process: reads a record now and then, answers barriers.
class ToyDataflow final : public checkpoint::Dataflow {
 public:
  ToyDataflow(env::Env& env, World& world, const ToySource& source, Tables tables, checkpoint::Coordinator& coordinator,
              std::string lineage, Violations& violations, const bool& stop_asked);
  // From the base's snapshot; its segments are read through the coordinator. The sums are compared with the oracle
  // (I10).
  Status Restore(const checkpoint::EpochSnapshot& snapshot);
  void Start();
  void Stop();  // ends the strand and joins it

  void TriggerBarrier(Epoch epoch, checkpoint::BarrierKind kind) override;
  void OnCommitted(const checkpoint::EpochSnapshot& snapshot) override;
  void SetPaused(bool paused) override { paused_ = paused; }

 private:
  void Loop();
  void ReadOne();
  void Fire(int64_t watermark);
  int64_t LeastPosition() const { return *std::min_element(positions_.begin(), positions_.end()); }
  Status Snapshot(Epoch epoch);

  env::Env& env_;
  World& world_;
  const ToySource& source_;
  const Tables tables_;
  checkpoint::Coordinator& coordinator_;
  const std::string lineage_;
  Violations& violations_;
  std::unique_ptr<env::Strand> strand_;
  std::optional<Epoch> barrier_;
  bool stopped_ = false;
  bool stopping_ = false;  // behind a kStop barrier nothing is read
  bool ended_ = false;
  bool paused_ = false;
  const bool& stop_asked_;
  std::array<int64_t, kSplits> positions_{};
  int64_t watermark_ = 0;         // every record of a smaller index has been read; windows that end there have fired
  int64_t read_ = 0;              // in this epoch
  std::map<int, int64_t> sums_;   // by split and key, and by window
  std::map<int, int64_t> dirty_;  // what changed since the last snapshot; kGone: no longer there
  std::vector<checkpoint::StateSegment> segments_;
  std::array<std::vector<Row>, kTables> pending_;
};

// What table `table` has to hold. Rows of both splits read alternately cannot be told in advance, so a row's sum is
// checked against its own split order: sums are kept per (split, key).
std::vector<Row> OracleRows(const ToySource& source, size_t table);

}  // namespace semel::sim
