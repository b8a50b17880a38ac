// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/iceberg/written_columns.h"

#include <algorithm>

namespace semel::connectors {

using columnar::DataType;
using columnar::TypeKind;
using parquet::ParquetColumn;

namespace {

using Fields = std::vector<columnar::Field>;

// Whether values of the declared type, none of them a ROW, can stand in the table's column, widened if need be.
bool Fits(const DataType& declared, const DataType& table) {
  switch (table.kind()) {
    case TypeKind::kInteger:
      return declared.is_integer() && declared.kind() <= TypeKind::kInteger;  // int is the narrowest there
    case TypeKind::kBigInt:
      return declared.is_integer();
    case TypeKind::kDouble:
      return declared.kind() == TypeKind::kDouble || declared.kind() == TypeKind::kFloat;
    case TypeKind::kDecimal:
      return declared.kind() == TypeKind::kDecimal && declared.scale() == table.scale() &&
             declared.precision() <= table.precision();
    default:
      return declared.kind() == table.kind();
  }
}

std::optional<std::vector<ParquetColumn>> Match(const Fields& declared, const std::vector<ParquetColumn>& table);

std::optional<ParquetColumn> Match(const columnar::Field& declared, const ParquetColumn& table) {
  if (table.required && declared.type.nullable()) return std::nullopt;
  ParquetColumn column = table;
  if (table.type.kind() != TypeKind::kRow) {
    if (!Fits(declared.type, table.type)) return std::nullopt;
    return column;
  }
  if (declared.type.kind() != TypeKind::kRow) return std::nullopt;
  std::optional<std::vector<ParquetColumn>> fields = Match(declared.type.fields(), table.fields);
  if (!fields) return std::nullopt;
  column.fields = *std::move(fields);
  column.type = parquet::RowType(column.fields, !table.required);
  return column;
}

std::optional<std::vector<ParquetColumn>> Match(const Fields& declared, const std::vector<ParquetColumn>& table) {
  std::vector<ParquetColumn> columns;
  for (const columnar::Field& field : declared) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&field](const auto& column) { return column.name == field.name; });
    if (found == table.end()) return std::nullopt;
    std::optional<ParquetColumn> column = Match(field, *found);
    if (!column) return std::nullopt;
    columns.push_back(*std::move(column));
  }
  const bool complete = std::all_of(table.begin(), table.end(), [&declared](const ParquetColumn& column) {
    return !column.required || std::any_of(declared.begin(), declared.end(),
                                           [&column](const auto& field) { return field.name == column.name; });
  });
  if (!complete) return std::nullopt;
  return columns;
}

}  // namespace

std::optional<std::vector<ParquetColumn>> WrittenColumns(const columnar::Schema& declared,
                                                         const iceberg::TableSchema& table) {
  for (const iceberg::TableSchema::Unknown& unknown : table.unknown) {
    const size_t dot = unknown.path.find('.');
    const bool concerns = dot == std::string::npos || declared.Find(unknown.path.substr(0, dot)) >= 0;
    if (unknown.required && concerns) return std::nullopt;
  }
  return Match(declared.fields, table.columns);
}

}  // namespace semel::connectors
