// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/source_node.h"

#include <algorithm>

#include "runtime/error_codes.h"

namespace semel::runtime {

std::optional<int64_t> SplitWatermarks::Least() const {
  if (splits.empty()) return std::nullopt;
  int64_t least = checkpoint::kFinalWatermark;
  bool all_finished = true;
  bool any_active = false;
  for (const auto& [name, split] : splits) {
    all_finished = all_finished && split.finished;
    if (split.finished || split.idle) continue;
    any_active = true;
    least = std::min(least, split.watermark);
  }
  return any_active || all_finished ? std::optional<int64_t>(least) : std::nullopt;
}

ScanNode::ScanNode(const plan::PhysicalNode* plan, env::Env& env, std::unique_ptr<connectors::SourceReader> reader,
                   std::unique_ptr<formats::Decoder> decoder, std::vector<checkpoint::SplitProgress> splits,
                   std::shared_ptr<SplitWatermarks> watermarks, bool bounded, Micros idle_timeout)
    : Node(plan, 0),
      env_(env),
      reader_(std::move(reader)),
      decoder_(std::move(decoder)),
      watermarks_(std::move(watermarks)),
      bounded_(bounded),
      idle_timeout_micros_(idle_timeout.count()) {
  for (checkpoint::SplitProgress& split : splits) {
    watermarks_->splits[split.split] = {split.watermark_micros, split.finished, env.Now().micros};
    splits_[split.split] = std::move(split);
  }
}

Status ScanNode::AddSplits(const std::vector<checkpoint::SplitProgress>& splits) {
  for (const checkpoint::SplitProgress& split : splits) {
    watermarks_->splits[split.split] = {split.watermark_micros, split.finished, env_.Now().micros};
    splits_[split.split] = split;
  }
  return reader_->AddSplits(splits);
}

Status ScanNode::Decode(const connectors::Chunk& chunk) {
  std::vector<columnar::ColumnBuilder> builders;
  for (const columnar::Field& field : plan()->schema->fields) builders.emplace_back(field.type);
  for (columnar::ColumnBuilder& builder : builders) builder.Reserve(static_cast<int64_t>(chunk.records.size()));
  std::vector<uint32_t> accepted;
  // The columns of the format come first, then those that the connector knows (METADATA).
  const auto& scan = std::get<plan::ScanSpec>(plan()->spec);
  const auto decoded_columns = std::span(builders).first(scan.columns.size());
  const Status decoded = decoder_->Decode(chunk.records, decoded_columns, accepted, decoded_);
  if (!decoded.ok()) return decoded.WithContext(chunk.split);
  if (accepted.empty()) return Status::Ok();
  for (size_t m = 0; m < scan.metadata.size(); ++m)
    SEMEL_RETURN_IF_ERROR(reader_->AppendMetadata(scan.table->metadata[static_cast<size_t>(scan.metadata[m])].key,
                                                  chunk, accepted, builders[scan.columns.size() + m]));
  std::vector<columnar::ColumnPtr> columns;
  for (columnar::ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
  watermarks_->records = chunk.records;
  watermarks_->accepted = accepted;
  const Status forwarded = Forward(
      Element::Rows(columnar::Batch(plan()->schema, static_cast<int64_t>(accepted.size()), std::move(columns))));
  watermarks_->records = {};
  watermarks_->accepted = {};
  return forwarded;
}

Status ScanNode::SendWatermark() {
  if (ended_) return Status::Ok();
  const std::optional<int64_t> least = watermarks_->Least();
  if (least == checkpoint::kFinalWatermark || (splits_.empty() && bounded_)) {
    ended_ = true;
    return Forward(Element::Watermark(checkpoint::kFinalWatermark));
  }
  if (!least && !idle_sent_) {
    idle_sent_ = true;  // a worker without splits, or with idle ones only, holds nobody back
    return Forward(Element::Idle());
  }
  if (!least) return Status::Ok();
  // Watermarks of rows come from the watermark node. This one is of splits that fell idle, that are back (or new) where
  // all were idle, and of those that a restart restored: they may stay silent.
  if (any_idle_ || idle_sent_ || (!announced_ && *least > checkpoint::kNoWatermark)) {
    idle_sent_ = false;
    announced_ = true;
    return Forward(Element::Watermark(*least));
  }
  return Status::Ok();
}

// Splits that give nothing for the time-out are idle until they give something. Only time in which the reader was asked
// counts: under back-pressure nobody is silent.
Status ScanNode::FollowIdleness() {
  if (idle_timeout_micros_ == 0) return Status::Ok();
  const int64_t now = env_.Now().micros;
  const int64_t unasked = polled_micros_ == 0 ? 0 : now - polled_micros_;
  polled_micros_ = now;
  bool changed = false;
  any_idle_ = false;
  for (auto& [name, split] : watermarks_->splits) {
    if (unasked > idle_timeout_micros_ / 2) split.last_record_micros += unasked;
    const bool idle = !split.finished && now - split.last_record_micros > idle_timeout_micros_;
    changed = changed || idle != split.idle;
    split.idle = idle;
    any_idle_ = any_idle_ || idle;
  }
  return changed ? SendWatermark() : Status::Ok();
}

Result<bool> ScanNode::Poll() {
  if (ended_) return false;
  SEMEL_RETURN_IF_ERROR(FollowIdleness());
  SEMEL_RETURN_IF_ERROR(SendWatermark());
  if (splits_.empty()) return false;
  SEMEL_ASSIGN_OR_RETURN(std::optional<connectors::Chunk> chunk, reader_->Poll(Micros(0)));
  if (!chunk) return false;
  watermarks_->current = chunk->split;
  SplitWatermarks::Split& split = watermarks_->splits[chunk->split];
  if (!chunk->records.empty()) {
    split.last_record_micros = env_.Now().micros;
    if (split.idle) SEMEL_RETURN_IF_ERROR(FollowIdleness());
    rows_ += static_cast<int64_t>(chunk->records.size());
    SEMEL_RETURN_IF_ERROR(Decode(*chunk));
  }
  checkpoint::SplitProgress& progress = splits_[chunk->split];
  progress.position = chunk->position_after;
  if (chunk->at_end) progress.finished = split.finished = true;
  SEMEL_RETURN_IF_ERROR(SendWatermark());
  return true;
}

Status ScanNode::Inject(Epoch epoch) {
  for (auto& [name, progress] : splits_) {
    progress.watermark_micros = watermarks_->splits[name].watermark;
    snapshot->splits.push_back(progress);
  }
  const std::string& id = plan()->id;
  snapshot->books[id + "/read"] += decoded_.records;
  snapshot->books[id + "/rejected"] += decoded_.rejected;
  if (decoded_.rounded > 0) snapshot->books[id + "/rounded"] += decoded_.rounded;
  decoded_ = {};
  return Forward(Element::Barrier(epoch));
}

Status WatermarkNode::NullTime(const columnar::Column& time) const {
  int64_t row = 0;
  while (time.IsValid(row)) ++row;
  // Rows and records correspond where nothing between the scan and here drops rows.
  const bool known = static_cast<int64_t>(watermarks_->accepted.size()) == time.length();
  const std::string place =
      known ? fmt::format("the record at {}",
                          watermarks_->records[watermarks_->accepted[static_cast<size_t>(row)]].position)
            : "a record";
  return Status::Invalid(
      kNullTime,
      fmt::format("{}: {} has NULL as its event time '{}'", watermarks_->current, place,
                  (*plan()->schema)[static_cast<size_t>(spec_.rowtime)].name),
      "every record needs an event time; give it one in a computed column, for example COALESCE(ts, …)");
}

Status WatermarkNode::OnBatch(columnar::Batch batch) {
  const columnar::Column& time = *batch.column(static_cast<size_t>(spec_.rowtime));
  if (time.has_nulls() && time.CountNulls() > 0) return NullTime(time);
  SEMEL_ASSIGN_OR_RETURN(columnar::ColumnPtr marks, evaluator_.Evaluate(*spec_.watermark, batch));
  int64_t& split = watermarks_->splits[watermarks_->current].watermark;
  for (int64_t i = 0; i < marks->length(); ++i)
    if (marks->IsValid(i)) split = std::max(split, marks->values<int64_t>()[i]);
  // The schema marks the column as event time from here on.
  SEMEL_RETURN_IF_ERROR(
      Forward(Element::Rows(columnar::Batch(plan()->schema, batch.length(), batch.columns(), batch.kinds()))));
  const std::optional<int64_t> least = watermarks_->Least();
  if (!least || *least <= sent_ || *least == checkpoint::kFinalWatermark) return Status::Ok();
  sent_ = *least;
  return Forward(Element::Watermark(sent_));
}

}  // namespace semel::runtime
