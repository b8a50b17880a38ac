// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/node.h"

#include <algorithm>
#include <span>
#include <string>

#include "runtime/error_codes.h"

namespace semel::runtime {

Status Node::Forward(Element element) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const bool last = i + 1 == outputs_.size();
    SEMEL_RETURN_IF_ERROR(outputs_[i].to->Push(outputs_[i].input, last ? std::move(element) : element));
  }
  return Status::Ok();
}

bool Node::HasRoom() const {
  return std::all_of(outputs_.begin(), outputs_.end(), [](const Edge& edge) { return edge.to->Takes(edge.input); });
}

Status Node::Push(size_t input, Element element) {
  if (inputs_[input].blocked) {
    inputs_[input].waiting.push_back(std::move(element));
    return Status::Ok();
  }
  return Handle(input, std::move(element));
}

Status Node::Handle(size_t input, Element element) {
  Input& in = inputs_[input];
  switch (element.kind) {
    case Element::Kind::kBatch:
      return element.batch.length() == 0 ? Status::Ok() : OnBatch(std::move(element.batch));
    case Element::Kind::kWatermark:
      in.idle = false;
      in.watermark = std::max(in.watermark, element.watermark);
      return AdvanceWatermark();
    case Element::Kind::kIdle:
      in.idle = true;
      return AdvanceWatermark();
    case Element::Kind::kBarrier:
      return AlignBarrier(input, element.epoch);
  }
  return Status::Internal("element kind");
}

Status Node::AdvanceWatermark() {
  int64_t least = checkpoint::kFinalWatermark;
  bool all_idle = true;
  for (const Input& in : inputs_) {
    if (in.idle) continue;
    all_idle = false;
    least = std::min(least, in.watermark);
  }
  if (all_idle) {
    if (idle_sent_) return Status::Ok();
    idle_sent_ = true;
    return OnIdle();
  }
  // Compared with what went out of this process: below, nobody remembers what was sent before a restart.
  if (least <= sent_ && !idle_sent_) return Status::Ok();
  idle_sent_ = false;
  if (least == checkpoint::kFinalWatermark && watermark_ < least) before_final_ = watermark_;
  watermark_ = std::max(watermark_, least);
  sent_ = watermark_;
  return OnWatermark(watermark_);
}

Status Node::AlignBarrier(size_t input, Epoch epoch) {
  SEMEL_CHECK(!inputs_[input].barrier_came, "one barrier in flight");
  inputs_[input].barrier_came = true;
  inputs_[input].blocked = aligned_;
  if (!std::all_of(inputs_.begin(), inputs_.end(), [](const Input& in) { return in.barrier_came; }))
    return Status::Ok();
  for (Input& in : inputs_) in.barrier_came = in.blocked = false;
  SEMEL_RETURN_IF_ERROR(OnBarrier(epoch));
  // What waited behind the barrier goes on; it may contain the next one.
  for (size_t i = 0; i < inputs_.size(); ++i) {
    while (!inputs_[i].waiting.empty() && !inputs_[i].blocked) {
      Element element = std::move(inputs_[i].waiting.front());
      inputs_[i].waiting.pop_front();
      SEMEL_RETURN_IF_ERROR(Handle(i, std::move(element)));
    }
  }
  return Status::Ok();
}

Status OperatorNode::OnWatermark(int64_t watermark) {
  if (watermark != checkpoint::kNoWatermark) SEMEL_RETURN_IF_ERROR(operator_->OnWatermark(watermark, *this));
  return Forward(Element::Watermark(watermark));
}

Status OperatorNode::OnBarrier(Epoch epoch) {
  SEMEL_CHECK(snapshot != nullptr && snapshot->epoch == epoch, "a barrier passes while its epoch is collected");
  SEMEL_ASSIGN_OR_RETURN(std::vector<operators::SnapshotPart> parts, operator_->Snapshot());
  const std::string& id = plan()->id;
  for (operators::SnapshotPart& part : parts) snapshot->parts.push_back({id, std::move(part)});
  snapshot->watermarks[id] = watermark_to_keep();
  snapshot->books[id + "/in"] += std::exchange(operator_->counters.rows_in, 0);
  if (const int64_t late = std::exchange(operator_->counters.late, 0); late > 0) {
    snapshot->books[id + "/late"] += late;
    late_ += late;
  }
  return Forward(Element::Barrier(epoch));
}

namespace {

// The one place that holds a table to its NOT NULL: decoders do not, as in Flink.
Status CheckNotNull(const plan::TableDescriptor& table, const std::vector<columnar::Field>& fields,
                    std::span<const columnar::ColumnPtr> values, const std::string& path,
                    const columnar::Column* row = nullptr) {
  for (size_t c = 0; c < fields.size(); ++c) {
    const columnar::Column& column = *values[c];
    const bool looks = !fields[c].type.nullable() && column.has_nulls();
    for (int64_t i = 0; looks && i < column.length(); ++i)
      if (column.IsNull(i) && (row == nullptr || row->IsValid(i)))
        return Status::Invalid(
            kNullInNotNull,
            fmt::format("column '{}{}' of '{}' is NOT NULL, a row has NULL there", path, fields[c].name, table.name),
            "filter such rows, or give them a value with COALESCE");
    if (fields[c].type.kind() == columnar::TypeKind::kRow)
      SEMEL_RETURN_IF_ERROR(
          CheckNotNull(table, fields[c].type.fields(), column.children(), path + fields[c].name + ".", &column));
  }
  return Status::Ok();
}

// Without the −U that a neighbour asked for.
columnar::Batch WithoutUpdateBefore(const columnar::Batch& batch) {
  std::vector<uint32_t> rows;
  for (int64_t i = 0; i < batch.length(); ++i)
    if (batch.kind(i) != columnar::RowKind::kUpdateBefore) rows.push_back(static_cast<uint32_t>(i));
  return batch.Take(rows);
}

}  // namespace

Status SinkNode::OnBatch(columnar::Batch batch) {
  if (batch.has_kinds() && !plan()->mode.update_before && plan()->inputs[0]->mode.update_before) {
    batch = WithoutUpdateBefore(batch);
    if (batch.length() == 0) return Status::Ok();
  }
  const plan::TableDescriptor& table = *std::get<plan::SinkSpec>(plan()->spec).table;
  SEMEL_RETURN_IF_ERROR(CheckNotNull(table, table.physical.fields, batch.columns(), ""));
  rows_ += batch.length();
  rows_in_epoch_ += batch.length();
  return writer_->Write(batch);
}

Status SinkNode::OnWatermark(int64_t watermark) {
  if (watermark == checkpoint::kFinalWatermark) on_end_();
  return Status::Ok();
}

Status SinkNode::OnBarrier(Epoch epoch) {
  SEMEL_CHECK(snapshot != nullptr && snapshot->epoch == epoch, "a barrier passes while its epoch is collected");
  SEMEL_ASSIGN_OR_RETURN(connectors::PrepareTask task, writer_->Prepare(epoch));
  snapshot->staged.push_back({commit_id_, std::move(task)});
  snapshot->books[plan()->id + "/written"] += std::exchange(rows_in_epoch_, 0);
  on_barrier_();
  return Status::Ok();
}

}  // namespace semel::runtime
