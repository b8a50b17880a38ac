// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "state/key_codec.h"

#include <cstring>

#include "codec/hash.h"
#include "state/error_codes.h"

namespace semel::state {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnBuilder;
using columnar::PhysicalKind;

namespace {

void AppendValue(const Column& column, int64_t row, codec::ByteWriter& out) {
  if (column.IsNull(row)) return out.U8(0);
  out.U8(1);
  switch (column.type().physical()) {
    case PhysicalKind::kBit:
      out.U8(column.GetBool(row));
      break;
    case PhysicalKind::kBinary:
      out.Text(column.GetString(row));
      break;
    case PhysicalKind::kStruct:
      for (const columnar::ColumnPtr& child : column.children()) AppendValue(*child, row, out);
      break;
    case PhysicalKind::kNone:
      break;
    default: {
      const size_t width = static_cast<size_t>(column.type().byte_width());
      out.Raw(
          {reinterpret_cast<const char*>(column.values_buffer()->data()) + width * static_cast<size_t>(row), width});
    }
  }
}

bool ReadValue(codec::ByteReader& in, ColumnBuilder& out) {
  const uint8_t flag = in.U8();
  if (!in.ok() || flag > 1) return false;
  if (flag == 0) {
    out.AppendNull();
    return true;
  }
  switch (out.type().physical()) {
    case PhysicalKind::kBit:
      out.AppendBool(in.U8() != 0);
      break;
    case PhysicalKind::kInt8:
      out.Append(in.Little<int8_t>());
      break;
    case PhysicalKind::kInt16:
      out.Append(in.Little<int16_t>());
      break;
    case PhysicalKind::kInt32:
      out.Append(in.Little<int32_t>());
      break;
    case PhysicalKind::kInt64:
      out.Append(in.Little<int64_t>());
      break;
    case PhysicalKind::kInt128:
      out.Append(in.Little<columnar::int128>());
      break;
    case PhysicalKind::kFloat:
      out.Append(in.Little<float>());
      break;
    case PhysicalKind::kDouble:
      out.Append(in.Little<double>());
      break;
    case PhysicalKind::kBinary:
      out.AppendString(in.Text());
      break;
    case PhysicalKind::kStruct:
      for (size_t c = 0; c < out.num_children(); ++c)
        if (!ReadValue(in, out.child(c))) return false;
      out.AppendRow(true);
      break;
    case PhysicalKind::kNone:
      return false;
  }
  return in.ok();
}

}  // namespace

void EncodeKey(const Batch& batch, const std::vector<int>& keys, int64_t row, std::string& out) {
  codec::ByteWriter writer;
  writer.bytes().swap(out);
  writer.bytes().clear();
  for (int key : keys) AppendValue(*batch.column(static_cast<size_t>(key)), row, writer);
  out.swap(writer.bytes());
}

namespace {

// Bytes of a value of this column in a key if they are the same for every row; 0: they are not.
size_t FixedWidth(const Column& column) {
  switch (column.type().physical()) {
    case PhysicalKind::kBit:
    case PhysicalKind::kBinary:
    case PhysicalKind::kStruct:
    case PhysicalKind::kNone:
      return 0;
    default:
      return column.has_nulls() ? 0 : 1 + static_cast<size_t>(column.type().byte_width());
  }
}

// Writes one column's part of every key. W: its width without the flag.
template <size_t W>
void FillColumn(const uint8_t* values, size_t rows, char* out, size_t stride) {
  for (size_t i = 0; i < rows; ++i, out += stride, values += W) {
    *out = 1;
    std::memcpy(out + 1, values, W);
  }
}

}  // namespace

void KeyBatch::Encode(const Batch& batch, const std::vector<int>& keys) {
  const auto rows = static_cast<size_t>(batch.length());
  hashes_.resize(rows);
  width_ = 0;
  bool fixed = !keys.empty();
  for (int key : keys) {
    const size_t width = FixedWidth(*batch.column(static_cast<size_t>(key)));
    fixed = fixed && width > 0;
    width_ += width;
  }
  if (!fixed) {
    width_ = 0;
    codec::ByteWriter writer;
    writer.bytes().swap(bytes_);
    writer.bytes().clear();
    ends_.assign(1, 0);
    for (size_t row = 0; row < rows; ++row) {
      for (int key : keys) AppendValue(*batch.column(static_cast<size_t>(key)), static_cast<int64_t>(row), writer);
      ends_.push_back(writer.bytes().size());
    }
    bytes_.swap(writer.bytes());
  } else {
    bytes_.resize(rows * width_);
    size_t at = 0;
    for (int key : keys) {
      const Column& column = *batch.column(static_cast<size_t>(key));
      const uint8_t* values = column.values_buffer()->data();
      switch (column.type().byte_width()) {
        case 1:
          FillColumn<1>(values, rows, bytes_.data() + at, width_);
          break;
        case 2:
          FillColumn<2>(values, rows, bytes_.data() + at, width_);
          break;
        case 4:
          FillColumn<4>(values, rows, bytes_.data() + at, width_);
          break;
        case 8:
          FillColumn<8>(values, rows, bytes_.data() + at, width_);
          break;
        default:
          FillColumn<16>(values, rows, bytes_.data() + at, width_);
          break;
      }
      at += FixedWidth(column);
    }
  }
  for (size_t row = 0; row < rows; ++row) hashes_[row] = HashKey(key(row));
}

bool DecodeKey(std::string_view key, std::vector<ColumnBuilder*>& out) {
  codec::ByteReader reader(key);
  for (ColumnBuilder* builder : out)
    if (!ReadValue(reader, *builder)) return false;
  return reader.at_end();
}

uint64_t HashKey(std::string_view key) { return codec::Xxh3(key); }

void EncodeBatch(const Batch& batch, codec::ByteWriter& out) {
  out.Varint(static_cast<uint64_t>(batch.length()));
  for (const columnar::ColumnPtr& column : batch.columns())
    for (int64_t i = 0; i < batch.length(); ++i) AppendValue(*column, i, out);
}

Result<Batch> DecodeBatch(codec::ByteReader& in, const columnar::SchemaPtr& schema) {
  const uint64_t rows = in.Varint();
  std::vector<columnar::ColumnPtr> columns;
  bool good = in.ok() && rows <= in.remaining();
  for (size_t c = 0; c < schema->size() && good; ++c) {
    ColumnBuilder builder((*schema)[c].type);
    for (uint64_t i = 0; i < rows && good; ++i) good = ReadValue(in, builder);
    columns.push_back(builder.Finish());
  }
  if (!good)
    return Status::Corrupt(kDamagedState, "rows in a state segment do not fit their columns",
                           "restore the checkpoint folder from a backup");
  return Batch(schema, static_cast<int64_t>(rows), std::move(columns));
}

}  // namespace semel::state
