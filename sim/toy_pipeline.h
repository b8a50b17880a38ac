// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The smallest pipeline that can go wrong in every way the protocol guards against: a replayable source of two splits, running sums
// per key as incremental state, two tables.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "checkpoint/coordinator/coordinator.h"
#include "sim/models.h"

namespace semel::sim {

inline constexpr int kSplits = 2;
inline constexpr int kKeys = 3;

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
  ToyDataflow(env::Env& env, World& world, const ToySource& source, std::array<TableModel*, 2> tables, checkpoint::Coordinator& coordinator,
              std::string lineage, Violations& violations);
  // From the base's snapshot; its segments are read through the coordinator. The sums are compared with the oracle (I10).
  Status Restore(const checkpoint::EpochSnapshot& snapshot);
  void Start();
  void Stop();  // ends the strand and joins it

  void TriggerBarrier(Epoch epoch, checkpoint::BarrierKind kind) override;
  void OnCommitted(const checkpoint::EpochSnapshot& snapshot) override;

 private:
  void Loop();
  void ReadOne();
  Status Snapshot(Epoch epoch);

  env::Env& env_;
  World& world_;
  const ToySource& source_;
  std::array<TableModel*, 2> tables_;
  checkpoint::Coordinator& coordinator_;
  const std::string lineage_;
  Violations& violations_;
  std::unique_ptr<env::Strand> strand_;
  std::optional<Epoch> barrier_;
  bool stopped_ = false;
  bool stopping_ = false;  // behind a kStop barrier nothing is read
  bool ended_ = false;
  std::array<int64_t, kSplits> positions_{};
  std::map<int, int64_t> sums_;
  std::map<int, int64_t> dirty_;
  std::vector<checkpoint::StateSegment> segments_;
  std::array<std::vector<Row>, 2> pending_;
};

// The truth: rows of both splits read alternately cannot be told in advance, so a row's sum is checked against its own split order:
// sums are kept per (split, key).
std::vector<Row> OracleRows(const ToySource& source);

}  // namespace semel::sim
