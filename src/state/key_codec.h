// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Key columns of a row as bytes: equal keys, equal bytes. Per column a byte that says NULL (0) or not (1), then the
// value in its physical width, or its length as a varint and its bytes (docs/formats/state-segments.md).
#pragma once

#include <string>
#include <vector>

#include "codec/bytes_io.h"
#include "columnar/column.h"

namespace semel::state {

inline constexpr uint32_t kKeyGroups = 128;  // as Flink's default maximum parallelism

// Replaces `out` by the key of row i.
void EncodeKey(const columnar::Batch& batch, const std::vector<int>& keys, int64_t row, std::string& out);
// The keys of all rows of a batch with their hashes, encoded column by column where they have one width.
class KeyBatch {
 public:
  // Replaces the keys by those of the batch; the memory is used again.
  void Encode(const columnar::Batch& batch, const std::vector<int>& keys);
  size_t size() const { return hashes_.size(); }
  std::string_view key(size_t row) const {
    const size_t begin = width_ > 0 ? row * width_ : ends_[row];
    return std::string_view(bytes_).substr(begin, width_ > 0 ? width_ : ends_[row + 1] - begin);
  }
  uint64_t hash(size_t row) const { return hashes_[row]; }

 private:
  std::string bytes_;
  size_t width_ = 0;          // of every key; 0: they differ and lie between ends_
  std::vector<size_t> ends_;  // one more than rows, from 0
  std::vector<uint64_t> hashes_;
};

// Appends the value of each key column to its builder. False if the bytes do not fit the builders' types.
bool DecodeKey(std::string_view key, std::vector<columnar::ColumnBuilder*>& out);
uint64_t HashKey(std::string_view key);
inline uint32_t KeyGroupOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) % kKeyGroups; }
// Which of `workers` owns a key group: contiguous ranges.
inline uint32_t WorkerOf(uint32_t key_group, uint32_t workers) { return key_group * workers / kKeyGroups; }

// A batch as bytes and back, for rows kept in state. Corrupt input gives nothing.
void EncodeBatch(const columnar::Batch& batch, codec::ByteWriter& out);
Result<columnar::Batch> DecodeBatch(codec::ByteReader& in, const columnar::SchemaPtr& schema);

}  // namespace semel::state
