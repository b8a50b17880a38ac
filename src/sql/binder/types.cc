// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// How types meet: common types and implicit casts, after Flink's LogicalTypeMerging and LogicalTypeCasts.
#include <algorithm>

#include "functions/api/literal.h"
#include "sql/binder/expr_binder.h"

namespace semel::sql {

using columnar::DataType;
using columnar::TypeKind;

namespace {

DataType CommonDecimal(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale(), b.scale());
  const int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  const int precision = std::min(columnar::kMaxDecimalPrecision, whole + scale);
  return DataType::Decimal(precision, std::max(0, std::min(scale, columnar::kMaxDecimalPrecision - whole)));
}

std::optional<DataType> CommonNumeric(const DataType& a, const DataType& b) {
  if (a.is_approximate() || b.is_approximate()) {
    const bool both_float = a.kind() == TypeKind::kFloat && b.kind() == TypeKind::kFloat;
    return both_float ? DataType::Float() : DataType::Double();
  }
  if (a.is_integer() && b.is_integer()) return a.kind() > b.kind() ? a : b;
  return CommonDecimal(columnar::AsDecimal(a), columnar::AsDecimal(b));
}

}  // namespace

std::optional<DataType> CommonType(const DataType& left, const DataType& right) {
  // What comes from several values is no event time any more.
  const DataType a = left.WithRowtime(false), b = right.WithRowtime(false);
  const bool nullable = a.nullable() || b.nullable();
  if (a.kind() == TypeKind::kNull) return b.WithNullable(true);
  if (b.kind() == TypeKind::kNull) return a.WithNullable(true);
  if (a.SameIgnoringNullability(b)) return a.WithNullable(nullable);
  if (a.is_numeric() && b.is_numeric()) return CommonNumeric(a, b)->WithNullable(nullable);
  if (a.is_text() && b.is_text()) return DataType::String(std::max(a.length(), b.length()), nullable);
  if (a.kind() == TypeKind::kBytes && b.kind() == TypeKind::kBytes)
    return DataType::ByteString(std::max(a.length(), b.length()), nullable);
  if (a.kind() == b.kind() && a.is_time_point())
    return a.kind() == TypeKind::kTimestamp ? DataType::Timestamp(std::max(a.precision(), b.precision()), nullable)
                                            : DataType::TimestampLtz(std::max(a.precision(), b.precision()), nullable);
  if ((a.kind() == TypeKind::kDate && b.kind() == TypeKind::kTimestamp)) return b.WithNullable(nullable);
  if ((b.kind() == TypeKind::kDate && a.kind() == TypeKind::kTimestamp)) return a.WithNullable(nullable);
  return std::nullopt;
}

bool CanStoreAs(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kNull || from.SameIgnoringNullability(to)) return true;
  if (!functions::CanCast(from, to)) return false;
  if (from.kind() == TypeKind::kRow && to.kind() == TypeKind::kRow) {
    for (size_t f = 0; f < to.fields().size(); ++f)
      if (!CanStoreAs(from.fields()[f].type, to.fields()[f].type)) return false;
    return true;
  }
  if (from.is_numeric() && to.is_numeric()) {
    if (to.is_approximate()) return !from.is_approximate() || to.kind() >= from.kind();
    if (to.kind() == TypeKind::kDecimal) return !from.is_approximate();
    return from.is_integer() && from.kind() <= to.kind();
  }
  if (from.is_text() && to.is_text()) return true;
  if (from.kind() == TypeKind::kBytes && to.kind() == TypeKind::kBytes) return true;
  if (from.kind() == to.kind() && (from.is_time_point() || from.kind() == TypeKind::kTime)) return true;
  if (from.is_time_point() && to.is_time_point()) return true;
  return from.kind() == TypeKind::kDate && to.is_time_point();
}

plan::ExprPtr CoerceTo(const plan::ExprPtr& expr, const DataType& type) {
  if (expr->type.SameIgnoringNullability(type)) return expr;
  if (expr->type.kind() == TypeKind::kNull) return plan::Expr::Literal(columnar::NullColumn(type, 1), expr->span);
  return plan::Expr::Special(plan::ExprKind::kCast, {expr}, type.WithNullable(expr->type.nullable()), expr->span);
}

}  // namespace semel::sql
