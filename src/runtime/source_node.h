// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Sources on one worker: polling, decoding, positions, and the watermark of each split.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "connectors/api/source.h"
#include "formats/api/registry.h"
#include "functions/api/evaluator.h"
#include "runtime/node.h"

namespace semel::runtime {

// The watermarks of one source's splits on one worker, shared by the scan (which knows the splits) and the watermark
// node (which computes).
struct SplitWatermarks {
  struct Split {
    int64_t watermark = checkpoint::kNoWatermark;
    bool finished = false;
    int64_t last_record_micros = 0;  // when a record came last, for the status line and idleness
    bool idle = false;               // silent for so long that it holds nobody back
  };
  std::map<std::string, Split> splits;
  bool has_event_time = false;  // the table declares a WATERMARK and the query needs it
  // The batch that is on its way: its split, and the chunk's records of which `accepted` became its rows.
  std::string current;
  std::span<const formats::Record> records;
  std::span<const uint32_t> accepted;
  // Least over the splits that are neither finished nor idle; final if all are finished, nothing if none is left.
  std::optional<int64_t> Least() const;
};

// Reads one table.
class ScanNode final : public Node {
 public:
  ScanNode(const plan::PhysicalNode* plan, env::Env& env, std::unique_ptr<connectors::SourceReader> reader,
           std::unique_ptr<formats::Decoder> decoder, std::vector<checkpoint::SplitProgress> splits,
           std::shared_ptr<SplitWatermarks> watermarks, bool bounded, Micros idle_timeout);

  // Reads once without waiting. True if something came.
  Result<bool> Poll();
  // Notes the positions and sends the barrier.
  Status Inject(Epoch epoch);
  Status AddSplits(const std::vector<checkpoint::SplitProgress>& splits);
  void Close() { reader_->Close(); }
  int64_t rows_read() const { return rows_; }
  const SplitWatermarks& watermarks() const { return *watermarks_; }
  std::shared_ptr<SplitWatermarks> shared_watermarks() const { return watermarks_; }
  std::vector<connectors::SplitLag> Lag() { return reader_->Lag(); }

 private:
  Status OnBatch(columnar::Batch batch) override { return Forward(Element::Rows(std::move(batch))); }
  Status Decode(const connectors::Chunk& chunk);
  Status SendWatermark();
  Status FollowIdleness();

  env::Env& env_;
  std::unique_ptr<connectors::SourceReader> reader_;
  std::unique_ptr<formats::Decoder> decoder_;
  std::map<std::string, checkpoint::SplitProgress> splits_;
  std::shared_ptr<SplitWatermarks> watermarks_;
  const bool bounded_;
  const int64_t idle_timeout_micros_;
  int64_t polled_micros_ = 0;  // when the reader was asked last
  bool any_idle_ = false;
  formats::DecodeCounters decoded_;
  int64_t rows_ = 0;
  bool ended_ = false;
  bool idle_sent_ = false;
  bool announced_ = false;  // a watermark was sent by this node
};

// WATERMARK FOR: computes the watermark of the split whose rows pass.
class WatermarkNode final : public Node {
 public:
  WatermarkNode(const plan::PhysicalNode* plan, const functions::Evaluator& evaluator,
                std::shared_ptr<SplitWatermarks> watermarks)
      : Node(plan, 1),
        spec_(std::get<plan::WatermarkSpec>(plan->spec)),
        evaluator_(evaluator),
        watermarks_(std::move(watermarks)) {
    watermarks_->has_event_time = true;
  }

 private:
  Status OnBatch(columnar::Batch batch) override;
  Status NullTime(const columnar::Column& time) const;
  const plan::WatermarkSpec& spec_;
  const functions::Evaluator& evaluator_;
  std::shared_ptr<SplitWatermarks> watermarks_;
  int64_t sent_ = checkpoint::kNoWatermark;
};

}  // namespace semel::runtime
