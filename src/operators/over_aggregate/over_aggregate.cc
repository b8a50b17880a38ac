// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// aggregate(…) OVER (PARTITION BY … ORDER BY rowtime): rows wait until the watermark has passed their time, then are taken in time order.
// RANGE: rows of one time share the result; ROWS: each has its own, ties in order of arrival. Rows at or behind the watermark are late.
#include <algorithm>
#include <numeric>

#include "operators/api/error_codes.h"
#include "operators/api/windows.h"
#include "operators/over_aggregate/register.h"
#include "state/group_table.h"
#include "state/key_codec.h"

namespace semel::operators {

namespace {

using columnar::Batch;
using columnar::ColumnBuilder;

class OverAggregate final : public Operator {
 public:
  explicit OverAggregate(const OperatorContext& context)
      : spec_(std::get<plan::OverAggregateSpec>(context.node->spec)),
        schema_(context.node->schema),
        input_(context.node->inputs[0]->schema),
        table_(spec_.aggregates, *input_),
        worker_(context.worker),
        workers_(context.workers),
        fail_on_late_(context.fail_on_late) {}

  Status Process(const Batch& batch, Output&) override {
    counters.rows_in += batch.length();
    const columnar::Column& time = *batch.column(static_cast<size_t>(spec_.rowtime));
    std::vector<uint32_t> kept;
    kept.reserve(static_cast<size_t>(batch.length()));
    for (int64_t row = 0; row < batch.length(); ++row) {
      if (time.IsNull(row)) return NullEventTime();
      if (time.values<int64_t>()[row] <= watermark_) {
        if (fail_on_late_) return LateRowFails();
        ++counters.late;
      } else {
        kept.push_back(static_cast<uint32_t>(row));
      }
    }
    if (kept.empty()) return Status::Ok();
    waiting_.push_back(static_cast<int64_t>(kept.size()) == batch.length() ? batch : batch.Take(kept));
    return Status::Ok();
  }

  Status OnWatermark(int64_t watermark, Output& out) override {
    watermark_ = std::max(watermark_, watermark);
    if (waiting_.empty()) return Status::Ok();
    const Batch all = Together();
    const int64_t* times = all.column(static_cast<size_t>(spec_.rowtime))->values<int64_t>();
    std::vector<uint32_t> ready, rest;
    for (int64_t row = 0; row < all.length(); ++row) (times[row] <= watermark_ ? ready : rest).push_back(static_cast<uint32_t>(row));
    if (ready.empty()) {
      waiting_ = {all};
      return Status::Ok();
    }
    waiting_.clear();
    if (!rest.empty()) waiting_.push_back(all.Take(rest));
    std::stable_sort(ready.begin(), ready.end(), [times](uint32_t a, uint32_t b) { return times[a] < times[b]; });
    return EmitReady(all.Take(ready), out);
  }

  Result<std::vector<SnapshotPart>> Snapshot() override {
    std::vector<SnapshotPart> parts;
    const bool full = base_bytes_ == 0 || delta_bytes_ * 2 > base_bytes_;
    if (full || table_.dirty_groups() > 0) {
      codec::ByteWriter writer;
      table_.EncodeEntries(full, writer);
      if (full) {
        base_bytes_ = std::max<size_t>(writer.bytes().size(), 1);
        delta_bytes_ = 0;
      } else {
        delta_bytes_ += writer.bytes().size();
      }
      parts.push_back({"groups", full, writer.Take()});
    }
    codec::ByteWriter rows;
    if (!waiting_.empty()) waiting_ = {Together()};
    rows.Varint(waiting_.size());
    for (const Batch& batch : waiting_) state::EncodeBatch(batch, rows);
    parts.push_back({"rows", true, rows.Take()});
    return parts;
  }

  Status Restore(const std::string& stream, std::string_view content) override {
    codec::ByteReader reader(content);
    if (stream == "rows") return RestoreRows(reader);
    const bool good = table_.DecodeEntries(reader, [this](uint64_t hash) { return IsMine(hash); });
    if (!good || !reader.at_end()) return Damaged();
    return Status::Ok();
  }

  void RestoreWatermark(int64_t watermark) override { watermark_ = watermark; }

 private:
  static Status Damaged() { return Status::Corrupt(kDamagedOperatorState, "groups or rows in a state segment do not fit", "restore the checkpoint folder from a backup"); }
  bool IsMine(uint64_t hash) const { return state::WorkerOf(state::KeyGroupOf(hash), workers_) == worker_; }

  Status RestoreRows(codec::ByteReader& reader) {
    const uint64_t batches = reader.Varint();
    for (uint64_t b = 0; b < batches && reader.ok(); ++b) {
      SEMEL_ASSIGN_OR_RETURN(Batch batch, state::DecodeBatch(reader, input_));
      std::vector<uint32_t> mine;
      for (int64_t row = 0; row < batch.length(); ++row) {
        state::EncodeKey(batch, spec_.keys, row, key_);
        if (IsMine(state::HashKey(key_))) mine.push_back(static_cast<uint32_t>(row));
      }
      if (!mine.empty()) waiting_.push_back(batch.Take(mine));
    }
    return reader.ok() && reader.at_end() ? Status::Ok() : Damaged();
  }

  // All waiting rows in one batch, in order of arrival.
  Batch Together() const {
    if (waiting_.size() == 1) return waiting_[0];
    std::vector<columnar::ColumnPtr> columns;
    int64_t rows = 0;
    for (const Batch& batch : waiting_) rows += batch.length();
    for (size_t c = 0; c < input_->size(); ++c) {
      std::vector<columnar::ColumnPtr> pieces;
      for (const Batch& batch : waiting_) pieces.push_back(batch.column(c));
      columns.push_back(columnar::Concatenate(pieces));
    }
    return Batch(input_, rows, std::move(columns));
  }

  Status EmitReady(const Batch& rows, Output& out) {
    const int64_t* times = rows.column(static_cast<size_t>(spec_.rowtime))->values<int64_t>();
    std::vector<ColumnBuilder> results;
    for (const plan::AggregateCall& call : spec_.aggregates) results.emplace_back(call.type);
    std::vector<uint32_t> groups(static_cast<size_t>(rows.length()));
    auto take = [&](int64_t row) -> Status {
      state::EncodeKey(rows, spec_.keys, row, key_);
      bool created = false;
      groups[static_cast<size_t>(row)] = table_.FindOrAdd(key_, state::HashKey(key_), created);
      return table_.Add(groups[static_cast<size_t>(row)], rows, row);
    };
    auto give = [&](int64_t row) -> Status {
      for (size_t c = 0; c < results.size(); ++c) SEMEL_RETURN_IF_ERROR(table_.AppendResult(c, groups[static_cast<size_t>(row)], results[c]));
      return Status::Ok();
    };
    const bool range = spec_.frame == plan::FrameKind::kRangeUnboundedPreceding;
    for (int64_t row = 0; row < rows.length();) {
      int64_t end = row + 1;
      while (range && end < rows.length() && times[end] == times[row]) ++end;
      for (int64_t r = row; r < end; ++r) SEMEL_RETURN_IF_ERROR(take(r));
      for (int64_t r = row; r < end; ++r) SEMEL_RETURN_IF_ERROR(give(r));
      row = end;
    }
    std::vector<columnar::ColumnPtr> columns = rows.columns();
    for (ColumnBuilder& result : results) columns.push_back(result.Finish());
    return out.Emit(Batch(schema_, rows.length(), std::move(columns)));
  }

  const plan::OverAggregateSpec& spec_;
  columnar::SchemaPtr schema_;
  columnar::SchemaPtr input_;
  state::GroupTable table_;
  const uint32_t worker_, workers_;
  const bool fail_on_late_;
  std::vector<Batch> waiting_;
  int64_t watermark_ = INT64_MIN;
  std::string key_;
  size_t base_bytes_ = 0;
  size_t delta_bytes_ = 0;
};

}  // namespace

void RegisterOverAggregate(Registry& registry) {
  registry.Add("OverAggregate", [](const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<OverAggregate>(context));
  });
}

}  // namespace semel::operators
