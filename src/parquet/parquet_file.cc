// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "parquet/parquet_file.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "base/text.h"

namespace semel::parquet {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnBuilder;
using columnar::ColumnPtr;
using columnar::TypeKind;

namespace {

Status FromArrow(const arrow::Status& status) {
  return Status::Invalid(kParquet, status.ToString(), "this may be a bug: report it with the table's schema");
}

#define SEMEL_ARROW_OK(expr)                                  \
  do {                                                        \
    const arrow::Status arrow_status_ = (expr);               \
    if (!arrow_status_.ok()) return FromArrow(arrow_status_); \
  } while (false)

Result<std::shared_ptr<arrow::DataType>> ArrowType(const columnar::DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return arrow::boolean();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
      return arrow::int32();
    case TypeKind::kBigInt:
      return arrow::int64();
    case TypeKind::kFloat:
      return arrow::float32();
    case TypeKind::kDouble:
      return arrow::float64();
    case TypeKind::kDecimal:
      return arrow::decimal128(type.precision(), type.scale());
    case TypeKind::kString:
      return arrow::utf8();
    case TypeKind::kBytes:
      return arrow::binary();
    case TypeKind::kDate:
      return arrow::date32();
    case TypeKind::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeKind::kTimestampLtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    default:
      return Status::NotSupported(fmt::format("a column of type {} cannot be written to Parquet yet", type.ToString()),
                                  "CAST it, or select its fields");
  }
}

// A view of our memory that keeps it alive.
class HeldBuffer final : public arrow::Buffer {
 public:
  explicit HeldBuffer(columnar::BufferPtr held)
      : arrow::Buffer(held->data(), static_cast<int64_t>(held->size())), held_(std::move(held)) {}

 private:
  columnar::BufferPtr held_;
};

std::shared_ptr<arrow::Buffer> Hold(const columnar::BufferPtr& buffer) {
  return buffer ? std::make_shared<HeldBuffer>(buffer) : nullptr;
}

template <typename To>
std::shared_ptr<arrow::Buffer> Widen(const Column& column, To factor) {
  auto values = std::make_shared<columnar::Buffer>(static_cast<size_t>(column.length()) * sizeof(To));
  To* to = values->mutable_as<To>();
  for (int64_t i = 0; i < column.length(); ++i) to[i] = static_cast<To>(column.GetInt(i)) * factor;
  return Hold(values);
}

std::shared_ptr<arrow::Buffer> WidenFloats(const Column& column) {
  auto values = std::make_shared<columnar::Buffer>(static_cast<size_t>(column.length()) * sizeof(double));
  std::copy_n(column.values<float>(), column.length(), values->mutable_as<double>());
  return Hold(values);
}

std::shared_ptr<arrow::Buffer> WidenIntegers(const Column& column, arrow::Type::type to) {
  return to == arrow::Type::INT64 ? Widen<int64_t>(column, 1) : Widen<int32_t>(column, 1);
}

std::shared_ptr<arrow::Array> ToArrow(const Column& column, const std::shared_ptr<arrow::DataType>& type) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {Hold(column.validity_buffer())};
  switch (column.type().kind()) {
    case TypeKind::kRow: {
      std::vector<std::shared_ptr<arrow::ArrayData>> fields;
      for (size_t f = 0; f < column.children().size(); ++f)
        fields.push_back(ToArrow(*column.children()[f], type->field(static_cast<int>(f))->type())->data());
      return arrow::MakeArray(arrow::ArrayData::Make(type, column.length(), std::move(buffers), std::move(fields),
                                                     arrow::kUnknownNullCount));
    }
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
      buffers.push_back(WidenIntegers(column, type->id()));
      break;
    case TypeKind::kInteger:
      buffers.push_back(type->id() == arrow::Type::INT64 ? WidenIntegers(column, type->id())
                                                         : Hold(column.values_buffer()));
      break;
    case TypeKind::kFloat:
      buffers.push_back(type->id() == arrow::Type::DOUBLE ? WidenFloats(column) : Hold(column.values_buffer()));
      break;
    case TypeKind::kTime:
      buffers.push_back(Widen<int64_t>(column, 1000));
      break;
    case TypeKind::kDecimal:
      buffers.push_back(column.type().physical() == columnar::PhysicalKind::kInt128
                            ? Hold(column.values_buffer())
                            : Widen<columnar::int128>(column, 1));
      break;
    default:
      buffers.push_back(Hold(column.values_buffer()));
      if (column.type().physical() == columnar::PhysicalKind::kBinary) {
        // Arrow wants a buffer although every text is empty.
        const bool no_bytes = column.data_buffer() == nullptr || column.data_buffer()->data() == nullptr;
        buffers.push_back(no_bytes ? std::make_shared<arrow::Buffer>(std::string_view(""))
                                   : Hold(column.data_buffer()));
      }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, column.length(), std::move(buffers), arrow::kUnknownNullCount));
}

Result<arrow::FieldVector> ArrowFields(const std::vector<ParquetColumn>& columns) {
  arrow::FieldVector fields;
  for (const ParquetColumn& column : columns) {
    std::shared_ptr<arrow::DataType> type;
    if (column.type.kind() == TypeKind::kRow) {
      SEMEL_ASSIGN_OR_RETURN(arrow::FieldVector inner, ArrowFields(column.fields));
      type = arrow::struct_(std::move(inner));
    } else {
      SEMEL_ASSIGN_OR_RETURN(type, ArrowType(column.type));
    }
    fields.push_back(arrow::field(column.name, type, !column.required,
                                  arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(column.field_id)})));
  }
  return fields;
}

// The place of the field with this id; −1: the file is older than the column.
int FindField(const arrow::FieldVector& fields, int field_id) {
  for (size_t f = 0; f < fields.size(); ++f) {
    const auto& metadata = fields[f]->metadata();
    if (!metadata) continue;
    const auto id = metadata->Get("PARQUET:field_id");
    if (id.ok() && *id == std::to_string(field_id)) return static_cast<int>(f);
  }
  return -1;
}

template <typename ArrayType>
void CopyFixed(const arrow::Array& array, ColumnBuilder& out, int64_t divisor = 1) {
  const auto& values = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      out.AppendNull();
    } else {
      out.AppendInt(values.Value(i) / divisor);
    }
  }
}

Status CopyArray(const arrow::Array& array, const ParquetColumn& column, ColumnBuilder& out);

Status CopyStruct(const arrow::StructArray& array, const ParquetColumn& column, ColumnBuilder& out) {
  for (size_t f = 0; f < column.fields.size(); ++f) {
    const int found = FindField(array.type()->fields(), column.fields[f].field_id);
    if (found < 0) {
      for (int64_t i = 0; i < array.length(); ++i) out.child(f).AppendNull();
      continue;
    }
    SEMEL_RETURN_IF_ERROR(CopyArray(*array.field(found), column.fields[f], out.child(f)));
  }
  for (int64_t i = 0; i < array.length(); ++i) out.AppendRow(array.IsValid(i));
  return Status::Ok();
}

Status CopyArray(const arrow::Array& array, const ParquetColumn& column, ColumnBuilder& out) {
  switch (array.type_id()) {
    case arrow::Type::STRUCT:
      if (column.type.kind() == TypeKind::kRow)
        return CopyStruct(static_cast<const arrow::StructArray&>(array), column, out);
      break;
    case arrow::Type::INT32:
      CopyFixed<arrow::Int32Array>(array, out);
      return Status::Ok();
    case arrow::Type::INT64:
      CopyFixed<arrow::Int64Array>(array, out);
      return Status::Ok();
    case arrow::Type::DATE32:
      CopyFixed<arrow::Date32Array>(array, out);
      return Status::Ok();
    case arrow::Type::TIMESTAMP:
      CopyFixed<arrow::TimestampArray>(array, out);
      return Status::Ok();
    case arrow::Type::TIME64:
      CopyFixed<arrow::Time64Array>(array, out, 1000);
      return Status::Ok();
    default:
      break;
  }
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      out.AppendNull();
      continue;
    }
    switch (array.type_id()) {
      case arrow::Type::BOOL:
        out.AppendBool(static_cast<const arrow::BooleanArray&>(array).Value(i));
        break;
      case arrow::Type::FLOAT: {
        const float v = static_cast<const arrow::FloatArray&>(array).Value(i);
        column.type.kind() == TypeKind::kDouble ? out.Append(double{v}) : out.Append(v);
        break;
      }
      case arrow::Type::DOUBLE:
        out.Append(static_cast<const arrow::DoubleArray&>(array).Value(i));
        break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        out.AppendString(static_cast<const arrow::BinaryArray&>(array).GetView(i));
        break;
      case arrow::Type::DECIMAL128: {
        columnar::int128 v;
        std::memcpy(&v, static_cast<const arrow::Decimal128Array&>(array).GetValue(i), 16);
        out.AppendInt(v);
        break;
      }
      default:
        return Status::Invalid(kParquet,
                               fmt::format("a Parquet column of type {} cannot be read", array.type()->ToString()),
                               "another writer made the file");
    }
  }
  return Status::Ok();
}

// Those of the columns that the file has, in its order.
std::vector<ParquetColumn> ColumnsIn(const arrow::FieldVector& fields, const std::vector<ParquetColumn>& columns) {
  std::vector<std::pair<int, ParquetColumn>> found;
  for (const ParquetColumn& column : columns)
    if (const int place = FindField(fields, column.field_id); place >= 0) found.emplace_back(place, column);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ParquetColumn> result;
  for (auto& [place, column] : found) {
    if (column.type.kind() == TypeKind::kRow) {
      column.fields = ColumnsIn(fields[static_cast<size_t>(place)]->type()->fields(), column.fields);
      column.type = RowType(column.fields, !column.required);
    }
    result.push_back(std::move(column));
  }
  return result;
}

Result<std::shared_ptr<arrow::Table>> ReadTable(std::string_view file) {
  auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(file.data()), static_cast<int64_t>(file.size())));
  auto reader = ::parquet::arrow::OpenFile(input, arrow::system_memory_pool());
  if (!reader.ok()) return FromArrow(reader.status());
  auto read = (*reader)->ReadTable();
  if (!read.ok()) return FromArrow(read.status());
  return *read;
}

Result<Batch> FromTable(const arrow::Table& table, const std::vector<ParquetColumn>& columns) {
  auto schema = std::make_shared<columnar::Schema>();
  std::vector<ColumnPtr> result;
  for (const ParquetColumn& column : columns) {
    schema->fields.push_back({column.name, column.type});
    const int found = FindField(table.schema()->fields(), column.field_id);
    if (found < 0) {
      result.push_back(columnar::NullColumn(column.type, table.num_rows()));
      continue;
    }
    ColumnBuilder builder(column.type);
    builder.Reserve(table.num_rows());
    for (const auto& chunk : table.column(found)->chunks()) SEMEL_RETURN_IF_ERROR(CopyArray(*chunk, column, builder));
    result.push_back(builder.Finish());
  }
  return Batch(schema, table.num_rows(), std::move(result));
}

struct NamedCodec {
  std::string_view name;
  ParquetCodec codec;
  arrow::Compression::type arrow;
};
constexpr NamedCodec kCodecs[] = {{"uncompressed", ParquetCodec::kUncompressed, arrow::Compression::UNCOMPRESSED},
                                  {"snappy", ParquetCodec::kSnappy, arrow::Compression::SNAPPY},
                                  {"gzip", ParquetCodec::kGzip, arrow::Compression::GZIP},
                                  {"lz4", ParquetCodec::kLz4, arrow::Compression::LZ4},
                                  {"zstd", ParquetCodec::kZstd, arrow::Compression::ZSTD}};

}  // namespace

columnar::DataType RowType(const std::vector<ParquetColumn>& fields, bool nullable) {
  std::vector<columnar::Field> row;
  for (const ParquetColumn& field : fields) row.push_back({field.name, field.type});
  return columnar::DataType::Row(std::move(row), nullable);
}

std::optional<ParquetCodec> FindCodec(std::string_view name) {
  for (const NamedCodec& known : kCodecs)
    if (known.name == ToLowerAscii(name) && arrow::util::Codec::IsAvailable(known.arrow)) return known.codec;
  return std::nullopt;
}

Result<EncodedParquet> EncodeParquet(const std::vector<ParquetColumn>& columns, const std::vector<Batch>& batches,
                                     ParquetCodec codec) {
  SEMEL_ASSIGN_OR_RETURN(arrow::FieldVector fields, ArrowFields(columns));
  const std::shared_ptr<arrow::Schema> schema = arrow::schema(std::move(fields));
  auto sink = arrow::io::BufferOutputStream::Create(1 << 16, arrow::system_memory_pool());
  if (!sink.ok()) return FromArrow(sink.status());
  ::parquet::WriterProperties::Builder properties;
  properties.memory_pool(arrow::system_memory_pool())
      ->compression(kCodecs[static_cast<size_t>(codec)].arrow)
      ->enable_store_decimal_as_integer();
  auto writer = ::parquet::arrow::FileWriter::Open(*schema, arrow::system_memory_pool(), *sink, properties.build(),
                                                   ::parquet::default_arrow_writer_properties());
  if (!writer.ok()) return FromArrow(writer.status());
  std::vector<std::shared_ptr<arrow::RecordBatch>> records;
  for (const Batch& batch : batches) {
    arrow::ArrayVector arrays;
    for (size_t c = 0; c < columns.size(); ++c)
      arrays.push_back(ToArrow(*batch.column(c), schema->field(static_cast<int>(c))->type()));
    records.push_back(arrow::RecordBatch::Make(schema, batch.length(), std::move(arrays)));
  }
  auto table = arrow::Table::FromRecordBatches(schema, records);
  if (!table.ok()) return FromArrow(table.status());
  SEMEL_ARROW_OK((*writer)->WriteTable(**table, 1 << 20));
  SEMEL_ARROW_OK((*writer)->Close());
  auto buffer = (*sink)->Finish();
  if (!buffer.ok()) return FromArrow(buffer.status());
  EncodedParquet file;
  file.bytes = (*buffer)->ToString();
  const std::shared_ptr<::parquet::FileMetaData> footer = (*writer)->metadata();
  for (int g = 0; g < footer->num_row_groups(); ++g) {
    const auto group = footer->RowGroup(g);
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      if (c == 0)
        file.row_group_offsets.push_back(chunk->has_dictionary_page() ? chunk->dictionary_page_offset()
                                                                      : chunk->data_page_offset());
      file.column_bytes[footer->schema()->Column(c)->schema_node()->field_id()] +=
          static_cast<uint64_t>(chunk->total_compressed_size());
    }
  }
  return file;
}

Result<Batch> DecodeParquet(std::string_view file, const std::vector<ParquetColumn>& columns) {
  SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table, ReadTable(file));
  return FromTable(*table, columns);
}

Result<Batch> DecodeAsWritten(std::string_view file, const std::vector<ParquetColumn>& columns) {
  SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table, ReadTable(file));
  return FromTable(*table, ColumnsIn(table->schema()->fields(), columns));
}

std::string ArrowVersion() { return fmt::format("Apache Arrow {}", arrow::GetBuildInfo().version_string); }

}  // namespace semel::parquet
