// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "checkpoint/api/dataflow.h"
#include "columnar/column.h"

namespace semel::runtime {

// What flows along an edge: rows, a watermark, a barrier, or the word that nothing more is to be waited for from here
// for now.
struct Element {
  enum class Kind : uint8_t { kBatch, kWatermark, kBarrier, kIdle };
  Kind kind = Kind::kBatch;
  columnar::Batch batch;
  int64_t watermark = checkpoint::kNoWatermark;  // kFinalWatermark: the input has ended
  Epoch epoch;
  static Element Rows(columnar::Batch batch) { return {Kind::kBatch, std::move(batch), 0, {}}; }
  static Element Watermark(int64_t watermark) { return {Kind::kWatermark, {}, watermark, {}}; }
  static Element Barrier(Epoch epoch) { return {Kind::kBarrier, {}, 0, epoch}; }
  static Element Idle() { return {Kind::kIdle, {}, 0, {}}; }
};

}  // namespace semel::runtime
