// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// GROUP BY without a window: every batch changes groups, and each changed group gives its net change: +I for a new one,
// −U and +U for one whose result is another now, nothing where it stayed the same.
#include "operators/api/error_codes.h"
#include "operators/group_aggregate/register.h"
#include "state/group_table.h"
#include "state/key_codec.h"

namespace semel::operators {

namespace {

using columnar::Batch;
using columnar::ColumnBuilder;
using columnar::RowKind;

class GroupAggregate final : public Operator {
 public:
  explicit GroupAggregate(const OperatorContext& context)
      : spec_(std::get<plan::GroupAggregateSpec>(context.node->spec)),
        schema_(context.node->schema),
        input_(*context.node->inputs[0]->schema),
        table_(spec_.aggregates, input_),
        retracts_(context.node->mode.update_before),
        worker_(context.worker),
        workers_(context.workers) {
    for (size_t c = 0; c < table_.num_calls(); ++c) before_.push_back(table_.accumulators(c));
  }

  Status Process(const Batch& batch, Output& out) override {
    counters.rows_in += batch.length();
    const uint32_t old_groups = table_.size();
    keys_.Encode(batch, spec_.keys);
    table_.FindOrAddAll(keys_, {}, groups_);
    NoteTouched();
    // The touched groups as they were before.
    for (size_t c = 0; c < before_.size(); ++c)
      for (uint32_t t = 0; t < touched_.size(); ++t) before_[c].Assign(t, table_.accumulators(c), touched_[t]);
    SEMEL_RETURN_IF_ERROR(table_.AddAll(groups_, batch, {}));
    return EmitChanges(batch, old_groups, out);
  }

  Result<std::vector<SnapshotPart>> Snapshot() override {
    const bool full = base_bytes_ == 0 || delta_bytes_ * 2 > base_bytes_;
    if (!full && table_.dirty_groups() == 0) return std::vector<SnapshotPart>{};
    codec::ByteWriter writer;
    table_.EncodeEntries(full, writer);
    if (full) {
      base_bytes_ = std::max<size_t>(writer.bytes().size(), 1);
      delta_bytes_ = 0;
    } else {
      delta_bytes_ += writer.bytes().size();
    }
    return std::vector<SnapshotPart>{{"groups", full, writer.Take()}};
  }

  Status Restore(const std::string&, std::string_view content) override {
    codec::ByteReader reader(content);
    const bool good = table_.DecodeEntries(
        reader, [this](uint64_t hash) { return state::WorkerOf(state::KeyGroupOf(hash), workers_) == worker_; });
    if (!good || !reader.at_end())
      return Status::Corrupt(kDamagedOperatorState, "groups in a state segment do not fit",
                             "restore the checkpoint folder from a backup");
    return Status::Ok();
  }

 private:
  // Lists each group of the batch once, with the row that met it first.
  void NoteTouched() {
    ++batch_number_;
    touched_.clear();
    first_rows_.clear();
    touched_in_.resize(table_.size(), 0);
    for (uint32_t row = 0; row < groups_.size(); ++row) {
      uint64_t& seen = touched_in_[groups_[row]];
      if (seen == batch_number_) continue;
      seen = batch_number_;
      touched_.push_back(groups_[row]);
      first_rows_.push_back(row);
    }
    for (; before_size_ < touched_.size(); ++before_size_)
      for (state::Accumulators& before : before_) before.AddGroup();
  }

  bool IsChanged(uint32_t t) const {
    for (size_t c = 0; c < before_.size(); ++c)
      if (!table_.accumulators(c).ResultEquals(touched_[t], before_[c], t)) return true;
    return false;
  }

  // Rows of one kind side by side would be quicker to make, but -U has to stand before its +U.
  Status EmitChanges(const Batch& batch, uint32_t old_groups, Output& out) {
    std::vector<RowKind> kinds;
    std::vector<uint32_t> rows, changed;  // rows of the batch, for the keys; numbers in touched_
    for (uint32_t t = 0; t < touched_.size(); ++t) {
      const bool is_new = touched_[t] >= old_groups;
      if (!is_new && !IsChanged(t)) continue;
      if (!is_new && retracts_) {
        kinds.push_back(RowKind::kUpdateBefore);
        rows.push_back(first_rows_[t]);
        changed.push_back(t);
      }
      kinds.push_back(is_new ? RowKind::kInsert : RowKind::kUpdateAfter);
      rows.push_back(first_rows_[t]);
      changed.push_back(t);
    }
    if (kinds.empty()) return Status::Ok();
    std::vector<columnar::ColumnPtr> columns;
    for (int key : spec_.keys) columns.push_back(columnar::Take(*batch.column(static_cast<size_t>(key)), rows));
    for (size_t c = 0; c < before_.size(); ++c) {
      ColumnBuilder builder((*schema_)[spec_.keys.size() + c].type);
      builder.Reserve(static_cast<int64_t>(kinds.size()));
      SEMEL_RETURN_IF_ERROR(AppendResults(c, changed, kinds, builder));
      columns.push_back(builder.Finish());
    }
    const auto n = static_cast<int64_t>(kinds.size());
    return out.Emit(Batch(schema_, n, std::move(columns), std::move(kinds)));
  }

  Status AppendResults(size_t call, const std::vector<uint32_t>& changed, const std::vector<RowKind>& kinds,
                       ColumnBuilder& builder) {
    const state::Accumulators& now = table_.accumulators(call);
    if (!retracts_) {
      std::vector<uint32_t> groups;
      groups.reserve(changed.size());
      for (const uint32_t t : changed) groups.push_back(touched_[t]);
      return now.AppendAll(groups, builder);
    }
    for (size_t i = 0; i < changed.size(); ++i) {
      const bool old = kinds[i] == RowKind::kUpdateBefore;
      SEMEL_RETURN_IF_ERROR(old ? before_[call].Append(changed[i], builder)
                                : now.Append(touched_[changed[i]], builder));
    }
    return Status::Ok();
  }

  const plan::GroupAggregateSpec& spec_;
  columnar::SchemaPtr schema_;
  const columnar::Schema& input_;
  state::GroupTable table_;
  const bool retracts_;  // somebody above needs -U
  const uint32_t worker_, workers_;
  // Of the present batch; members so that their memory is used again.
  state::KeyBatch keys_;
  std::vector<uint32_t> groups_;      // per row
  std::vector<uint32_t> touched_;     // groups, each once
  std::vector<uint32_t> first_rows_;  // per touched group
  std::vector<uint64_t> touched_in_;  // per group of the table: the batch that touched it last
  uint64_t batch_number_ = 0;
  std::vector<state::Accumulators> before_;  // per call, by number in touched_
  size_t before_size_ = 0;
  size_t base_bytes_ = 0;   // of the last full snapshot; 0: the next one is full
  size_t delta_bytes_ = 0;  // written on top of it
};

}  // namespace

void RegisterGroupAggregate(Registry& registry) {
  registry.Add("GroupAggregate", [](const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<GroupAggregate>(context));
  });
}

}  // namespace semel::operators
