// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>

#include "checkpoint/api/snapshot.h"

namespace semel::cli {

// The books of epochs, added up over nodes: what a user counts.
struct Totals {
  int64_t read = 0;
  int64_t written = 0;
  int64_t late = 0;      // rows behind the watermark, dropped
  int64_t rejected = 0;  // records that a format skipped
  void Add(const checkpoint::Books& books);
  bool dropped_any() const { return late > 0 || rejected > 0; }
  // "1500 rows read, 1500 written", and what was dropped if anything was.
  std::string ToString() const;
  std::string ToJson() const;
};

}  // namespace semel::cli
