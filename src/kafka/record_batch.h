// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Record batches of format 2 (Apache Kafka, "Message format"), read in place: uncompressed records are views into the
// answer, compressed ones into one unpacked buffer per batch. Control batches and aborted transactions are left out
// here.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "kafka/messages.h"

namespace semel::kafka {

struct Record {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::string_view key;
  std::string_view value;
  bool has_key = false;
  bool has_value = false;
};

// What the records of one batch have in common.
struct BatchFacts {
  int64_t base_offset = 0;
  int32_t leader_epoch = -1;
  bool log_append_time = false;  // timestamps are the broker's
};

// What one partition's part of an answer holds.
struct RecordSet {
  std::vector<BatchFacts> batches;  // of the records, in order
  std::vector<Record> records;
  int64_t next_offset = 0;    // where to go on: after the last whole batch, also if none of it was delivered
  int32_t leader_epoch = -1;  // of the last whole batch; -1 if there is none
  std::vector<std::shared_ptr<std::string>> unpacked;  // buffers of compressed batches that `records` look into
};

struct RecordSetRequest {
  std::string_view bytes;           // readable 64 bytes past its end
  int64_t first_offset = 0;         // records before it were seen already
  int64_t stop_offset = INT64_MAX;  // records from it on are not wanted
  bool read_committed = true;
  std::vector<AbortedTransaction> aborted;
};

// Walks the whole batches of one partition's part; a batch cut off at the end is left for the next fetch. Corrupt with
// the offset if a checksum or a length does not fit; Invalid for the formats before 2.
Result<RecordSet> ReadRecordSet(const RecordSetRequest& request);

// A lower bound of the first offset, from `offset` on, that has a record: where the first batch begins that reaches it.
// -1 if there is no batch.
int64_t NextRecordOffset(std::string_view bytes, int64_t offset);

}  // namespace semel::kafka
