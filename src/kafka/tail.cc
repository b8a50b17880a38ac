// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/tail.h"

namespace semel::kafka {

TailVerdict JudgeTail(const TailLook& look, int64_t offset, int64_t stop) {
  if (look.error != 0) return TailVerdict::kUnknown;
  if (look.next_record >= 0) return look.next_record >= stop ? TailVerdict::kNothingLeft : TailVerdict::kUnknown;
  const bool local = look.local_start >= 0 && look.local_start <= offset;
  if (look.newest >= offset && look.newest < stop) return TailVerdict::kUnknown;
  return local && !look.throttled && look.high_watermark >= stop ? TailVerdict::kSilent : TailVerdict::kUnknown;
}

}  // namespace semel::kafka
