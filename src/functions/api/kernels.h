// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Building blocks of kernels: walking rows with NULL propagation, and common shapes of type resolution.
#pragma once

#include <string>

#include "columnar/calendar.h"
#include "functions/api/literal.h"
#include "functions/api/registry.h"

namespace semel::functions {

inline bool AnyNull(std::span<const ColumnPtr> args, int64_t i) {
  for (const ColumnPtr& arg : args)
    if (arg->IsNull(i)) return true;
  return false;
}

// Calls row(i, out) for each row without a NULL argument; NULL in, NULL out. `row` returns a Status and appends one
// value.
template <typename Row>
Result<ColumnPtr> MapRows(std::span<const ColumnPtr> args, int64_t rows, const DataType& result, Row row) {
  columnar::ColumnBuilder out(result.WithNullable(true));
  out.Reserve(rows);
  for (int64_t i = 0; i < rows; ++i) {
    if (AnyNull(args, i)) {
      out.AppendNull();
    } else {
      SEMEL_RETURN_IF_ERROR(row(i, out));
    }
  }
  return out.Finish();
}

// Appends text that may have grown.
inline Status AppendText(std::string_view text, columnar::ColumnBuilder& out) {
  if (!out.HasRoomFor(text.size())) return TextTooLong();
  out.AppendString(text);
  return Status::Ok();
}

inline Status OutOfYears() {
  return Status::Invalid(kBadArgument, "the result is not in the years 1 to 9999", "check the values it is made of");
}
// Appends a moment, or a day given by its midnight.
inline Status AppendInYears(int64_t micros, columnar::ColumnBuilder& out) {
  if (micros < columnar::kLeastMicros || micros > columnar::kGreatestMicros) return OutOfYears();
  out.AppendInt64(out.type().kind() == columnar::TypeKind::kDate ? micros / columnar::kDayMicros : micros);
  return Status::Ok();
}

inline bool AnyNullable(std::span<const plan::ExprPtr> args) {
  for (const plan::ExprPtr& arg : args)
    if (arg->type.nullable()) return true;
  return false;
}

inline Status WrongArguments(std::string_view signature, std::span<const plan::ExprPtr> args) {
  std::string types;
  for (const plan::ExprPtr& arg : args) types += (types.empty() ? "" : ", ") + arg->type.ToString();
  return Status::Invalid(kWrongArguments, fmt::format("({}) does not fit {}", types, signature),
                         "CAST the arguments, or use another function");
}

// Resolves to fixed argument types: an argument fits if its kind is that of the declared type, or it is an untyped
// NULL.
inline std::function<Result<Resolution>(std::span<const plan::ExprPtr>)> FixedTypes(std::string signature,
                                                                                    std::vector<DataType> types,
                                                                                    DataType result,
                                                                                    size_t optional = 0) {
  return [=](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
    if (args.size() > types.size() || args.size() + optional < types.size()) return WrongArguments(signature, args);
    Resolution resolution;
    for (size_t i = 0; i < args.size(); ++i) {
      const DataType& type = args[i]->type;
      const bool widens = type.is_integer() && types[i].is_integer() && type.kind() <= types[i].kind();
      if (type.kind() != types[i].kind() && type.kind() != columnar::TypeKind::kNull && !widens)
        return WrongArguments(signature, args);
      // Text of any length stays as it is.
      resolution.argument_types.push_back(type.kind() == types[i].kind() && !type.is_integer() ? type : types[i]);
    }
    resolution.result = result.WithNullable(result.nullable() || AnyNullable(args));
    return resolution;
  };
}

}  // namespace semel::functions
