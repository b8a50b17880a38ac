// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/models.h"

#include <algorithm>

#include "base/text.h"
#include "checkpoint/api/planted_bugs.h"

namespace semel::sim {

using checkpoint::CommitOutcome;
using checkpoint::CommitResult;
using checkpoint::Committable;
using checkpoint::Marker;

namespace {

inline constexpr ErrorCode kModel{6902, ExitCode::kUnavailable, "simulated service error"};

Status NoAnswer() { return Status::Unknown(kModel, "no answer", "none"); }

class ModelStore final : public checkpoint::Store {
 public:
  ModelStore(ObjectStoreModel& model, World& world, Process* process)
      : model_(model), world_(world), process_(process) {}

  Status PutIfAbsent(const std::string& name, std::string_view content) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    Random& random = world_.random();
    if (random.Chance(world_.faults().late_apply)) {
      // The request is on its way; it arrives whether or not anybody still waits.
      world_.Later(static_cast<int64_t>(random.Below(3'000'000)),
                   [&model = model_, name, text = std::string(content)] { model.objects.try_emplace(name, text); });
      return NoAnswer();
    }
    if (random.Chance(world_.faults().lost_answer)) {
      if (random.Chance(0.5)) model_.objects.try_emplace(name, content);
      return NoAnswer();
    }
    const bool created = model_.objects.try_emplace(name, content).second;
    world_.Yield();
    return created ? Status::Ok() : Status::Exists(kModel, name + " exists");
  }
  Result<std::string> Get(const std::string& name) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    if (world_.random().Chance(world_.faults().lost_answer)) return Status::Transient(kModel, "no answer", "none");
    auto it = model_.objects.find(name);
    if (it == model_.objects.end()) return Status::NotFound(kModel, "no " + name);
    return it->second;
  }
  Result<std::vector<std::string>> List(const std::string& prefix) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    if (world_.random().Chance(world_.faults().lost_answer)) return Status::Transient(kModel, "no answer", "none");
    std::vector<std::string> names;
    for (auto it = model_.objects.lower_bound(prefix); it != model_.objects.end() && it->first.rfind(prefix, 0) == 0;
         ++it)
      names.push_back(it->first);
    return names;
  }
  Status Remove(const std::string& name) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    model_.objects.erase(name);
    return Status::Ok();
  }
  Status MakeDurable(const std::string&) override { return Status::Ok(); }

 private:
  ObjectStoreModel& model_;
  World& world_;
  Process* process_;
};

class ModelView final : public checkpoint::SinkView {
 public:
  ModelView(TableModel& table, env::Env& env, Process* process)
      : table_(table),
        env_(env),
        process_(process),
        version_(table.version),
        marker_(SEMEL_BUG(kMarkerInSummaryOnly) && !table.MarkerIsListed() ? std::nullopt : table.marker),
        live_(table.MarkerIsLive()) {}
  const std::optional<Marker>& marker() const override { return marker_; }
  bool marker_is_live() const override { return live_; }

  CommitResult Commit(const checkpoint::CommitPermit&, const Committable& committable) override {
    if (!process_->alive) return {CommitOutcome::kUnknown, Status::Cancelled(), {}};
    if (Status s = env_.Point("commit.model.swap.before"); !s.ok()) return {CommitOutcome::kUnknown, s, {}};
    World& world = table_.world();
    Random& random = world.random();
    if (SEMEL_BUG(kOtherVersion)) version_ = table_.version;
    if (random.Chance(world.faults().busy))
      return {CommitOutcome::kRejected, Status::Transient(kModel, "busy", "none"), {}};
    if (random.Chance(world.faults().late_apply)) {
      world.Later(static_cast<int64_t>(random.Below(3'000'000)),
                  [&table = table_, version = version_, committable] { table.Apply(version, committable); });
      return {CommitOutcome::kUnknown, NoAnswer(), {}};
    }
    if (random.Chance(world.faults().lost_answer)) {
      if (random.Chance(0.5)) table_.Apply(version_, committable);
      return {CommitOutcome::kUnknown, NoAnswer(), {}};
    }
    const bool applied = table_.Apply(version_, committable);
    if (Status s = env_.Point("commit.model.swap.after"); !s.ok()) return {CommitOutcome::kUnknown, s, {}};
    if (!applied) return {CommitOutcome::kRejected, Status::Transient(kModel, "another version", "none"), {}};
    return {CommitOutcome::kCommitted, Status::Ok(), "version"};
  }

 private:
  TableModel& table_;
  env::Env& env_;
  Process* process_;
  uint64_t version_;
  std::optional<Marker> marker_;
  bool live_;
};

class ModelCommitter final : public checkpoint::Committer {
 public:
  ModelCommitter(TableModel& table, env::Env& env, Process* process) : table_(table), env_(env), process_(process) {}
  Status Fence(Generation) override { return Status::Ok(); }
  Result<std::unique_ptr<checkpoint::SinkView>> Look() override {
    if (!process_->alive) return Status::Cancelled();
    table_.world().Yield();
    if (table_.world().random().Chance(table_.world().faults().lost_answer)) return NoAnswer();
    std::unique_ptr<checkpoint::SinkView> view = std::make_unique<ModelView>(table_, env_, process_);
    table_.world().Yield();
    return view;
  }
  Status Discard(const std::string& lineage, Epoch epoch, Generation generation) override {
    if (!process_->alive) return Status::Cancelled();
    table_.world().Yield();
    table_.staged.erase(TableModel::FileName(lineage, epoch.value, generation.value));
    return Status::Ok();
  }
  Result<std::vector<StagedAttempt>> ListStaged() override {
    if (!process_->alive) return Status::Cancelled();
    table_.world().Yield();
    std::vector<StagedAttempt> attempts;
    for (const auto& [file, rows] : table_.staged) {
      const std::vector<std::string> parts = Split(file, '/');
      attempts.push_back({parts[0], Epoch(std::stoull(parts[1])), Generation(std::stoull(parts[2]))});
    }
    return attempts;
  }

 private:
  TableModel& table_;
  env::Env& env_;
  Process* process_;
};

}  // namespace

std::unique_ptr<checkpoint::Store> ObjectStoreModel::OpenFor(World& world, Process* process) {
  return std::make_unique<ModelStore>(*this, world, process);
}

std::unique_ptr<checkpoint::Committer> TableModel::OpenFor(env::Env& env, Process* process) {
  return std::make_unique<ModelCommitter>(*this, env, process);
}

std::string TableModel::FileName(const std::string& lineage, uint64_t epoch, uint64_t generation) {
  return fmt::format("{}/{}/{}", lineage, epoch, generation);
}

static Epoch EpochOf(const std::string& file) { return Epoch(std::stoull(Split(file, '/')[1])); }

bool TableModel::Apply(uint64_t expected_version, const Committable& committable) {
  if (version != expected_version) return false;
  if (is_decided && !is_decided(committable.marker))
    violations_.Add("I4 rows became visible before their manifest was durable: " + committable.marker.ToString());
  for (const std::string& file : committable.payloads)
    if (staged.count(file) == 0) violations_.Add("I7 a committed file is missing: " + file);
  if (marker && marker->lineage == committable.marker.lineage && !(marker->epoch < committable.marker.epoch))
    violations_.Add("I5 markers do not follow the chain: " + marker->ToString() + " then " +
                    committable.marker.ToString());
  if (const size_t last = SnapshotOfMarker(); last != 0 && !IsAncestor(last))
    violations_.Add("R4 committed onto a table that was rolled back: " + committable.marker.ToString());
  marker = committable.marker;
  markers.push_back(committable.marker);
  before_rollback_.reset();  // nothing of this pipeline was lost by it, or there is a violation above
  Push({current_, committable.marker, committable.payloads});
  return true;
}

void TableModel::Push(Snapshot snapshot) {
  ++version;
  snapshots_.push_back(std::move(snapshot));
  current_ = snapshots_.size() - 1;
}

void TableModel::ForeignAppend() { Push({current_, {}, {}}); }

void TableModel::ForeignExpiry() {
  if (rolled_back()) return;
  ++version;
  for (size_t i = 1; i < snapshots_.size(); ++i) snapshots_[i].listed = i == current_;
}

void TableModel::ForeignRollback() {
  if (rolled_back() || current_ == 0) return;
  const size_t parent = snapshots_[current_].parent;
  if (parent != 0 && !snapshots_[parent].listed) return;
  ++version;
  before_rollback_ = current_;
  current_ = parent;
}

void TableModel::UndoRollback() {
  if (!rolled_back()) return;
  ++version;
  current_ = *before_rollback_;
  before_rollback_.reset();
}

bool TableModel::IsAncestor(size_t snapshot) const {
  for (size_t i = current_; i != 0; i = snapshots_[i].parent)
    if (i == snapshot) return true;
  return false;
}

size_t TableModel::SnapshotOfMarker() const {
  for (size_t i = snapshots_.size() - 1; i > 0; --i)
    if (marker && snapshots_[i].marker == marker) return i;
  return 0;
}

bool TableModel::MarkerIsLive() const {
  const size_t snapshot = SnapshotOfMarker();
  return snapshot == 0 || !snapshots_[snapshot].listed || IsAncestor(snapshot);
}

bool TableModel::MarkerIsListed() const { return snapshots_[SnapshotOfMarker()].listed; }

std::vector<std::string> TableModel::LiveFiles() const {
  std::vector<size_t> chain;
  for (size_t i = current_; i != 0; i = snapshots_[i].parent) chain.push_back(i);
  std::vector<std::string> files;
  for (auto it = chain.rbegin(); it != chain.rend(); ++it)
    files.insert(files.end(), snapshots_[*it].files.begin(), snapshots_[*it].files.end());
  return files;
}

std::vector<Row> TableModel::CommittedRows(Epoch up_to) const {
  std::vector<Row> rows;
  for (const std::string& file : LiveFiles())
    if (auto it = staged.find(file); it != staged.end() && EpochOf(file) <= up_to)
      rows.insert(rows.end(), it->second.begin(), it->second.end());
  return rows;
}

}  // namespace semel::sim
