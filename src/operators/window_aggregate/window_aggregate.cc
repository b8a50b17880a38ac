// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// GROUP BY keys and a tumbling window: a table of groups per window, emitted and dropped as a whole once the watermark
// has passed the window's end. A row whose window has fired is late.
#include <map>

#include "operators/api/error_codes.h"
#include "operators/api/windows.h"
#include "operators/window_aggregate/register.h"
#include "state/group_table.h"
#include "state/key_codec.h"

namespace semel::operators {

namespace {

using columnar::Batch;
using columnar::ColumnBuilder;

class WindowAggregate final : public Operator {
 public:
  explicit WindowAggregate(const OperatorContext& context)
      : spec_(std::get<plan::WindowAggregateSpec>(context.node->spec)),
        schema_(context.node->schema),
        input_(*context.node->inputs[0]->schema),
        worker_(context.worker),
        workers_(context.workers),
        fail_on_late_(context.fail_on_late) {}

  Status Process(const Batch& batch, Output&) override {
    counters.rows_in += batch.length();
    const columnar::Column& time = *batch.column(static_cast<size_t>(spec_.window.rowtime));
    // Rows of one window are taken together; neighbours in a stream mostly are of one.
    std::map<int64_t, std::vector<uint32_t>> rows_of;
    std::vector<uint32_t>* rows = nullptr;
    int64_t begin = 0, end = 0;  // the window of the row before
    for (int64_t row = 0; row < batch.length(); ++row) {
      if (time.IsNull(row)) return NullEventTime();
      const int64_t at = time.values<int64_t>()[row];
      if (rows == nullptr || at < begin || at >= end) {
        end = TumbleEnd(spec_.window, at);
        begin = end - spec_.window.size_micros;
        rows = HasFired(end) ? &late_ : &rows_of[end];
      }
      rows->push_back(static_cast<uint32_t>(row));
    }
    if (!late_.empty() && fail_on_late_) return LateRowFails();
    counters.late += static_cast<int64_t>(late_.size());
    late_.clear();
    if (rows_of.empty()) return Status::Ok();
    keys_.Encode(batch, spec_.keys);
    for (const auto& [window_end, mine] : rows_of) {
      state::GroupTable& table = TableOf(window_end);
      table.FindOrAddAll(keys_, mine, groups_);
      SEMEL_RETURN_IF_ERROR(table.AddAll(groups_, batch, mine));
    }
    return Status::Ok();
  }

  Status OnWatermark(int64_t watermark, Output& out) override {
    watermark_ = std::max(watermark_, watermark);
    while (!windows_.empty() && HasFired(windows_.begin()->first)) {
      SEMEL_RETURN_IF_ERROR(Fire(windows_.begin()->first, windows_.begin()->second, out));
      dropped_.push_back(windows_.begin()->first);
      windows_.erase(windows_.begin());
    }
    return Status::Ok();
  }

  // Entries: varint n of dropped windows and their ends, then per window its end and its dirty (or all) groups.
  Result<std::vector<SnapshotPart>> Snapshot() override {
    const bool full = base_bytes_ == 0 || delta_bytes_ * 2 > base_bytes_;
    codec::ByteWriter writer;
    writer.Varint(full ? 0 : dropped_.size());
    if (!full)
      for (int64_t end : dropped_) writer.Zigzag(end);
    dropped_.clear();
    writer.Varint(windows_.size());
    for (auto& [end, table] : windows_) {
      writer.Zigzag(end);
      table.EncodeEntries(full, writer);
    }
    if (full) {
      base_bytes_ = std::max<size_t>(writer.bytes().size(), 1024);
      delta_bytes_ = 0;
    } else {
      delta_bytes_ += writer.bytes().size();
    }
    return std::vector<SnapshotPart>{{"windows", full, writer.Take()}};
  }

  Status Restore(const std::string&, std::string_view content) override {
    codec::ByteReader reader(content);
    const uint64_t dropped = reader.Varint();
    for (uint64_t i = 0; i < dropped && reader.ok(); ++i) windows_.erase(reader.Zigzag());
    const uint64_t windows = reader.Varint();
    bool good = reader.ok();
    for (uint64_t i = 0; i < windows && good; ++i) {
      const int64_t end = reader.Zigzag();
      good = reader.ok() && TableOf(end).DecodeEntries(reader, [this](uint64_t hash) {
        return state::WorkerOf(state::KeyGroupOf(hash), workers_) == worker_;
      });
    }
    if (!good || !reader.at_end())
      return Status::Corrupt(kDamagedOperatorState, "windows in a state segment do not fit",
                             "restore the checkpoint folder from a backup");
    return Status::Ok();
  }

  void RestoreWatermark(int64_t watermark) override { watermark_ = watermark; }

 private:
  // A window fires once its last millisecond is at or behind the watermark.
  bool HasFired(int64_t end) const { return watermark_ >= end - 1000; }

  state::GroupTable& TableOf(int64_t end) {
    auto it = windows_.find(end);
    if (it == windows_.end()) it = windows_.emplace(end, state::GroupTable(spec_.aggregates, input_)).first;
    return it->second;
  }

  Status Fire(int64_t end, const state::GroupTable& table, Output& out) {
    std::vector<ColumnBuilder> builders;
    for (const columnar::Field& field : schema_->fields) builders.emplace_back(field.type);
    std::vector<ColumnBuilder*> keys;
    for (size_t k = 0; k < spec_.keys.size(); ++k) keys.push_back(&builders[k]);
    const size_t window_at = spec_.keys.size() + table.num_calls();
    int64_t rows = 0;
    for (uint32_t group = 0; group < table.size(); ++group) {
      if (!table.KeyOf(group).empty() && table.KeyOf(group)[0] == '\x02') continue;  // stands for other workers' keys
      SEMEL_CHECK(state::DecodeKey(table.KeyOf(group), keys), "a key of this table decodes");
      for (size_t c = 0; c < table.num_calls(); ++c)
        SEMEL_RETURN_IF_ERROR(table.AppendResult(c, group, builders[spec_.keys.size() + c]));
      builders[window_at].Append<int64_t>(end - spec_.window.size_micros);
      builders[window_at + 1].Append<int64_t>(end);
      builders[window_at + 2].Append<int64_t>(end - 1000);
      ++rows;
    }
    if (rows == 0) return Status::Ok();
    std::vector<columnar::ColumnPtr> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
    return out.Emit(Batch(schema_, rows, std::move(columns)));
  }

  const plan::WindowAggregateSpec& spec_;
  columnar::SchemaPtr schema_;
  const columnar::Schema& input_;
  const uint32_t worker_, workers_;
  const bool fail_on_late_;
  std::map<int64_t, state::GroupTable> windows_;  // by end
  std::vector<int64_t> dropped_;                  // since the last snapshot
  int64_t watermark_ = INT64_MIN;
  // Of the present batch; members so that their memory is used again.
  state::KeyBatch keys_;
  std::vector<uint32_t> groups_, late_;
  size_t base_bytes_ = 0;
  size_t delta_bytes_ = 0;
};

}  // namespace

void RegisterWindowAggregate(Registry& registry) {
  registry.Add("WindowAggregate", [](const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<WindowAggregate>(context));
  });
}

}  // namespace semel::operators
