// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What window operators share.
#pragma once

#include "operators/api/error_codes.h"
#include "plan/physical.h"

namespace semel::operators {

// The end of the tumbling window that a time falls into; windows begin at multiples of the size plus the offset, also
// before 1970.
inline int64_t TumbleEnd(const plan::WindowSpec& window, int64_t time) {
  const int64_t shifted = time - window.offset_micros;
  int64_t index = shifted / window.size_micros;
  if (shifted % window.size_micros < 0) --index;
  return (index + 1) * window.size_micros + window.offset_micros;
}

inline Status NullEventTime() {
  return Status::Invalid(kNullEventTime, "a row has NULL as its event time",
                         "filter such rows in a view before the window, or give them a time with COALESCE");
}

inline Status LateRowFails() {
  return Status::Invalid(kLateRow, "a row came behind the watermark and SET 'semel.late' = 'fail'",
                         "allow more delay in WATERMARK FOR, or SET 'semel.late' = 'drop'");
}

}  // namespace semel::operators
