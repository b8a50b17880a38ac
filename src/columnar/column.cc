// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/column.h"

#include <cstdlib>
#include <new>

namespace semel::columnar {

namespace {
constexpr size_t kAlignment = 64;
constexpr size_t kPadding = 64;
}  // namespace

Buffer::~Buffer() { std::free(data_); }

void Buffer::Grow(size_t capacity) {
  size_t wanted = capacity_ == 0 ? 256 : capacity_ * 2;
  if (wanted < capacity) wanted = capacity;
  wanted = (wanted + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, wanted + kPadding);
  if (memory == nullptr) throw std::bad_alloc();
  if (size_ > 0) std::memcpy(memory, data_, size_);
  std::free(data_);
  data_ = static_cast<uint8_t*>(memory);
  capacity_ = wanted;
}

Column::Column(DataType type, int64_t length, BufferPtr validity, BufferPtr values, BufferPtr data,
               std::vector<ColumnPtr> children)
    : type_(std::move(type)),
      length_(length),
      validity_(std::move(validity)),
      values_(std::move(values)),
      data_(std::move(data)),
      children_(std::move(children)) {
  const PhysicalKind physical = type_.physical();
  if (physical == PhysicalKind::kStruct) {
    SEMEL_CHECK(children_.size() == type_.fields().size(), "a ROW column needs one child per field");
  } else if (physical == PhysicalKind::kBinary) {
    SEMEL_CHECK(values_ && values_->size() >= (static_cast<size_t>(length) + 1) * 4, "offsets too short");
  } else if (physical == PhysicalKind::kBit) {
    SEMEL_CHECK(values_ && values_->size() >= BitmapBytes(length), "bits too short");
  } else if (physical != PhysicalKind::kNone) {
    SEMEL_CHECK(values_ && values_->size() >= static_cast<size_t>(length) * static_cast<size_t>(type_.byte_width()),
                "values too short");
  }
  SEMEL_CHECK(!validity_ || validity_->size() >= BitmapBytes(length), "validity too short");
}

int64_t Column::CountNulls() const {
  if (!validity_) return 0;
  int64_t valid = 0;
  const uint8_t* bits = validity_->data();
  for (int64_t i = 0; i < length_ / 8; ++i) valid += __builtin_popcount(bits[i]);
  for (int64_t i = length_ / 8 * 8; i < length_; ++i) valid += GetBit(bits, i);
  return length_ - valid;
}

int128 Column::GetInt(int64_t i) const {
  switch (type_.physical()) {
    case PhysicalKind::kInt8:
      return values<int8_t>()[i];
    case PhysicalKind::kInt16:
      return values<int16_t>()[i];
    case PhysicalKind::kInt32:
      return values<int32_t>()[i];
    case PhysicalKind::kInt64:
      return values<int64_t>()[i];
    case PhysicalKind::kInt128:
      return values<int128>()[i];
    default:
      break;
  }
  SEMEL_CHECK(false, "GetInt of a column that holds no integers");
  return 0;
}

size_t Column::MemoryBytes() const {
  size_t bytes = sizeof(Column);
  for (const BufferPtr& b : {validity_, values_, data_})
    if (b) bytes += b->capacity();
  for (const ColumnPtr& c : children_) bytes += c->MemoryBytes();
  return bytes;
}

ColumnBuilder::ColumnBuilder(DataType type) : type_(std::move(type)), physical_(type_.physical()) {
  for (const Field& field : type_.fields()) children_.push_back(std::make_unique<ColumnBuilder>(field.type));
  if (physical_ == PhysicalKind::kBinary) {
    const int32_t zero = 0;
    values_.Append(&zero, 4);
  }
}

void ColumnBuilder::Reserve(int64_t rows) {
  const size_t n = static_cast<size_t>(rows);
  if (physical_ == PhysicalKind::kBinary) {
    values_.Reserve((n + 1) * 4);
  } else if (physical_ == PhysicalKind::kBit) {
    values_.Reserve(BitmapBytes(rows));
  } else {
    values_.Reserve(n * static_cast<size_t>(type_.byte_width()));
  }
  for (auto& child : children_) child->Reserve(rows);
}

void ColumnBuilder::GrowValidity(bool valid) {
  const size_t bytes = BitmapBytes(length_ + 1);
  if (!has_nulls_) {
    validity_.Resize(bytes);
    std::memset(validity_.mutable_data(), 0xff, bytes);
    has_nulls_ = true;
  } else if (bytes > validity_.size()) {
    validity_.Resize(bytes);
    validity_.mutable_data()[bytes - 1] = 0;
  }
  if (valid) {
    SetBit(validity_.mutable_data(), length_);
  } else {
    ClearBit(validity_.mutable_data(), length_);
  }
}

void ColumnBuilder::AppendNull() {
  GrowValidity(false);
  switch (physical_) {
    case PhysicalKind::kBinary: {
      const int32_t end = static_cast<int32_t>(data_.size());
      values_.Append(&end, 4);
      break;
    }
    case PhysicalKind::kBit:
      values_.Resize(BitmapBytes(length_ + 1));
      ClearBit(values_.mutable_data(), length_);
      break;
    case PhysicalKind::kStruct:
      for (auto& child : children_) child->AppendNull();
      break;
    case PhysicalKind::kNone:
      break;
    default: {
      const uint8_t zeros[16] = {};
      values_.Append(zeros, static_cast<size_t>(type_.byte_width()));
    }
  }
  ++length_;
}

void ColumnBuilder::AppendBool(bool v) {
  SEMEL_DCHECK(physical_ == PhysicalKind::kBit);
  values_.Resize(BitmapBytes(length_ + 1));
  if (v) {
    SetBit(values_.mutable_data(), length_);
  } else {
    ClearBit(values_.mutable_data(), length_);
  }
  MarkValid();
}

void ColumnBuilder::AppendInt(int128 v) {
  switch (physical_) {
    case PhysicalKind::kInt8:
      return Append(static_cast<int8_t>(v));
    case PhysicalKind::kInt16:
      return Append(static_cast<int16_t>(v));
    case PhysicalKind::kInt32:
      return Append(static_cast<int32_t>(v));
    case PhysicalKind::kInt64:
      return Append(static_cast<int64_t>(v));
    case PhysicalKind::kInt128:
      return Append(v);
    default:
      SEMEL_CHECK(false, "AppendInt to a column that holds no integers");
  }
}

void ColumnBuilder::AppendString(std::string_view v) {
  SEMEL_DCHECK(physical_ == PhysicalKind::kBinary);
  SEMEL_CHECK(HasRoomFor(v.size()), "a column of text holds at most 2 GiB");
  data_.Append(v.data(), v.size());
  const int32_t end = static_cast<int32_t>(data_.size());
  values_.Append(&end, 4);
  MarkValid();
}

void ColumnBuilder::AppendRow(bool valid) {
  if (valid) {
    MarkValid();
  } else {
    GrowValidity(false);
    ++length_;
  }
}

void ColumnBuilder::AppendFrom(const Column& column, int64_t i) {
  if (column.IsNull(i)) {
    AppendNull();
    return;
  }
  switch (physical_) {
    case PhysicalKind::kBinary:
      return AppendString(column.GetString(i));
    case PhysicalKind::kBit:
      return AppendBool(column.GetBool(i));
    case PhysicalKind::kStruct:
      for (size_t c = 0; c < children_.size(); ++c) children_[c]->AppendFrom(*column.children()[c], i);
      return AppendRow(true);
    case PhysicalKind::kFloat:
      return Append(column.values<float>()[i]);
    case PhysicalKind::kDouble:
      return Append(column.values<double>()[i]);
    case PhysicalKind::kNone:
      return AppendNull();
    default:
      return AppendInt(column.GetInt(i));
  }
}

void ColumnBuilder::TruncateTo(int64_t rows) {
  for (auto& child : children_) child->TruncateTo(rows);
  if (length_ <= rows) return;
  length_ = rows;
  if (has_nulls_) validity_.Resize(BitmapBytes(length_));
  switch (physical_) {
    case PhysicalKind::kBinary:
      values_.Resize((static_cast<size_t>(length_) + 1) * 4);
      data_.Resize(static_cast<size_t>(values_.as<int32_t>()[length_]));
      break;
    case PhysicalKind::kBit:
      values_.Resize(BitmapBytes(length_));
      break;
    case PhysicalKind::kStruct:
    case PhysicalKind::kNone:
      break;
    default:
      values_.Resize(static_cast<size_t>(length_) * static_cast<size_t>(type_.byte_width()));
  }
}

ColumnPtr ColumnBuilder::Finish() {
  std::vector<ColumnPtr> children;
  for (auto& child : children_) children.push_back(child->Finish());
  BufferPtr validity = has_nulls_ ? std::make_shared<const Buffer>(std::move(validity_)) : nullptr;
  BufferPtr data = physical_ == PhysicalKind::kBinary ? std::make_shared<const Buffer>(std::move(data_)) : nullptr;
  auto column = std::make_shared<const Column>(type_, length_, std::move(validity),
                                               std::make_shared<const Buffer>(std::move(values_)), std::move(data),
                                               std::move(children));
  validity_ = Buffer();
  values_ = Buffer();
  data_ = Buffer();
  length_ = 0;
  has_nulls_ = false;
  if (physical_ == PhysicalKind::kBinary) {
    const int32_t zero = 0;
    values_.Append(&zero, 4);
  }
  return column;
}

Batch::Batch(SchemaPtr schema, int64_t length, std::vector<ColumnPtr> columns, std::vector<RowKind> kinds)
    : schema_(std::move(schema)), length_(length), columns_(std::move(columns)), kinds_(std::move(kinds)) {
  SEMEL_CHECK(schema_ && schema_->size() == columns_.size(), "one column per field");
  SEMEL_CHECK(kinds_.empty() || static_cast<int64_t>(kinds_.size()) == length_, "one kind per row");
  for (const ColumnPtr& c : columns_) SEMEL_CHECK(c && c->length() == length_, "columns of one length");
}

size_t Batch::MemoryBytes() const {
  size_t bytes = sizeof(Batch) + kinds_.size();
  for (const ColumnPtr& c : columns_) bytes += c->MemoryBytes();
  return bytes;
}

namespace {
template <typename T>
BufferPtr TakeFixed(const Column& column, std::span<const uint32_t> rows) {
  auto out = std::make_shared<Buffer>(rows.size() * sizeof(T));
  T* to = out->mutable_as<T>();
  const T* from = column.values<T>();
  for (size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
  return out;
}

BufferPtr TakeBits(const uint8_t* bits, std::span<const uint32_t> rows) {
  auto out = std::make_shared<Buffer>(BitmapBytes(static_cast<int64_t>(rows.size())));
  if (out->size() > 0) std::memset(out->mutable_data(), 0, out->size());
  for (size_t i = 0; i < rows.size(); ++i)
    if (GetBit(bits, rows[i])) SetBit(out->mutable_data(), static_cast<int64_t>(i));
  return out;
}
}  // namespace

ColumnPtr Take(const Column& column, std::span<const uint32_t> rows) {
  const int64_t n = static_cast<int64_t>(rows.size());
  BufferPtr validity = column.has_nulls() ? TakeBits(column.validity(), rows) : nullptr;
  BufferPtr values;
  BufferPtr data;
  std::vector<ColumnPtr> children;
  switch (column.type().physical()) {
    case PhysicalKind::kInt8:
      values = TakeFixed<int8_t>(column, rows);
      break;
    case PhysicalKind::kInt16:
      values = TakeFixed<int16_t>(column, rows);
      break;
    case PhysicalKind::kInt32:
      values = TakeFixed<int32_t>(column, rows);
      break;
    case PhysicalKind::kInt64:
      values = TakeFixed<int64_t>(column, rows);
      break;
    case PhysicalKind::kInt128:
      values = TakeFixed<int128>(column, rows);
      break;
    case PhysicalKind::kFloat:
      values = TakeFixed<float>(column, rows);
      break;
    case PhysicalKind::kDouble:
      values = TakeFixed<double>(column, rows);
      break;
    case PhysicalKind::kBit:
      values = TakeBits(column.values_buffer()->data(), rows);
      break;
    case PhysicalKind::kBinary: {
      auto offsets = std::make_shared<Buffer>((rows.size() + 1) * 4);
      int32_t* to = offsets->mutable_as<int32_t>();
      const int32_t* from = column.offsets();
      int64_t total = 0;
      to[0] = 0;
      for (size_t i = 0; i < rows.size(); ++i) {
        total += from[rows[i] + 1] - from[rows[i]];
        SEMEL_CHECK(total <= 0x7fffffff, "a column of text holds at most 2 GiB");
        to[i + 1] = static_cast<int32_t>(total);
      }
      auto bytes = std::make_shared<Buffer>(static_cast<size_t>(total));
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t size = static_cast<size_t>(to[i + 1] - to[i]);
        if (size > 0) std::memcpy(bytes->mutable_data() + to[i], column.data() + from[rows[i]], size);
      }
      values = std::move(offsets);
      data = std::move(bytes);
      break;
    }
    case PhysicalKind::kStruct:
      for (const ColumnPtr& child : column.children()) children.push_back(Take(*child, rows));
      values = std::make_shared<const Buffer>();
      break;
    case PhysicalKind::kNone:
      values = std::make_shared<const Buffer>();
      break;
  }
  return std::make_shared<const Column>(column.type(), n, std::move(validity), std::move(values), std::move(data),
                                        std::move(children));
}

Batch Batch::Take(std::span<const uint32_t> rows) const {
  std::vector<ColumnPtr> columns;
  for (const ColumnPtr& c : columns_) columns.push_back(columnar::Take(*c, rows));
  std::vector<RowKind> kinds;
  if (!kinds_.empty())
    for (uint32_t r : rows) kinds.push_back(kinds_[r]);
  return Batch(schema_, static_cast<int64_t>(rows.size()), std::move(columns), std::move(kinds));
}

Batch ConcatenateBatches(std::span<const Batch> batches) {
  if (batches.size() == 1) return batches[0];
  std::vector<ColumnPtr> columns;
  int64_t rows = 0;
  for (const Batch& batch : batches) rows += batch.length();
  for (size_t c = 0; c < batches[0].num_columns(); ++c) {
    std::vector<ColumnPtr> pieces;
    for (const Batch& batch : batches) pieces.push_back(batch.column(c));
    columns.push_back(Concatenate(pieces));
  }
  return Batch(batches[0].schema(), rows, std::move(columns));
}

Batch Batch::Slice(int64_t offset, int64_t length) const {
  std::vector<uint32_t> rows(static_cast<size_t>(length));
  for (int64_t i = 0; i < length; ++i) rows[static_cast<size_t>(i)] = static_cast<uint32_t>(offset + i);
  return Take(rows);
}

std::string Batch::ToString() const {
  static constexpr const char* kNames[] = {"+I", "-U", "+U", "-D"};
  std::string text;
  for (int64_t i = 0; i < length_; ++i) {
    text += kNames[static_cast<int>(kind(i))];
    text += '[';
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) text += ", ";
      text += ValueToString(*columns_[c], i);
    }
    text += "]\n";
  }
  return text;
}

ColumnPtr Concatenate(std::span<const ColumnPtr> columns) {
  SEMEL_CHECK(!columns.empty());
  if (columns.size() == 1) return columns[0];
  ColumnBuilder builder(columns[0]->type());
  int64_t rows = 0;
  for (const ColumnPtr& c : columns) rows += c->length();
  builder.Reserve(rows);
  for (const ColumnPtr& c : columns)
    for (int64_t i = 0; i < c->length(); ++i) builder.AppendFrom(*c, i);
  return builder.Finish();
}

ColumnPtr FieldOf(const Column& row, size_t field) {
  const ColumnPtr& child = row.children()[field];
  if (!row.has_nulls()) return child;
  const size_t bytes = BitmapBytes(row.length());
  auto valid = std::make_shared<Buffer>(bytes);
  for (size_t i = 0; i < bytes; ++i)
    valid->mutable_data()[i] =
        static_cast<uint8_t>(row.validity()[i] & (child->has_nulls() ? child->validity()[i] : 0xff));
  return std::make_shared<const Column>(child->type().WithNullable(true), child->length(), std::move(valid),
                                        child->values_buffer(), child->data_buffer(), child->children());
}

ColumnPtr NullColumn(const DataType& type, int64_t length) {
  ColumnBuilder builder(type);
  builder.Reserve(length);
  for (int64_t i = 0; i < length; ++i) builder.AppendNull();
  return builder.Finish();
}

}  // namespace semel::columnar
