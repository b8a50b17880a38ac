// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Whether a bounded partition is over although its end was never reached. That happens: compaction may take the last
// records before the end, and a broker that has nothing more answers without records for ever. So does one whose remote
// storage is slow, so an answer without records proves nothing by itself.
#pragma once

#include <cstdint>
#include <string>

namespace semel::kafka {

// What one look past an offset saw: a Fetch of the partition alone that leaves no transaction out, and where the
// broker's own disk begins.
struct TailLook {
  std::string topic;
  int32_t partition = 0;
  int16_t error = 0;
  int64_t local_start = 0;  // records before it lie in remote storage; 0 where brokers know no such thing
  bool throttled = false;   // a quota emptied the answer
  int64_t high_watermark = -1;
  int64_t next_record = -1;  // no record lies between the offset and this one; -1: the answer had no batch
  int64_t newest = -1;       // where the record with the latest timestamp lies; -1: not known
};

enum class TailVerdict : uint8_t {
  kUnknown,  // nothing follows from it
  kSilent,   // a log on the broker's own disk gave nothing, and nothing else tells of a record there: counts only when
             // seen again and again
  kNothingLeft,  // proven: the next record lies at the end or behind it
};

// About the records from `offset` to `stop`.
TailVerdict JudgeTail(const TailLook& look, int64_t offset, int64_t stop);

}  // namespace semel::kafka
