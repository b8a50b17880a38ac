// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/type.h"

namespace semel::columnar {

namespace {
const std::vector<Field> kNoFields;
}

DataType DataType::Make(TypeKind kind, int precision, int scale, bool nullable) {
  DataType type;
  type.kind_ = kind;
  type.precision_ = precision;
  type.scale_ = scale;
  type.nullable_ = nullable;
  return type;
}

const std::vector<Field>& DataType::fields() const { return fields_ ? *fields_ : kNoFields; }

PhysicalKind DataType::physical() const {
  switch (kind_) {
    case TypeKind::kNull:
      return PhysicalKind::kNone;
    case TypeKind::kBoolean:
      return PhysicalKind::kBit;
    case TypeKind::kTinyInt:
      return PhysicalKind::kInt8;
    case TypeKind::kSmallInt:
      return PhysicalKind::kInt16;
    case TypeKind::kInteger:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kIntervalMonths:
      return PhysicalKind::kInt32;
    case TypeKind::kBigInt:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kInterval:
      return PhysicalKind::kInt64;
    case TypeKind::kFloat:
      return PhysicalKind::kFloat;
    case TypeKind::kDouble:
      return PhysicalKind::kDouble;
    case TypeKind::kDecimal:
      return precision_ <= kMaxCompactDecimalPrecision ? PhysicalKind::kInt64 : PhysicalKind::kInt128;
    case TypeKind::kString:
    case TypeKind::kBytes:
      return PhysicalKind::kBinary;
    case TypeKind::kRow:
      return PhysicalKind::kStruct;
  }
  return PhysicalKind::kNone;
}

int DataType::byte_width() const {
  switch (physical()) {
    case PhysicalKind::kInt8:
      return 1;
    case PhysicalKind::kInt16:
      return 2;
    case PhysicalKind::kInt32:
    case PhysicalKind::kFloat:
      return 4;
    case PhysicalKind::kInt64:
    case PhysicalKind::kDouble:
      return 8;
    case PhysicalKind::kInt128:
      return 16;
    default:
      return 0;
  }
}

DataType DataType::WithNullable(bool nullable) const {
  DataType copy = *this;
  copy.nullable_ = nullable;
  return copy;
}

DataType DataType::WithRowtime(bool rowtime) const {
  DataType copy = *this;
  copy.rowtime_ = rowtime;
  return copy;
}

bool DataType::SameIgnoringNullability(const DataType& other) const {
  if (kind_ != other.kind_ || precision_ != other.precision_ || scale_ != other.scale_ ||
      fixed_length_ != other.fixed_length_)
    return false;
  const auto& a = fields();
  const auto& b = other.fields();
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].name != b[i].name || !a[i].type.SameIgnoringNullability(b[i].type)) return false;
  return true;
}

bool DataType::operator==(const DataType& other) const {
  return nullable_ == other.nullable_ && SameIgnoringNullability(other) && fields() == other.fields();
}

std::string DataType::ToString() const {
  std::string text;
  switch (kind_) {
    case TypeKind::kNull:
      return "NULL";
    case TypeKind::kBoolean:
      text = "BOOLEAN";
      break;
    case TypeKind::kTinyInt:
      text = "TINYINT";
      break;
    case TypeKind::kSmallInt:
      text = "SMALLINT";
      break;
    case TypeKind::kInteger:
      text = "INT";
      break;
    case TypeKind::kBigInt:
      text = "BIGINT";
      break;
    case TypeKind::kFloat:
      text = "FLOAT";
      break;
    case TypeKind::kDouble:
      text = "DOUBLE";
      break;
    case TypeKind::kDecimal:
      text = fmt::format("DECIMAL({}, {})", precision_, scale_);
      break;
    case TypeKind::kString:
      text = fixed_length_                    ? fmt::format("CHAR({})", precision_)
             : precision_ == kUnboundedLength ? "STRING"
                                              : fmt::format("VARCHAR({})", precision_);
      break;
    case TypeKind::kBytes:
      text = fixed_length_                    ? fmt::format("BINARY({})", precision_)
             : precision_ == kUnboundedLength ? "BYTES"
                                              : fmt::format("VARBINARY({})", precision_);
      break;
    case TypeKind::kDate:
      text = "DATE";
      break;
    case TypeKind::kTime:
      text = fmt::format("TIME({})", precision_);
      break;
    case TypeKind::kTimestamp:
      text = fmt::format("TIMESTAMP({})", precision_);
      break;
    case TypeKind::kTimestampLtz:
      text = fmt::format("TIMESTAMP_LTZ({})", precision_);
      break;
    case TypeKind::kInterval:
      text = "INTERVAL DAY TO SECOND";
      break;
    case TypeKind::kIntervalMonths:
      text = "INTERVAL YEAR TO MONTH";
      break;
    case TypeKind::kRow: {
      text = "ROW<";
      for (size_t i = 0; i < fields().size(); ++i) {
        if (i > 0) text += ", ";
        text += fmt::format("`{}` {}", fields()[i].name, fields()[i].type.ToString());
      }
      text += ">";
      break;
    }
  }
  if (!nullable_) text += " NOT NULL";
  return text;
}

DataType DataType::Null() { return Make(TypeKind::kNull, 0, 0, true); }
DataType DataType::Boolean(bool nullable) { return Make(TypeKind::kBoolean, 0, 0, nullable); }
DataType DataType::TinyInt(bool nullable) { return Make(TypeKind::kTinyInt, 0, 0, nullable); }
DataType DataType::SmallInt(bool nullable) { return Make(TypeKind::kSmallInt, 0, 0, nullable); }
DataType DataType::Integer(bool nullable) { return Make(TypeKind::kInteger, 0, 0, nullable); }
DataType DataType::BigInt(bool nullable) { return Make(TypeKind::kBigInt, 0, 0, nullable); }
DataType DataType::Float(bool nullable) { return Make(TypeKind::kFloat, 0, 0, nullable); }
DataType DataType::Double(bool nullable) { return Make(TypeKind::kDouble, 0, 0, nullable); }
DataType DataType::Decimal(int precision, int scale, bool nullable) {
  SEMEL_CHECK(precision >= 1 && precision <= kMaxDecimalPrecision && scale >= 0 && scale <= precision,
              fmt::format("DECIMAL({}, {})", precision, scale));
  return Make(TypeKind::kDecimal, precision, scale, nullable);
}
DataType DataType::String(int length, bool nullable) { return Make(TypeKind::kString, length, 0, nullable); }
DataType DataType::Char(int length, bool nullable) {
  DataType type = Make(TypeKind::kString, length, 0, nullable);
  type.fixed_length_ = true;
  return type;
}
DataType DataType::ByteString(int length, bool nullable) { return Make(TypeKind::kBytes, length, 0, nullable); }
DataType DataType::Binary(int length, bool nullable) {
  DataType type = Make(TypeKind::kBytes, length, 0, nullable);
  type.fixed_length_ = true;
  return type;
}
DataType DataType::Date(bool nullable) { return Make(TypeKind::kDate, 0, 0, nullable); }
DataType DataType::Time(int precision, bool nullable) { return Make(TypeKind::kTime, precision, 0, nullable); }
DataType DataType::Timestamp(int precision, bool nullable) {
  SEMEL_CHECK(precision >= 0 && precision <= kMaxTimestampPrecision);
  return Make(TypeKind::kTimestamp, precision, 0, nullable);
}
DataType DataType::TimestampLtz(int precision, bool nullable) {
  SEMEL_CHECK(precision >= 0 && precision <= kMaxTimestampPrecision);
  return Make(TypeKind::kTimestampLtz, precision, 0, nullable);
}
DataType DataType::Interval(bool nullable) { return Make(TypeKind::kInterval, 0, 0, nullable); }
DataType DataType::IntervalMonths(bool nullable) { return Make(TypeKind::kIntervalMonths, 0, 0, nullable); }
DataType DataType::Row(std::vector<Field> fields, bool nullable) {
  DataType type = Make(TypeKind::kRow, 0, 0, nullable);
  type.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

int Schema::Find(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name) return static_cast<int>(i);
  return -1;
}

std::string Schema::ToString() const {
  std::string text = "(";
  for (size_t i = 0; i < fields.size(); ++i)
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", fields[i].name, fields[i].type.ToString());
  return text + ")";
}

DataType AsDecimal(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return DataType::Decimal(3, 0);
    case TypeKind::kSmallInt:
      return DataType::Decimal(5, 0);
    case TypeKind::kInteger:
      return DataType::Decimal(10, 0);
    case TypeKind::kBigInt:
      return DataType::Decimal(19, 0);
    default:
      return type;
  }
}

}  // namespace semel::columnar
