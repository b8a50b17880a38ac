// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// For tests: record batches of format 2, made from what a test says.
#pragma once

#include <string>
#include <vector>

#include "codec/bytes_io.h"
#include "codec/compression.h"
#include "codec/crc32c.h"

namespace semel::kafka {

// One batch; record i has the offset base_offset + i, the key "k" + value, and a timestamp 10 ms after the one before.
struct ScriptedBatch {
  int64_t base_offset = 0;
  std::vector<std::string> values;
  int compression = 0;  // Kafka's number
  bool transactional = false;
  bool control = false;
  bool commit = false;  // of a control batch
  int64_t producer_id = -1;
  int32_t last_offset_delta = -1;  // -1: from the number of values
  int32_t leader_epoch = 7;
};

inline std::string EncodeBatch(const ScriptedBatch& batch) {
  codec::ByteWriter records;
  int32_t count = 0;
  auto add = [&](std::string_view key, bool has_key, std::string_view value) {
    codec::ByteWriter record;
    record.U8(0);
    record.Zigzag(count * 10);
    record.Zigzag(count);
    record.Zigzag(has_key ? static_cast<int64_t>(key.size()) : -1);
    record.Raw(key);
    record.Zigzag(static_cast<int64_t>(value.size()));
    record.Raw(value);
    record.Zigzag(0);
    records.Zigzag(static_cast<int64_t>(record.bytes().size()));
    records.Raw(record.bytes());
    ++count;
  };
  if (batch.control) add(std::string_view(batch.commit ? "\0\0\0\1" : "\0\0\0\0", 4), true, "");
  for (const std::string& value : batch.values) add("k" + value, true, value);
  const codec::Compression kinds[] = {codec::Compression::kNone, codec::Compression::kGzip, codec::Compression::kSnappy,
                                      codec::Compression::kLz4Frame, codec::Compression::kZstd};
  std::string body =
      batch.compression == 0 ? records.bytes() : codec::Compress(kinds[batch.compression], records.bytes()).value();
  codec::ByteWriter sealed;
  sealed.Big(static_cast<int16_t>(batch.compression | (batch.transactional ? 16 : 0) | (batch.control ? 32 : 0)));
  sealed.Big(batch.last_offset_delta >= 0 ? batch.last_offset_delta : count - 1);
  sealed.Big(int64_t{1'000});
  sealed.Big(int64_t{2'000});
  sealed.Big(batch.producer_id);
  sealed.Big(int16_t{0});
  sealed.Big(int32_t{0});
  sealed.Big(count);
  sealed.Raw(body);
  codec::ByteWriter out;
  out.Big(batch.base_offset);
  out.Big(static_cast<int32_t>(4 + 1 + 4 + sealed.bytes().size()));
  out.Big(batch.leader_epoch);
  out.U8(2);
  out.Big(codec::Crc32c(sealed.bytes()));
  out.Raw(sealed.bytes());
  return out.Take();
}

}  // namespace semel::kafka
