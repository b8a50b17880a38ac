// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// GROUP BY without a window: every batch changes groups, and each changed group gives its net change: +I for a new one, −U and +U for
// one whose result is another now, nothing where it stayed the same.
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
        workers_(context.workers) {}

  Status Process(const Batch& batch, Output& out) override {
    counters.rows_in += batch.length();
    // Copies of the groups that this batch touches, as they were before.
    state::GroupTable before(spec_.aggregates, input_);
    std::vector<uint32_t> touched;
    std::vector<bool> is_new;
    for (int64_t row = 0; row < batch.length(); ++row) {
      state::EncodeKey(batch, spec_.keys, row, key_);
      const uint64_t hash = state::HashKey(key_);
      bool created = false, first_touch = false;
      const uint32_t group = table_.FindOrAdd(key_, hash, created);
      const uint32_t copy = before.FindOrAdd(key_, hash, first_touch);
      if (first_touch) {
        touched.push_back(group);
        is_new.push_back(created);
        for (size_t c = 0; c < table_.num_calls(); ++c) before.accumulators(c).Assign(copy, table_.accumulators(c), group);
      }
      SEMEL_RETURN_IF_ERROR(table_.Add(group, batch, row));
    }
    return EmitChanges(before, touched, is_new, out);
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
    const bool good = table_.DecodeEntries(reader, [this](uint64_t hash) { return state::WorkerOf(state::KeyGroupOf(hash), workers_) == worker_; });
    if (!good || !reader.at_end()) return Status::Corrupt(kDamagedOperatorState, "groups in a state segment do not fit", "restore the checkpoint folder from a backup");
    return Status::Ok();
  }

 private:
  Status EmitChanges(const state::GroupTable& before, const std::vector<uint32_t>& touched, const std::vector<bool>& is_new, Output& out) {
    std::vector<ColumnBuilder> builders;
    for (const columnar::Field& field : schema_->fields) builders.emplace_back(field.type);
    std::vector<RowKind> kinds;
    for (uint32_t t = 0; t < touched.size(); ++t) {
      bool changed = is_new[t];
      for (size_t c = 0; c < table_.num_calls() && !changed; ++c) changed = !table_.accumulators(c).ResultEquals(touched[t], before.accumulators(c), t);
      if (!changed) continue;
      if (!is_new[t] && retracts_) SEMEL_RETURN_IF_ERROR(AppendRow(before, t, RowKind::kUpdateBefore, builders, kinds));
      SEMEL_RETURN_IF_ERROR(AppendRow(table_, touched[t], is_new[t] ? RowKind::kInsert : RowKind::kUpdateAfter, builders, kinds));
    }
    if (kinds.empty()) return Status::Ok();
    std::vector<columnar::ColumnPtr> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
    const int64_t rows = static_cast<int64_t>(kinds.size());
    return out.Emit(Batch(schema_, rows, std::move(columns), std::move(kinds)));
  }

  Status AppendRow(const state::GroupTable& table, uint32_t group, RowKind kind, std::vector<ColumnBuilder>& builders, std::vector<RowKind>& kinds) {
    std::vector<ColumnBuilder*> keys;
    for (size_t k = 0; k < spec_.keys.size(); ++k) keys.push_back(&builders[k]);
    SEMEL_CHECK(state::DecodeKey(table.KeyOf(group), keys), "a key of this table decodes");
    for (size_t c = 0; c < table.num_calls(); ++c) SEMEL_RETURN_IF_ERROR(table.AppendResult(c, group, builders[spec_.keys.size() + c]));
    kinds.push_back(kind);
    return Status::Ok();
  }

  const plan::GroupAggregateSpec& spec_;
  columnar::SchemaPtr schema_;
  const columnar::Schema& input_;
  state::GroupTable table_;
  const bool retracts_;  // somebody above needs -U
  const uint32_t worker_, workers_;
  std::string key_;
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
