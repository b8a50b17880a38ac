// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/partition.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "codec/hash.h"
#include "columnar/calendar.h"
#include "iceberg/data_file.h"
#include "iceberg/error_codes.h"
#include "iceberg/utf8.h"

namespace semel::iceberg {

using columnar::Batch;
using columnar::Column;
using columnar::DataType;
using columnar::FloorDivide;
using columnar::kDayMicros;
using columnar::kHourMicros;
using columnar::TypeKind;
using nlohmann::json;

namespace {

// Months since 1970-01 of a day (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
int64_t MonthOfDay(int64_t day) {
  const int64_t z = day + 719468;
  const int64_t era = FloorDivide(z, 146097);
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return (yoe + era * 400 + (month <= 2) - 1970) * 12 + month - 1;
}

bool IsWholeNumber(TypeKind kind) {
  return kind == TypeKind::kTinyInt || kind == TypeKind::kSmallInt || kind == TypeKind::kInteger ||
         kind == TypeKind::kBigInt;
}
bool IsTimePoint(TypeKind kind) { return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz; }

bool IsWritten(TransformKind transform, TypeKind kind) {
  switch (transform) {
    case TransformKind::kIdentity:
      return IsWholeNumber(kind) || IsTimePoint(kind) || kind == TypeKind::kString || kind == TypeKind::kDate ||
             kind == TypeKind::kBoolean;
    case TransformKind::kBucket:
      return IsWholeNumber(kind) || IsTimePoint(kind) || kind == TypeKind::kString || kind == TypeKind::kBytes ||
             kind == TypeKind::kDate || kind == TypeKind::kDecimal;
    case TransformKind::kTruncate:
      return IsWholeNumber(kind) || kind == TypeKind::kString;
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return IsTimePoint(kind) || kind == TypeKind::kDate;
    case TransformKind::kHour:
      return IsTimePoint(kind);
    case TransformKind::kVoid:
      return true;
  }
  return false;
}

bool ParseTransform(const std::string& text, TransformKind& kind, int64_t& parameter) {
  static const std::map<std::string, TransformKind> kNames = {
      {"identity", TransformKind::kIdentity}, {"year", TransformKind::kYear}, {"month", TransformKind::kMonth},
      {"day", TransformKind::kDay},           {"hour", TransformKind::kHour}, {"void", TransformKind::kVoid}};
  if (auto it = kNames.find(text); it != kNames.end()) {
    kind = it->second;
    return true;
  }
  long long number = 0;
  kind = text.rfind("bucket", 0) == 0 ? TransformKind::kBucket : TransformKind::kTruncate;
  const bool good =
      std::sscanf(text.c_str(), kind == TransformKind::kBucket ? "bucket[%lld]" : "truncate[%lld]", &number) == 1;
  parameter = number;
  return good && number > 0 && number <= INT32_MAX;
}

json AvroTypeOf(const PartitionField& field) {
  const TypeKind kind = field.source.kind();
  if (field.transform == TransformKind::kDay ||
      (field.transform == TransformKind::kIdentity && kind == TypeKind::kDate))
    return {{"type", "int"}, {"logicalType", "date"}};
  const bool keeps_type = field.transform == TransformKind::kIdentity || field.transform == TransformKind::kTruncate;
  if (!keeps_type) return "int";
  if (IsTimePoint(kind))
    return {{"type", "long"}, {"logicalType", "timestamp-micros"}, {"adjust-to-utc", kind == TypeKind::kTimestampLtz}};
  return kind == TypeKind::kBigInt    ? "long"
         : kind == TypeKind::kString  ? "string"
         : kind == TypeKind::kBoolean ? "boolean"
                                      : "int";
}

uint32_t HashOf(const Column& column, int64_t row) {
  switch (column.type().kind()) {
    case TypeKind::kString:
    case TypeKind::kBytes:
      return codec::Murmur3(column.GetString(row));
    case TypeKind::kDecimal:
      return codec::Murmur3(DecimalBytes(column.GetInt(row)));
    default: {
      const auto v = static_cast<int64_t>(column.GetInt(row));
      return codec::Murmur3({reinterpret_cast<const char*>(&v), sizeof(v)});
    }
  }
}

json Truncate(const PartitionField& field, const Column& column, int64_t row) {
  if (field.source.kind() != TypeKind::kString) {
    const auto v = static_cast<int64_t>(column.GetInt(row));
    return FloorDivide(v, field.parameter) * field.parameter;
  }
  const std::string_view text = column.GetString(row);
  size_t at = 0;
  for (int64_t n = field.parameter; n > 0 && at < text.size(); --n) {
    const auto lead = static_cast<unsigned char>(text[at]);
    at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }
  return std::string(text.substr(0, at));
}

json TimeUnit(const PartitionField& field, int64_t value) {
  const bool is_date = field.source.kind() == TypeKind::kDate;
  if (field.transform == TransformKind::kHour) return FloorDivide(value, kHourMicros);
  const int64_t day = is_date ? value : FloorDivide(value, kDayMicros);
  if (field.transform == TransformKind::kDay) return day;
  const int64_t month = MonthOfDay(day);
  return field.transform == TransformKind::kMonth ? month : FloorDivide(month, 12);
}

json Transform(const PartitionField& field, const Column& column, int64_t row) {
  if (field.transform == TransformKind::kVoid || column.IsNull(row)) return nullptr;
  switch (field.transform) {
    case TransformKind::kBucket:
      return static_cast<int64_t>((HashOf(column, row) & 0x7fffffff) % static_cast<uint32_t>(field.parameter));
    case TransformKind::kTruncate:
      return Truncate(field, column, row);
    case TransformKind::kIdentity:
      if (field.source.kind() == TypeKind::kString) return std::string(column.GetString(row));
      if (field.source.kind() == TypeKind::kBoolean) return column.GetBool(row);
      return static_cast<int64_t>(column.GetInt(row));
    default:
      return TimeUnit(field, static_cast<int64_t>(column.GetInt(row)));
  }
}

// A partition value in the binary form of its Avro type.
std::string BoundOf(const json& type, const json& value) {
  const std::string name = type.is_string() ? type.get<std::string>() : type.value("type", "");
  if (name == "string") return value.get<std::string>();
  if (name == "boolean") return std::string(1, value.get<bool>() ? '\1' : '\0');
  const auto v = value.get<int64_t>();
  return std::string(reinterpret_cast<const char*>(&v), name == "int" ? 4 : 8);
}

int ColumnOf(const std::vector<parquet::ParquetColumn>& columns, int field_id) {
  for (size_t c = 0; c < columns.size(); ++c)
    if (columns[c].field_id == field_id) return static_cast<int>(c);
  return -1;
}

bool HasAvroType(const json& value, const json& type) {
  const std::string name = type.is_string() ? type.get<std::string>() : type.value("type", "");
  if (value.is_null()) return true;
  return name == "string" ? value.is_string() : name == "boolean" ? value.is_boolean() : value.is_number_integer();
}

// The fields of the record that is the field `name` of an Avro record.
json FieldsOf(const json& schema, std::string_view name) {
  for (const json& field : schema.value("fields", json::array()))
    if (field.value("name", "") == name) return field.at("type").value("fields", json::array());
  return json::array();
}

}  // namespace

Result<PartitionSpec> ParsePartitionSpec(const json& spec, const std::vector<parquet::ParquetColumn>& columns) {
  PartitionSpec result;
  result.id = spec.value("spec-id", 0);
  std::set<std::string> taken;
  for (const json& entry : spec.value("fields", json::array())) {
    PartitionField field;
    field.name = entry.value("name", "");
    field.field_id = entry.value("field-id", 0);
    field.source_id = entry.value("source-id", -1);
    field.avro_name = AvroName(field.name);
    if (!taken.insert(field.avro_name).second) field.avro_name += fmt::format("_{}", field.field_id);
    const std::string transform = entry.value("transform", "");
    field.column = ColumnOf(columns, field.source_id);
    const bool known = ParseTransform(transform, field.transform, field.parameter);
    if (field.column >= 0) field.source = columns[static_cast<size_t>(field.column)].type;
    if (!known || field.column < 0 || !IsWritten(field.transform, field.source.kind()))
      return Status::Invalid(
          kUnsupportedTable,
          fmt::format("the table is partitioned by '{}' ({} of {}), which Semel does not write", field.name, transform,
                      field.source.ToString()),
          "identity, bucket, truncate, year, month, day and hour of simple types are written; use another table");
    result.fields.push_back(std::move(field));
  }
  return result;
}

PartitionSpec PlacedIn(PartitionSpec spec, const std::vector<parquet::ParquetColumn>& columns) {
  for (PartitionField& field : spec.fields) field.column = ColumnOf(columns, field.source_id);
  return spec;
}

std::string AvroName(std::string_view name) {
  std::string result;
  auto hex = [&result](uint32_t unit) { result += fmt::format("_x{:X}", unit); };
  for (size_t i = 0; i < name.size();) {
    const char c = name[i];
    const bool is_digit = c >= '0' && c <= '9';
    const uint32_t code_point = NextCodePoint(name, i);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (is_digit && !result.empty())) {
      result += c;
    } else if (is_digit) {
      result += {'_', c};
    } else if (code_point < 0x10000) {
      hex(code_point);
    } else {  // Java counts in UTF-16
      hex(0xd800 + ((code_point - 0x10000) >> 10));
      hex(0xdc00 + ((code_point - 0x10000) & 0x3ff));
    }
  }
  return result;
}

json PartitionAvroFields(const PartitionSpec& spec) {
  json fields = json::array();
  for (const PartitionField& field : spec.fields) {
    fields.push_back({{"name", field.avro_name},
                      {"type", json::array({"null", AvroTypeOf(field)})},
                      {"default", nullptr},
                      {"field-id", field.field_id}});
    if (field.avro_name != field.name) fields.back()["iceberg-field-name"] = field.name;
  }
  return fields;
}

Result<std::string> PartitionOf(const PartitionSpec& spec, const Batch& batch, int64_t row) {
  json values = json::object();
  for (const PartitionField& field : spec.fields) {
    json& value = values[field.name];
    if (field.column >= 0) value = Transform(field, *batch.column(static_cast<size_t>(field.column)), row);
    if (value.is_string() && !IsUtf8(value.get_ref<const std::string&>()))
      return NotUtf8(fmt::format("partition field '{}'", field.name));
  }
  return values.dump();
}

Result<std::vector<std::pair<std::string, std::vector<uint32_t>>>> SplitByPartition(const PartitionSpec& spec,
                                                                                    const Batch& batch) {
  std::vector<std::pair<std::string, std::vector<uint32_t>>> parts;
  std::map<std::string, size_t> known;
  for (int64_t row = 0; row < batch.length(); ++row) {
    SEMEL_ASSIGN_OR_RETURN(const std::string partition, PartitionOf(spec, batch, row));
    const auto [it, is_new] = known.emplace(partition, parts.size());
    if (is_new) parts.push_back({partition, {}});
    parts[it->second].second.push_back(static_cast<uint32_t>(row));
  }
  return parts;
}

std::optional<json> PartitionRecord(const PartitionSpec& spec, const std::string& partition) {
  const json values = json::parse(partition);
  json record = json::object();
  if (values.size() != spec.fields.size()) return std::nullopt;
  for (const PartitionField& field : spec.fields) {
    const auto value = values.find(field.name);
    if (value == values.end() || !HasAvroType(*value, AvroTypeOf(field))) return std::nullopt;
    record[field.avro_name] = *value;
  }
  return record;
}

std::optional<json> AdoptPartition(const PartitionSpec& spec, const json& writer_schema, const json& partition) {
  std::map<int, std::string> names;  // the writer's, by field id
  for (const json& field : FieldsOf(writer_schema, "data_file"))
    if (field.value("name", "") == "partition")
      for (const json& inner : field.at("type").at("fields"))
        names[inner.value("field-id", -1)] = inner.value("name", "");
  json record = json::object();
  if (names.size() != spec.fields.size()) return std::nullopt;
  for (const PartitionField& field : spec.fields) {
    const auto name = names.find(field.field_id);
    if (name == names.end() || !partition.contains(name->second)) return std::nullopt;
    const json& value = partition.at(name->second);
    if (!HasAvroType(value, AvroTypeOf(field))) return std::nullopt;
    record[field.avro_name] = value;
  }
  return record;
}

json SummarizePartitions(const json& avro_fields, const std::vector<json>& entries) {
  json summaries = json::array();
  for (const json& field : avro_fields) {
    const std::string name = field.at("name").get<std::string>();
    json least, greatest;
    bool has_null = false;
    for (const json& entry : entries) {
      const json& partition = entry.at("data_file").at("partition");
      const json value = partition.contains(name) ? partition.at(name) : json();
      has_null = has_null || value.is_null();
      if (value.is_null()) continue;
      if (least.is_null() || value < least) least = value;
      if (greatest.is_null() || greatest < value) greatest = value;
    }
    json summary = {{"contains_null", has_null}, {"contains_nan", false}};
    auto bound = [&](const json& value) {
      const std::string bytes = BoundOf(field.at("type").at(1), value);
      return json::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
    };
    if (!least.is_null()) summary["lower_bound"] = bound(least), summary["upper_bound"] = bound(greatest);
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace semel::iceberg
