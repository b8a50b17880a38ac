// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Casts: which exist, and how a column of one type becomes a column of another (Flink's CAST and TRY_CAST;
// docs/differences.md has the differences).
#pragma once

#include <string_view>

#include "functions/api/registry.h"

namespace semel::functions {

inline constexpr ErrorCode kCastFailed{1201, ExitCode::kData, "value cannot be cast"};
inline constexpr ErrorCode kDecimalOverflow{1202, ExitCode::kData, "decimal overflow"};
inline constexpr ErrorCode kDivisionByZero{1203, ExitCode::kData, "division by zero"};
inline constexpr ErrorCode kBadArgument{1204, ExitCode::kData, "argument out of range"};
inline constexpr ErrorCode kWrongArguments{1205, ExitCode::kConfig, "wrong arguments"};

bool CanCast(const DataType& from, const DataType& to);
// `is_try`: NULL instead of an error. An error names the first value that failed.
Result<ColumnPtr> CastColumn(const EvalContext& context, const Column& column, const DataType& type, bool is_try);
// The error of values that a column of text has no room for; kernels whose results grow ask HasRoomFor first.
Status TextTooLong();
// A literal's text as a column of one value of a date or time type.
Result<ColumnPtr> ParseLiteral(std::string_view text, const DataType& type);

}  // namespace semel::functions
