// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Columns and batches in the Apache Arrow memory layout (Arrow columnar format 1.5, sections "Validity bitmaps",
// "Fixed-size primitive", "Variable-size binary", "Struct"): validity bitmaps with 1 = valid in LSB order, values
// without gaps, 32-bit offsets. Columns are immutable once built and shared by pointer; there are no offsets into
// shared columns (a slice is a copy).
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/type.h"

namespace semel::columnar {

// Owned memory, aligned to 64 bytes and padded so that a kernel may read 64 bytes past the end. Grows while being
// built, immutable afterwards (shared as shared_ptr<const Buffer>).
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size) { Resize(size); }
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Swap(other);
    return *this;
  }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  const uint8_t* data() const { return data_; }
  uint8_t* mutable_data() { return data_; }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }
  template <typename T>
  T* mutable_as() {
    return reinterpret_cast<T*>(data_);
  }

  // Keeps the content; new bytes are not initialised.
  void Resize(size_t size) {
    if (size > capacity_) Grow(size);
    size_ = size;
  }
  void Reserve(size_t capacity) {
    if (capacity > capacity_) Grow(capacity);
  }
  void Append(const void* bytes, size_t n) {
    const size_t at = size_;
    Resize(at + n);
    if (n > 0) std::memcpy(data_ + at, bytes, n);
  }

 private:
  void Grow(size_t capacity);
  void Swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// A column of text or bytes holds less than 2 GiB: its offsets have 32 bits.
inline constexpr size_t kMaxTextBytes = 0x7fffffff;

using BufferPtr = std::shared_ptr<const Buffer>;

inline bool GetBit(const uint8_t* bits, int64_t i) { return (bits[i >> 3] >> (i & 7)) & 1; }
inline void SetBit(uint8_t* bits, int64_t i) { bits[i >> 3] |= static_cast<uint8_t>(1u << (i & 7)); }
inline void ClearBit(uint8_t* bits, int64_t i) { bits[i >> 3] &= static_cast<uint8_t>(~(1u << (i & 7))); }
inline size_t BitmapBytes(int64_t n) { return static_cast<size_t>((n + 7) / 8); }

class Column;
using ColumnPtr = std::shared_ptr<const Column>;

// One column of values. Immutable, any thread may read it.
class Column {
 public:
  // `validity` may be null (every value is valid); `values` per PhysicalKind (bits, fixed width, or int32 offsets of
  // length+1); `data` only for binary; `children` only for ROW.
  Column(DataType type, int64_t length, BufferPtr validity, BufferPtr values, BufferPtr data = nullptr,
         std::vector<ColumnPtr> children = {});

  const DataType& type() const { return type_; }
  int64_t length() const { return length_; }
  bool has_nulls() const { return validity_ != nullptr; }
  const uint8_t* validity() const { return validity_ ? validity_->data() : nullptr; }
  bool IsNull(int64_t i) const { return validity_ && !GetBit(validity_->data(), i); }
  bool IsValid(int64_t i) const { return !IsNull(i); }
  int64_t CountNulls() const;

  template <typename T>
  const T* values() const {
    return values_->as<T>();
  }
  bool GetBool(int64_t i) const { return GetBit(values_->data(), i); }
  const int32_t* offsets() const { return values_->as<int32_t>(); }
  const char* data() const { return data_ ? data_->as<char>() : nullptr; }
  std::string_view GetString(int64_t i) const {
    const int32_t* o = offsets();
    return std::string_view(data() + o[i], static_cast<size_t>(o[i + 1] - o[i]));
  }
  // An integer-like value (integers, compact or long decimals, dates, times) widened; REQUIRES such a type.
  int128 GetInt(int64_t i) const;
  const std::vector<ColumnPtr>& children() const { return children_; }
  const BufferPtr& validity_buffer() const { return validity_; }
  const BufferPtr& values_buffer() const { return values_; }
  const BufferPtr& data_buffer() const { return data_; }
  // Bytes held, for memory budgets.
  size_t MemoryBytes() const;

 private:
  DataType type_;
  int64_t length_;
  BufferPtr validity_;
  BufferPtr values_;
  BufferPtr data_;
  std::vector<ColumnPtr> children_;
};

// Appends values one by one or in runs, then hands over the column. One strand; reusable after Finish.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type);

  const DataType& type() const { return type_; }
  int64_t length() const { return length_; }
  void Reserve(int64_t rows);

  void AppendNull();
  void AppendBool(bool v);
  // REQUIRES: sizeof(T) is the type's byte width.
  template <typename T>
  void Append(T v) {
    SEMEL_DCHECK(sizeof(T) == static_cast<size_t>(type_.byte_width()));
    values_.Append(&v, sizeof(T));
    MarkValid();
  }
  // An integer-like value narrowed to the physical width (the caller has checked the range).
  void AppendInt(int128 v);
  void AppendInt64(int64_t v) {
    switch (physical_) {
      case PhysicalKind::kInt32:
        return Append(static_cast<int32_t>(v));
      case PhysicalKind::kInt64:
        return Append(v);
      default:
        return AppendInt(v);
    }
  }
  // Many values without NULLs. REQUIRES: sizeof(T) is the type's byte width.
  template <typename T>
  void AppendRun(std::span<const T> run) {
    SEMEL_DCHECK(sizeof(T) == static_cast<size_t>(type_.byte_width()));
    values_.Append(run.data(), run.size_bytes());
    if (has_nulls_) {
      for (size_t i = 0; i < run.size(); ++i) MarkValid();
    } else {
      length_ += static_cast<int64_t>(run.size());
    }
  }
  // REQUIRES: HasRoomFor(v.size()).
  void AppendString(std::string_view v);
  // Whether so many bytes more fit a column of text or bytes.
  bool HasRoomFor(size_t bytes) const { return bytes <= kMaxTextBytes && data_.size() <= kMaxTextBytes - bytes; }
  // A ROW value: the caller has appended one value to each child (also under a NULL row).
  void AppendRow(bool valid);
  ColumnBuilder& child(size_t i) { return *children_[i]; }
  size_t num_children() const { return children_.size(); }
  // Keeps the first `rows` values, if there are more, at every depth: also takes back what was appended to the fields
  // of a ROW that was begun and not ended.
  void TruncateTo(int64_t rows);
  // Copies value i of a column of the same type.
  void AppendFrom(const Column& column, int64_t i);

  ColumnPtr Finish();

 private:
  void MarkValid() {
    if (has_nulls_) GrowValidity(true);
    ++length_;
  }
  void GrowValidity(bool valid);

  DataType type_;
  PhysicalKind physical_;
  int64_t length_ = 0;
  bool has_nulls_ = false;
  Buffer validity_;
  Buffer values_;
  Buffer data_;
  std::vector<std::unique_ptr<ColumnBuilder>> children_;
};

// What a row of a changelog does (Flink's RowKind).
enum class RowKind : uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

// Rows in columns. Cheap to copy (shared columns). `kinds` is empty when every row is an insert (append-only streams).
class Batch {
 public:
  Batch() = default;
  Batch(SchemaPtr schema, int64_t length, std::vector<ColumnPtr> columns, std::vector<RowKind> kinds = {});

  const SchemaPtr& schema() const { return schema_; }
  int64_t length() const { return length_; }
  size_t num_columns() const { return columns_.size(); }
  const ColumnPtr& column(size_t i) const { return columns_[i]; }
  const std::vector<ColumnPtr>& columns() const { return columns_; }
  bool has_kinds() const { return !kinds_.empty(); }
  RowKind kind(int64_t i) const { return kinds_.empty() ? RowKind::kInsert : kinds_[static_cast<size_t>(i)]; }
  const std::vector<RowKind>& kinds() const { return kinds_; }
  size_t MemoryBytes() const;

  // The rows with these indices, in this order (indices may repeat).
  Batch Take(std::span<const uint32_t> rows) const;
  Batch Slice(int64_t offset, int64_t length) const;
  // Rows as text, for tests, the print sink and error messages: "+I[1, abc, NULL]" per line.
  std::string ToString() const;

 private:
  SchemaPtr schema_;
  int64_t length_ = 0;
  std::vector<ColumnPtr> columns_;
  std::vector<RowKind> kinds_;
};

// The values at `rows`, in this order.
ColumnPtr Take(const Column& column, std::span<const uint32_t> rows);
// All rows of the columns, one after the other; REQUIRES equal types, at least one column.
ColumnPtr Concatenate(std::span<const ColumnPtr> columns);
// All rows of append-only batches of one schema, one after the other; REQUIRES at least one batch.
Batch ConcatenateBatches(std::span<const Batch> batches);
// The field of a ROW column, NULL also where the ROW is.
ColumnPtr FieldOf(const Column& row, size_t field);
// A column of `length` NULLs.
ColumnPtr NullColumn(const DataType& type, int64_t length);
// One value as text, in the form that Flink's print sink and CAST(… AS STRING) use: "12.30", "2026-01-02 03:04:05.678".
std::string ValueToString(const Column& column, int64_t i);

}  // namespace semel::columnar
