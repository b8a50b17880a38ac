// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Groups and their accumulators: an open-addressing table over encoded keys (linear probing, Knuth vol. 3, 6.4),
// accumulators in columns, dirt tracked per group so that a checkpoint writes what changed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/bytes_io.h"
#include "columnar/column.h"
#include "plan/physical.h"
#include "state/key_codec.h"

namespace semel::state {

// The accumulators of one aggregate call, one per group.
class Accumulators {
 public:
  // `argument`: type of the argument column; of COUNT(*) anything.
  Accumulators(const plan::AggregateCall& call, const columnar::DataType& argument);

  void AddGroup();
  // Takes row `row` of the batch into group `group`. Invalid when a sum of integers or decimals overflows its type.
  Status Add(uint32_t group, const columnar::Batch& batch, int64_t row);
  // Takes row rows[i] (row i, where `rows` is empty) into groups[i], for all i in order.
  Status AddAll(std::span<const uint32_t> groups, const columnar::Batch& batch, std::span<const uint32_t> rows);
  // The present result of a group, appended to a column of the call's type.
  Status Append(uint32_t group, columnar::ColumnBuilder& out) const;
  // Append for all of them, in order.
  Status AppendAll(std::span<const uint32_t> groups, columnar::ColumnBuilder& out) const;
  // Takes row i of the batch into groups[i] and appends the result of row i to `out`, in order: rows up to
  // frame_ends[i] are taken before the result of row i is appended (rows of one time share it in a RANGE frame).
  Status AddAndAppendAll(std::span<const uint32_t> groups, const columnar::Batch& batch,
                         std::span<const uint32_t> frame_ends, columnar::ColumnBuilder& out);
  // Whether both groups have the same result, whatever went into it; NaN equals NaN.
  bool ResultEquals(uint32_t a, const Accumulators& other, uint32_t b) const;

  void Encode(uint32_t group, codec::ByteWriter& out) const;
  void Decode(uint32_t group, codec::ByteReader& in);
  void Assign(uint32_t group, const Accumulators& other, uint32_t from);
  size_t MemoryBytes() const;

 private:
  // The result as it stands; REQUIRES: something was counted.
  double ApproximateResult(uint32_t group) const;
  Status ExactResult(uint32_t group, columnar::int128& result) const;
  bool TakesPart(const columnar::Batch& batch, int64_t row) const;
  Status AddExact(uint32_t group, columnar::int128 value);
  Status Overflow() const;
  bool AddsPlainly(const columnar::Batch& batch) const;
  bool GivesPlainSums(const columnar::ColumnBuilder& out) const;
  template <typename T>
  Status AddPlain(std::span<const uint32_t> groups, const T* values, std::span<const uint32_t> rows);
  template <typename T>
  Status RunPlain(std::span<const uint32_t> groups, const T* values, std::span<const uint32_t> frame_ends,
                  columnar::ColumnBuilder& out);

  plan::AggregateCall call_;
  columnar::DataType argument_;
  columnar::int128 least_ = 0, most_ = 0;  // what a sum may be
  std::vector<int64_t> counts_;            // values taken (rows for COUNT(*))
  std::vector<columnar::int128> exact_;    // sum, least or greatest of integers, decimals, dates, times, booleans
  std::vector<double> approximate_;        // the same of FLOAT and DOUBLE
  std::vector<std::string> text_;          // least or greatest of text
};

// One strand. Groups are numbered from 0 and stay until Clear.
class GroupTable {
 public:
  GroupTable(std::vector<plan::AggregateCall> calls, const columnar::Schema& input);

  // The group of a key, made if there is none (`created` says so).
  uint32_t FindOrAdd(std::string_view key, uint64_t hash, bool& created);
  // FindOrAdd for rows[i] (row i, where `rows` is empty) of the keys into groups[i]; new groups are numbered from the
  // size before.
  void FindOrAddAll(const KeyBatch& keys, std::span<const uint32_t> rows, std::vector<uint32_t>& groups);
  Status Add(uint32_t group, const columnar::Batch& batch, int64_t row);
  // The running results of one call over rows in order; see Accumulators::AddAndAppendAll. Every call has to be run for
  // every row.
  Status AddAndAppendAll(size_t call, std::span<const uint32_t> groups, const columnar::Batch& batch,
                         std::span<const uint32_t> frame_ends, columnar::ColumnBuilder& out);
  // Add for many rows; see Accumulators::AddAll.
  Status AddAll(std::span<const uint32_t> groups, const columnar::Batch& batch, std::span<const uint32_t> rows);
  uint32_t size() const { return static_cast<uint32_t>(groups_.size()); }
  std::string_view KeyOf(uint32_t group) const {
    return std::string_view(keys_).substr(groups_[group].key_begin, groups_[group].key_size);
  }
  const Accumulators& accumulators(size_t call) const { return accumulators_[call]; }
  Accumulators& accumulators(size_t call) { return accumulators_[call]; }
  size_t num_calls() const { return accumulators_.size(); }
  Status AppendResult(size_t call, uint32_t group, columnar::ColumnBuilder& out) const {
    return accumulators_[call].Append(group, out);
  }

  // --- snapshots: entries of (key, accumulators)
  uint32_t dirty_groups() const { return static_cast<uint32_t>(dirty_list_.size()); }
  // Writes dirty groups (or all) as a count and entries, and forgets the dirt.
  void EncodeEntries(bool all, codec::ByteWriter& out);
  // Applies entries; later ones win. `mine` tells whether a key belongs to this worker. False if the bytes do not fit.
  template <typename Mine>
  bool DecodeEntries(codec::ByteReader& in, Mine mine) {
    const uint64_t n = in.Varint();
    for (uint64_t i = 0; i < n && in.ok(); ++i) {
      const std::string_view key = in.Text();
      const uint64_t hash = Hash(key);
      bool created = false;
      const bool is_mine = mine(hash);
      const uint32_t group = is_mine ? FindOrAdd(key, hash, created) : Scratch();
      for (Accumulators& a : accumulators_) a.Decode(group, in);
    }
    return in.ok();
  }
  size_t MemoryBytes() const;

 private:
  static uint64_t Hash(std::string_view key);
  uint32_t Scratch();  // a group that stands for keys of other workers while entries are skipped
  void Grow();
  void MarkDirty(uint32_t group);

  // What a look-up touches of a group lies together: half a cache line.
  struct Group {
    uint64_t hash = 0;
    uint64_t key_head = 0;  // the key's first 8 bytes, zeros behind a shorter one
    uint64_t key_begin = 0;
    uint32_t key_size = 0;
    uint32_t dirty = 0;
  };
  struct Slot {
    uint32_t tag = 0;    // upper half of the hash
    uint32_t group = 0;  // + 1; 0: empty
  };
  bool IsKey(const Group& group, std::string_view key, uint64_t hash, uint64_t head) const;

  std::vector<Accumulators> accumulators_;
  std::vector<Group> groups_;
  std::string keys_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> dirty_list_;
};

}  // namespace semel::state
