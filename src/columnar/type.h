// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// SQL types as Flink defines them, and how each lies in memory. Names, ranges and defaults: Apache Flink 2.1
// documentation, "Data Types". Physical forms are those of the Apache Arrow columnar format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace semel::columnar {

using int128 = __int128;
using uint128 = unsigned __int128;

enum class TypeKind : uint8_t {
  kNull,      // the type of an untyped NULL literal; never a stored column
  kBoolean,   // bitmap
  kTinyInt,   // int8
  kSmallInt,  // int16
  kInteger,   // int32
  kBigInt,    // int64
  kFloat,     // float
  kDouble,    // double
  kDecimal,   // int64 where precision <= 18 (Arrow decimal64), else int128 (Arrow decimal128); unscaled value
  kString,    // CHAR, VARCHAR, STRING: UTF-8 with 32-bit offsets
  kBytes,     // BINARY, VARBINARY, BYTES: 32-bit offsets
  kDate,      // int32 days since 1970-01-01
  kTime,  // int32 milliseconds of the day (Flink keeps TIME to the second at most; milliseconds are its in-memory form)
  kTimestamp,       // int64 microseconds since 1970-01-01 00:00:00 without zone; precision 0..6
  kTimestampLtz,    // int64 microseconds since 1970-01-01 00:00:00 UTC; precision 0..6
  kInterval,        // INTERVAL DAY TO SECOND: int64 microseconds (expressions only)
  kIntervalMonths,  // INTERVAL YEAR TO MONTH: int32 months (expressions only)
  kRow,             // children
};

// How the values of a type lie in memory.
enum class PhysicalKind : uint8_t {
  kBit,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kInt128,
  kFloat,
  kDouble,
  kBinary,
  kStruct,
  kNone
};

inline constexpr int kMaxDecimalPrecision = 38;
inline constexpr int kMaxCompactDecimalPrecision = 18;
inline constexpr int kMaxTimestampPrecision = 6;
inline constexpr int kUnboundedLength = 0x7fffffff;

struct Field;

// A SQL type. Value type, cheap to copy. Equality ignores nothing but the time attribute flag.
class DataType {
 public:
  DataType() = default;
  TypeKind kind() const { return kind_; }
  bool nullable() const { return nullable_; }
  int precision() const { return precision_; }         // DECIMAL, TIME, TIMESTAMP, TIMESTAMP_LTZ
  int scale() const { return scale_; }                 // DECIMAL
  int length() const { return precision_; }            // CHAR, VARCHAR, BINARY, VARBINARY in code points or bytes
  bool fixed_length() const { return fixed_length_; }  // CHAR(n), BINARY(n)
  const std::vector<Field>& fields() const;            // ROW

  // A rowtime attribute: a TIMESTAMP(3) or TIMESTAMP_LTZ(3) column that watermarks speak of.
  bool is_rowtime() const { return rowtime_; }

  PhysicalKind physical() const;
  int byte_width() const;  // of one value of fixed width; 0 for bits, binary and struct
  bool is_numeric() const { return is_integer() || is_approximate() || kind_ == TypeKind::kDecimal; }
  bool is_integer() const { return kind_ >= TypeKind::kTinyInt && kind_ <= TypeKind::kBigInt; }
  bool is_approximate() const { return kind_ == TypeKind::kFloat || kind_ == TypeKind::kDouble; }
  bool is_text() const { return kind_ == TypeKind::kString; }
  bool is_time_point() const { return kind_ == TypeKind::kTimestamp || kind_ == TypeKind::kTimestampLtz; }

  DataType WithNullable(bool nullable) const;
  DataType WithRowtime(bool rowtime) const;

  // Flink's SQL spelling: "DECIMAL(10, 2) NOT NULL", "ROW<`a` INT, `b` STRING>".
  std::string ToString() const;
  bool operator==(const DataType& other) const;
  // Equal but for nullability.
  bool SameIgnoringNullability(const DataType& other) const;

  static DataType Null();
  static DataType Boolean(bool nullable = true);
  static DataType TinyInt(bool nullable = true);
  static DataType SmallInt(bool nullable = true);
  static DataType Integer(bool nullable = true);
  static DataType BigInt(bool nullable = true);
  static DataType Float(bool nullable = true);
  static DataType Double(bool nullable = true);
  static DataType Decimal(int precision, int scale,
                          bool nullable = true);  // 1 <= precision <= 38, 0 <= scale <= precision
  static DataType String(int length = kUnboundedLength, bool nullable = true);
  static DataType Char(int length, bool nullable = true);
  static DataType ByteString(int length = kUnboundedLength, bool nullable = true);
  static DataType Binary(int length, bool nullable = true);
  static DataType Date(bool nullable = true);
  static DataType Time(int precision = 0, bool nullable = true);
  static DataType Timestamp(int precision = 6, bool nullable = true);
  static DataType TimestampLtz(int precision = 6, bool nullable = true);
  static DataType Interval(bool nullable = true);
  static DataType IntervalMonths(bool nullable = true);
  static DataType Row(std::vector<Field> fields, bool nullable = true);

 private:
  static DataType Make(TypeKind kind, int precision, int scale, bool nullable);

  TypeKind kind_ = TypeKind::kNull;
  bool nullable_ = true;
  bool fixed_length_ = false;
  bool rowtime_ = false;
  int precision_ = 0;
  int scale_ = 0;
  std::shared_ptr<const std::vector<Field>> fields_;
};

// A decimal wide enough for every value of an integer type; other types as they are. Nullable, whatever the type is.
DataType AsDecimal(const DataType& type);

// A named column of a schema or a ROW.
struct Field {
  std::string name;
  DataType type;
  bool operator==(const Field& other) const = default;
};

// The columns of a batch, in order. Names are case-sensitive, as in Flink.
struct Schema {
  std::vector<Field> fields;

  size_t size() const { return fields.size(); }
  const Field& operator[](size_t i) const { return fields[i]; }
  // Index of the column with this name, or -1.
  int Find(std::string_view name) const;
  bool operator==(const Schema& other) const = default;
  std::string ToString() const;
};

using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace semel::columnar
