// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/scenario.h"

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/coordinator/coordinator.h"
#include "checkpoint/format/records.h"
#include "checkpoint/stores/local/local_store.h"
#include "sim/sim_env.h"
#include "sim/toy_pipeline.h"

namespace semel::sim {

namespace {

using namespace checkpoint;  // NOLINT: the scenario is about nothing else

constexpr char kRoot[] = "/store";

// Everything that outlives processes, and how one process runs.
class Scenario {
 public:
  Scenario(uint64_t seed, StoreKind kind, bool verbose) : world_(seed), kind_(kind) {
    for (auto& table : tables_) table = std::make_unique<TableModel>(world_, violations_);
    world_.verbose = verbose;
    source_.seed = seed;
    source_.records = 5 + static_cast<int64_t>(world_.random().Below(25));
    interval_ = Micros(5'000 + static_cast<int64_t>(world_.random().Below(60'000)));
    retained_ = 2 + world_.random().Below(2);
    if (world_.random().Chance(0.5)) receipts_per_file_ = 1 + world_.random().Below(5);
    for (auto& table : tables_) table->is_decided = [this](const Marker& marker) { return ManifestIsDurable(marker); };
  }

  ScenarioResult Run();

 private:
  void Main(Process* process);
  Result<RunEnd> RunEngine(Process* process, env::Env& env);
  void StartEngine();
  void DrawFaults();
  void MakeTrouble();
  void LosePower();
  bool ManifestIsDurable(const Marker& marker) const;
  void CheckEnd();
  void CheckStore();
  void CheckBooks(env::Env& env, Store& store);
  bool Finished() const { return finished_ > 0; }

  World world_;
  const StoreKind kind_;
  Violations violations_;
  SimDisk disk_;
  ObjectStoreModel objects_;
  std::array<std::unique_ptr<TableModel>, kTables> tables_;
  ToySource source_;
  Micros interval_{0};
  size_t retained_ = 2;
  size_t receipts_per_file_ = kReceiptsPerFile;
  uint64_t starts_ = 0;
  uint64_t crashes_ = 0;
  uint64_t superseded_ = 0;
  uint64_t rollbacks_ = 0;
  uint64_t refused_ = 0;  // starts that found a table rolled back
  int finished_ = 0;
};

bool Scenario::ManifestIsDurable(const Marker& marker) const {
  const std::string name = ManifestName({marker.epoch, marker.generation});
  return kind_ == StoreKind::kObjects ? objects_.objects.count(name) > 0
                                      : disk_.IsDurable(std::string(kRoot) + "/" + name);
}

Result<RunEnd> Scenario::RunEngine(Process* process, env::Env& env) {
  std::unique_ptr<Store> store = kind_ == StoreKind::kObjects
                                     ? objects_.OpenFor(world_, process)
                                     : std::unique_ptr<Store>(std::make_unique<LocalStore>(env, kRoot));
  Committers committers;
  for (size_t t = 0; t < tables_.size(); ++t) committers[std::to_string(t)] = tables_[t]->OpenFor(env, process);
  RecoveryOptions options;
  options.fingerprint = "toy";
  options.retained = retained_;
  SEMEL_ASSIGN_OR_RETURN(RecoveredStart start, Recover(env, *store, committers, options));
  if (start.finished) return RunEnd::kFinished;
  const std::string lineage = start.lineage.uuid;
  const bool first = start.chain.empty();
  EpochSnapshot base = first ? EpochSnapshot{} : start.chain.newest().snapshot;
  CoordinatorOptions coordinator_options;
  coordinator_options.interval = interval_;
  coordinator_options.claim_poll = Micros(500'000);
  coordinator_options.retained = retained_;
  coordinator_options.receipts_per_file = receipts_per_file_;
  coordinator_options.fingerprint = "toy";
  Coordinator coordinator(env, *store, committers, std::move(start), coordinator_options);
  ToyDataflow dataflow(env, world_, source_, {tables_[0].get(), tables_[1].get(), tables_[2].get()}, coordinator,
                       lineage, violations_, process->stop_asked);
  if (first) {
    std::vector<SplitProgress> splits;
    for (int s = 0; s < kSplits; ++s) splits.push_back({"toy", std::to_string(s), "0", "", 0, false});
    SEMEL_RETURN_IF_ERROR(coordinator.WriteFirstCheckpoint(std::move(splits)));
  } else {
    SEMEL_RETURN_IF_ERROR(dataflow.Restore(base));
  }
  dataflow.Start();
  Result<RunEnd> end = coordinator.Run(dataflow);
  dataflow.Stop();
  return end;
}

void Scenario::Main(Process* process) {
  std::unique_ptr<env::Env> env = MakeSimEnv(world_, process, disk_);
  const Result<RunEnd> end = RunEngine(process, *env);
  const Status& status = end.status();
  process->exit_reason = !status.ok() ? status.ToString() : *end == RunEnd::kFinished ? "finished" : "stopped";
  env->Log(env::LogLevel::kInfo, "exit: " + process->exit_reason);
  if (status.ok() && *end == RunEnd::kFinished) ++finished_;
  if (status.is(StatusKind::kFenced)) ++superseded_;
  const bool told = status.code() == kRolledBack && rollbacks_ > 0;
  if (told) ++refused_;
  if (status.is(StatusKind::kCorrupt) && !told)
    violations_.Add("I12 refused without a cause outside: " + status.ToString());
  if (status.is(StatusKind::kInternal)) violations_.Add("internal error: " + status.ToString());
}

void Scenario::StartEngine() {
  ++starts_;
  world_.StartProcess([this](Process* process) { Main(process); });
}

void Scenario::DrawFaults() {
  auto some = [this](double p) {
    return world_.random().Chance(0.6) ? p * static_cast<double>(world_.random().Below(4)) : 0;
  };
  Faults& faults = world_.faults();
  faults.crash_at_point = some(0.01);
  faults.pause_at_point = some(0.004);
  faults.error_at_point = some(0.004);
  faults.lost_answer = some(0.02);
  faults.late_apply = some(0.01);
  faults.busy = some(0.03);
}

void Scenario::LosePower() {
  for (Process* process : world_.Running()) {
    ++crashes_;
    world_.Kill(process);
  }
  disk_.LosePower(world_.random());
}

void Scenario::MakeTrouble() {
  std::vector<Process*> running = world_.Running();
  TableModel& table = *tables_[world_.random().Below(kTables)];
  switch (world_.random().Below(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (!running.empty()) {
        ++crashes_;
        world_.Kill(running[world_.random().Below(running.size())]);
      }
      break;
    case 4:
    case 5:
      if (!running.empty()) world_.Pause(running[world_.random().Below(running.size())]);
      break;
    case 6:
      for (Process* process : running)
        if (world_.random().Chance(0.5)) world_.Resume(process);
      break;
    case 7:
      if (kind_ == StoreKind::kLocal) LosePower();
      break;
    case 8:
      table.ForeignAppend();
      break;
    case 9:
      if (running.size() < 4) StartEngine();  // a takeover
      break;
    case 10:
      table.ForeignExpiry();
      break;
    case 11:
      table.ForeignRollback();
      rollbacks_ += table.rolled_back() ? 1 : 0;
      break;
    case 12:
      for (auto& any : tables_) any->UndoRollback();
      break;
    case 13:
      if (!running.empty()) running[world_.random().Below(running.size())]->stop_asked = true;
      break;
  }
  running = world_.Running();
  const bool anybody = std::any_of(running.begin(), running.end(), [](Process* p) { return !p->paused; });
  if (!anybody && running.size() < 4) StartEngine();
}

void Scenario::CheckStore() {
  // I16: what the newest chain names is all there. Recover again as a new process would, without faults, and read
  // everything.
  bool checked = false;
  world_.StartProcess([this, &checked](Process* process) {
    std::unique_ptr<env::Env> env = MakeSimEnv(world_, process, disk_);
    std::unique_ptr<Store> store = kind_ == StoreKind::kObjects
                                       ? objects_.OpenFor(world_, process)
                                       : std::unique_ptr<Store>(std::make_unique<LocalStore>(*env, kRoot));
    Committers committers;
    for (size_t t = 0; t < tables_.size(); ++t) committers[std::to_string(t)] = tables_[t]->OpenFor(*env, process);
    RecoveryOptions options;
    options.fingerprint = "toy";
    options.retained = retained_;
    Result<RecoveredStart> start = Recover(*env, *store, committers, options);
    if (!start.ok()) {
      violations_.Add("I16 the end cannot be recovered: " + start.status().ToString());
    } else {
      const Result<std::vector<env::FileInfo>> unfinished = env->files().List(std::string(kRoot) + "/tmp");
      if (kind_ == StoreKind::kLocal && unfinished.ok() && !unfinished->empty())
        violations_.Add("I16 half-written files stay: " + unfinished->front().name);
      if (!start->finished) violations_.Add("I11 the last checkpoint is not the finished one");
      CheckBooks(*env, *store);
      for (const Chain::Link& link : start->chain.links())
        for (const StateSegment& segment : link.manifest->snapshot.segments)
          if (!store->Get(segment.name).ok()) violations_.Add("I16 a retained checkpoint lacks " + segment.name);
    }
    checked = true;
  });
  world_.RunUntil(world_.now() + 60'000'000, [&checked] { return checked; });
  if (!checked) violations_.Add("I11 the final recovery does not end");
}

// I15: over all receipts, what the source read and what the sinks wrote is each counted once.
void Scenario::CheckBooks(env::Env& env, Store& store) {
  const Result<std::map<Attempt, Receipt>> receipts = ReadReceipts(env, store);
  if (!receipts.ok()) return violations_.Add("I15 the receipts cannot be read: " + receipts.status().ToString());
  Books total;
  for (const auto& [attempt, receipt] : *receipts)
    for (const auto& [what, count] : receipt.books) total[what] += count;
  Books expected{{"toy/read", kSplits * source_.records}};
  for (size_t t = 0; t < tables_.size(); ++t)
    if (const size_t rows = OracleRows(source_, t).size(); rows > 0)
      expected[std::to_string(t) + "/written"] = static_cast<int64_t>(rows);
  if (total != expected)
    violations_.Add(
        fmt::format("I15 the receipts' books do not close: {} read of {}", total["toy/read"], expected["toy/read"]));
}

void Scenario::CheckEnd() {
  for (size_t t = 0; t < tables_.size(); ++t) {
    std::vector<Row> expected = OracleRows(source_, t);
    std::vector<Row> rows = tables_[t]->CommittedRows();
    // I2: per split (and so per key) the order of commits is the order of records.
    std::map<int, int64_t> last;
    for (const Row& row : rows) {
      auto [it, first] = last.try_emplace(row.split, -1);
      if (row.index <= it->second) violations_.Add("I2 order of a key is not kept");
      it->second = row.index;
    }
    std::sort(rows.begin(), rows.end());
    std::sort(expected.begin(), expected.end());
    if (rows != expected)
      violations_.Add(
          fmt::format("I1 table {}: {} rows, {} expected (or sums differ, I3)", t, rows.size(), expected.size()));
    std::set<std::string> seen;
    for (const std::string& file : tables_[t]->LiveFiles())
      if (!seen.insert(file).second) violations_.Add("I5 an attempt was committed twice: " + file);
  }
}

ScenarioResult Scenario::Run() {
  DrawFaults();
  StartEngine();
  const uint64_t troubles = 3 + world_.random().Below(25);
  for (uint64_t i = 0; i < troubles; ++i) {
    world_.RunUntil(world_.now() + static_cast<int64_t>(world_.random().Below(150'000)), [this] { return Finished(); });
    if (Finished() && world_.random().Chance(0.7)) break;
    MakeTrouble();
  }
  // Quiet: faults end, rollbacks are undone, late wakers wake, one more start has to reach the end.
  world_.faults() = Faults();
  for (auto& table : tables_) table->UndoRollback();
  for (Process* process : world_.Running()) world_.Resume(process);
  if (!Finished()) StartEngine();
  const int64_t bound = world_.now() + 600'000'000;
  world_.RunUntil(bound, [this] { return world_.Running().empty(); });
  if (!Finished()) {
    // Everybody may have ended by an earlier fault; then a last start must do it alone.
    StartEngine();
    world_.RunUntil(world_.now() + 600'000'000, [this] { return world_.Running().empty(); });
  }
  world_.RunUntil(world_.now() + 10'000'000, [] { return false; });  // requests that are still under way arrive
  if (!Finished()) violations_.Add("I11 after the faults ended the pipeline did not finish");
  CheckEnd();
  CheckStore();
  CheckEnd();
  ScenarioResult result;
  result.violations = violations_.found;
  result.trace_hash = world_.trace_hash();
  for (const auto& [what, n] : world_.outcomes)
    if (what.size() > 7 && what.compare(what.size() - 7, 7, "/killed") == 0) crashes_ += n;
  result.cycles = std::min(crashes_, starts_);
  result.starts = starts_;
  result.superseded = superseded_;
  result.refused = refused_;
  result.steps = world_.steps();
  result.outcomes = world_.outcomes;
  return result;
}

}  // namespace

ScenarioResult RunScenario(uint64_t seed, StoreKind store, bool verbose) {
  return Scenario(seed, store, verbose).Run();
}

}  // namespace semel::sim
