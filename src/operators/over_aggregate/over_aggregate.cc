// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// aggregate(…) OVER (PARTITION BY … ORDER BY rowtime): rows wait until the watermark has passed their time, then are
// taken in time order. RANGE: rows of one time share the result; ROWS: each has its own, ties in order of arrival. Rows
// at or behind the watermark are late.
#include <algorithm>
#include <numeric>
#include <optional>

#include "operators/api/error_codes.h"
#include "operators/api/windows.h"
#include "operators/over_aggregate/register.h"
#include "state/group_table.h"
#include "state/key_codec.h"

namespace semel::operators {

namespace {

using columnar::Batch;
using columnar::ColumnBuilder;

// The rows in order of time, ties in their own order.
std::vector<uint32_t> OrderByTime(const Batch& batch, int rowtime) {
  const int64_t* times = batch.column(static_cast<size_t>(rowtime))->values<int64_t>();
  std::vector<uint32_t> order(static_cast<size_t>(batch.length()));
  std::iota(order.begin(), order.end(), 0u);
  if (order.empty() || std::is_sorted(times, times + order.size())) return order;
  const auto [least, greatest] = std::minmax_element(times, times + order.size());
  constexpr int kRowBits = 24, kTimeBits = 40;
  if (order.size() >> kRowBits == 0 && static_cast<uint64_t>(*greatest - *least) >> kTimeBits == 0) {
    // Time and row in one number: sorted several times quicker.
    std::vector<uint64_t> packed(order.size());
    for (size_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<uint64_t>(times[i] - *least) << kRowBits | i;
    std::sort(packed.begin(), packed.end());
    for (size_t i = 0; i < packed.size(); ++i) order[i] = static_cast<uint32_t>(packed[i] & ((1u << kRowBits) - 1));
    return order;
  }
  std::stable_sort(order.begin(), order.end(), [times](uint32_t a, uint32_t b) { return times[a] < times[b]; });
  return order;
}

// Rows of one batch that wait for the watermark, ordered once; each leaves once.
class WaitingRows {
 public:
  WaitingRows(Batch batch, int rowtime)
      : batch_(std::move(batch)), rowtime_(rowtime), order_(OrderByTime(batch_, rowtime)) {}
  bool empty() const { return next_ == order_.size(); }
  // Takes out the rows up to `watermark`, in order of time; nothing if there are none.
  std::optional<Batch> TakeUpTo(int64_t watermark) {
    const int64_t* times = batch_.column(static_cast<size_t>(rowtime_))->values<int64_t>();
    const auto end = std::partition_point(order_.begin() + static_cast<std::ptrdiff_t>(next_), order_.end(),
                                          [&](uint32_t row) { return times[row] <= watermark; });
    const auto n = static_cast<size_t>(end - order_.begin()) - next_;
    if (n == 0) return std::nullopt;
    Batch taken = batch_.Take(std::span<const uint32_t>(order_).subspan(next_, n));
    next_ += n;
    // A few late leavers must not hold the whole batch in memory.
    if (!empty() && (order_.size() - next_) * 4 < order_.size()) *this = WaitingRows(Rest(), rowtime_);
    return taken;
  }
  // What still waits, in order of arrival.
  Batch Rest() const {
    std::vector<uint32_t> rows(order_.begin() + static_cast<std::ptrdiff_t>(next_), order_.end());
    std::sort(rows.begin(), rows.end());
    return batch_.Take(rows);
  }

 private:
  Batch batch_;
  int rowtime_;
  std::vector<uint32_t> order_;
  size_t next_ = 0;
};

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
    if (!kept.empty())
      waiting_.emplace_back(static_cast<int64_t>(kept.size()) == batch.length() ? batch : batch.Take(kept),
                            spec_.rowtime);
    return Status::Ok();
  }

  Status OnWatermark(int64_t watermark, Output& out) override {
    watermark_ = std::max(watermark_, watermark);
    std::vector<Batch> ready;
    for (WaitingRows& rows : waiting_)
      if (std::optional<Batch> part = rows.TakeUpTo(watermark_)) ready.push_back(*std::move(part));
    std::erase_if(waiting_, [](const WaitingRows& rows) { return rows.empty(); });
    if (ready.empty()) return Status::Ok();
    // Parts stand in order of arrival, so that a stable sort keeps ties in it.
    const Batch all = columnar::ConcatenateBatches(ready);
    const std::vector<uint32_t> order = OrderByTime(all, spec_.rowtime);
    return EmitReady(ready.size() == 1 ? all : all.Take(order), out);
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
    rows.Varint(waiting_.size());
    for (const WaitingRows& batch : waiting_) state::EncodeBatch(batch.Rest(), rows);
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
  static Status Damaged() {
    return Status::Corrupt(kDamagedOperatorState, "groups or rows in a state segment do not fit",
                           "restore the checkpoint folder from a backup");
  }
  bool IsMine(uint64_t hash) const { return state::WorkerOf(state::KeyGroupOf(hash), workers_) == worker_; }

  Status RestoreRows(codec::ByteReader& reader) {
    const uint64_t batches = reader.Varint();
    for (uint64_t b = 0; b < batches && reader.ok(); ++b) {
      SEMEL_ASSIGN_OR_RETURN(Batch batch, state::DecodeBatch(reader, input_));
      std::vector<uint32_t> mine;
      keys_.Encode(batch, spec_.keys);
      for (uint32_t row = 0; row < keys_.size(); ++row)
        if (IsMine(keys_.hash(row))) mine.push_back(row);
      if (!mine.empty()) waiting_.emplace_back(batch.Take(mine), spec_.rowtime);
    }
    return reader.ok() && reader.at_end() ? Status::Ok() : Damaged();
  }

  // Takes rows in time order and gives them on with their results.
  Status EmitReady(const Batch& rows, Output& out) {
    keys_.Encode(rows, spec_.keys);
    table_.FindOrAddAll(keys_, {}, groups_);
    const std::vector<uint32_t> frame_ends = FrameEnds(rows);
    std::vector<columnar::ColumnPtr> columns = rows.columns();
    for (size_t c = 0; c < spec_.aggregates.size(); ++c) {
      ColumnBuilder result(spec_.aggregates[c].type);
      SEMEL_RETURN_IF_ERROR(table_.AddAndAppendAll(c, groups_, rows, frame_ends, result));
      columns.push_back(result.Finish());
    }
    return out.Emit(Batch(schema_, rows.length(), std::move(columns)));
  }

  // Per row the end of the rows that its frame takes in: those of the same time in a RANGE frame, itself alone in a
  // ROWS frame.
  std::vector<uint32_t> FrameEnds(const Batch& rows) const {
    const int64_t* times = rows.column(static_cast<size_t>(spec_.rowtime))->values<int64_t>();
    const bool range = spec_.frame == plan::FrameKind::kRangeUnboundedPreceding;
    std::vector<uint32_t> ends(static_cast<size_t>(rows.length()));
    for (size_t i = ends.size(); i-- > 0;)
      ends[i] = range && i + 1 < ends.size() && times[i] == times[i + 1] ? ends[i + 1] : static_cast<uint32_t>(i + 1);
    return ends;
  }

  const plan::OverAggregateSpec& spec_;
  columnar::SchemaPtr schema_;
  columnar::SchemaPtr input_;
  state::GroupTable table_;
  const uint32_t worker_, workers_;
  const bool fail_on_late_;
  std::vector<WaitingRows> waiting_;  // in order of arrival
  int64_t watermark_ = INT64_MIN;
  // Of the present batch; members so that their memory is used again.
  state::KeyBatch keys_;
  std::vector<uint32_t> groups_;
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
