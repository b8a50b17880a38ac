// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/schema_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/error_codes.h"

namespace semel::iceberg {

using columnar::DataType;
using columnar::TypeKind;
using nlohmann::json;

namespace {

Result<std::string> TypeName(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return std::string("boolean");
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
      return std::string("int");
    case TypeKind::kBigInt:
      return std::string("long");
    case TypeKind::kFloat:
      return std::string("float");
    case TypeKind::kDouble:
      return std::string("double");
    case TypeKind::kDecimal:
      return fmt::format("decimal({}, {})", type.precision(), type.scale());
    case TypeKind::kString:
      return std::string("string");
    case TypeKind::kBytes:
      return std::string("binary");
    case TypeKind::kDate:
      return std::string("date");
    case TypeKind::kTime:
      return std::string("time");
    case TypeKind::kTimestamp:
      return std::string("timestamp");
    case TypeKind::kTimestampLtz:
      return std::string("timestamptz");
    default:
      return Status::NotSupported(
          fmt::format("a column of type {} in an Iceberg table is not supported yet", type.ToString()),
          "CAST it, or select its fields");
  }
}

// Nothing for types that Semel does not write.
std::optional<DataType> TypeOf(const json& type, bool nullable) {
  const std::string name = type.is_string() ? type.get<std::string>() : "";
  if (name == "boolean") return DataType::Boolean(nullable);
  if (name == "int") return DataType::Integer(nullable);
  if (name == "long") return DataType::BigInt(nullable);
  if (name == "float") return DataType::Float(nullable);
  if (name == "double") return DataType::Double(nullable);
  if (name == "string") return DataType::String(columnar::kUnboundedLength, nullable);
  if (name == "binary") return DataType::ByteString(columnar::kUnboundedLength, nullable);
  if (name == "date") return DataType::Date(nullable);
  if (name == "time") return DataType::Time(0, nullable);
  if (name == "timestamp") return DataType::Timestamp(6, nullable);
  if (name == "timestamptz") return DataType::TimestampLtz(6, nullable);
  int precision = 0, scale = 0;
  if (std::sscanf(name.c_str(), "decimal(%d, %d)", &precision, &scale) == 2 ||
      std::sscanf(name.c_str(), "decimal(%d,%d)", &precision, &scale) == 2)
    if (precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision)
      return DataType::Decimal(precision, scale, nullable);
  return std::nullopt;
}

// Ids are given level by level, as the Java library does it: first to the fields of this struct, then within each.
Result<json> StructToJson(const std::vector<columnar::Field>& fields, int& last_id) {
  json list = json::array();
  for (const columnar::Field& field : fields)
    list.push_back({{"id", ++last_id}, {"name", field.name}, {"required", !field.type.nullable()}});
  for (size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].type.kind() == TypeKind::kRow) {
      SEMEL_ASSIGN_OR_RETURN(list[f]["type"], StructToJson(fields[f].type.fields(), last_id));
    } else {
      SEMEL_ASSIGN_OR_RETURN(list[f]["type"], TypeName(fields[f].type));
    }
  }
  return json{{"type", "struct"}, {"fields", list}};
}

json Field(int id, const char* name, json type) {
  return {{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}
// Avro's maps have text as keys only: a map of integers is an array of pairs.
json IntMap(int key_id, int value_id, const char* value_type) {
  const json pair = {{"type", "record"},
                     {"name", fmt::format("k{}_v{}", key_id, value_id)},
                     {"fields", {Field(key_id, "key", "int"), Field(value_id, "value", value_type)}}};
  return {{"type", "array"}, {"items", pair}, {"logicalType", "map"}};
}
json Optional(int id, const char* name, json type) {
  return {{"name", name}, {"type", json::array({"null", std::move(type)})}, {"default", nullptr}, {"field-id", id}};
}

}  // namespace

Result<json> SchemaToJson(const columnar::Schema& schema) {
  int last_id = 0;
  SEMEL_ASSIGN_OR_RETURN(json type, StructToJson(schema.fields, last_id));
  type["schema-id"] = 0;
  return type;
}

int HighestFieldId(const json& schema) {
  int highest = 0;
  for (const json& field : schema.value("fields", json::array())) {
    highest = std::max(highest, field.value("id", 0));
    if (field.at("type").is_object()) highest = std::max(highest, HighestFieldId(field.at("type")));
  }
  return highest;
}

TableSchema SchemaFromJson(const json& schema) {
  TableSchema result;
  for (const json& field : schema.value("fields", json::array())) {
    parquet::ParquetColumn column{field.value("name", ""), {}, field.value("id", 0), field.value("required", false)};
    const json type = field.value("type", json());
    if (type.is_object() && type.value("type", "") == "struct") {
      TableSchema inner = SchemaFromJson(type);
      for (TableSchema::Unknown& unknown : inner.unknown) {
        unknown.path.insert(0, column.name + ".");
        result.unknown.push_back(std::move(unknown));
      }
      column.fields = std::move(inner.columns);
      column.type = parquet::RowType(column.fields, !column.required);
    } else if (std::optional<DataType> known = TypeOf(type, !column.required)) {
      column.type = *std::move(known);
    } else {
      const std::string name = type.is_object()   ? type.value("type", "")
                               : type.is_string() ? type.get<std::string>()
                                                  : "";
      result.unknown.push_back({column.name, name, column.required});
      continue;
    }
    result.columns.push_back(std::move(column));
  }
  return result;
}

void AddColumns(std::vector<parquet::ParquetColumn>& columns, const std::vector<parquet::ParquetColumn>& more) {
  for (const parquet::ParquetColumn& column : more) {
    const auto there = std::find_if(columns.begin(), columns.end(),
                                    [&column](const auto& known) { return known.field_id == column.field_id; });
    if (there == columns.end()) {
      columns.push_back(column);
    } else if (there->type.kind() == TypeKind::kRow && column.type.kind() == TypeKind::kRow) {
      AddColumns(there->fields, column.fields);
      there->type = parquet::RowType(there->fields, !there->required);
    }
  }
}

json ManifestEntrySchema(const json& partition_fields) {
  const json partition = {{"type", "record"}, {"name", "r102"}, {"fields", partition_fields}};
  const json data_file = {
      {"type", "record"},
      {"name", "r2"},
      {"fields",
       {Field(134, "content", "int"), Field(100, "file_path", "string"), Field(101, "file_format", "string"),
        Field(102, "partition", partition), Field(103, "record_count", "long"),
        Field(104, "file_size_in_bytes", "long"), Optional(108, "column_sizes", IntMap(117, 118, "long")),
        Optional(109, "value_counts", IntMap(119, 120, "long")),
        Optional(110, "null_value_counts", IntMap(121, 122, "long")),
        Optional(137, "nan_value_counts", IntMap(138, 139, "long")),
        Optional(125, "lower_bounds", IntMap(126, 127, "bytes")),
        Optional(128, "upper_bounds", IntMap(129, 130, "bytes")), Optional(131, "key_metadata", "bytes"),
        Optional(132, "split_offsets", {{"type", "array"}, {"items", "long"}, {"element-id", 133}}),
        Optional(140, "sort_order_id", "int")}}};
  return {{"type", "record"},
          {"name", "manifest_entry"},
          {"fields",
           {Field(0, "status", "int"), Optional(1, "snapshot_id", "long"), Optional(3, "sequence_number", "long"),
            Optional(4, "file_sequence_number", "long"), Field(2, "data_file", data_file)}}};
}

json ManifestListSchema() {
  const json summary = {{"type", "record"},
                        {"name", "r508"},
                        {"fields",
                         {Field(509, "contains_null", "boolean"), Optional(518, "contains_nan", "boolean"),
                          Optional(510, "lower_bound", "bytes"), Optional(511, "upper_bound", "bytes")}}};
  const json partitions = {{"type", "array"}, {"items", summary}, {"element-id", 508}};
  return {{"type", "record"},
          {"name", "manifest_file"},
          {"fields",
           {Field(500, "manifest_path", "string"), Field(501, "manifest_length", "long"),
            Field(502, "partition_spec_id", "int"), Field(517, "content", "int"), Field(515, "sequence_number", "long"),
            Field(516, "min_sequence_number", "long"), Field(503, "added_snapshot_id", "long"),
            Field(504, "added_files_count", "int"), Field(505, "existing_files_count", "int"),
            Field(506, "deleted_files_count", "int"), Field(512, "added_rows_count", "long"),
            Field(513, "existing_rows_count", "long"), Field(514, "deleted_rows_count", "long"),
            Optional(507, "partitions", partitions), Optional(519, "key_metadata", "bytes")}}};
}

}  // namespace semel::iceberg
