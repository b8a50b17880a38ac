// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of names and types (1100–1199).
#pragma once

#include "base/error_code.h"

namespace semel::sql {

inline constexpr ErrorCode kUnknownColumn{1101, ExitCode::kConfig, "unknown column"};
inline constexpr ErrorCode kUnknownFunction{1102, ExitCode::kConfig, "unknown function"};
inline constexpr ErrorCode kTypeMismatch{1103, ExitCode::kConfig, "types do not fit"};
inline constexpr ErrorCode kAmbiguousColumn{1104, ExitCode::kConfig, "ambiguous column"};
inline constexpr ErrorCode kMisplacedAggregate{1105, ExitCode::kConfig, "aggregate in the wrong place"};
inline constexpr ErrorCode kNotGrouped{1106, ExitCode::kConfig, "column is not grouped"};
inline constexpr ErrorCode kUnknownTable{1107, ExitCode::kConfig, "unknown table"};
inline constexpr ErrorCode kUnknownOption{1108, ExitCode::kConfig, "unknown option"};
inline constexpr ErrorCode kMissingOption{1109, ExitCode::kConfig, "missing option"};
inline constexpr ErrorCode kDuplicateName{1110, ExitCode::kConfig, "name exists already"};
inline constexpr ErrorCode kNotRowtime{1111, ExitCode::kConfig, "not an event-time column"};
inline constexpr ErrorCode kColumnCount{1112, ExitCode::kConfig, "number of columns does not fit"};
inline constexpr ErrorCode kUpdatingIntoAppend{1113, ExitCode::kConfig, "sink does not take updates"};
inline constexpr ErrorCode kWrongDirection{1114, ExitCode::kConfig, "connector cannot be used this way"};
inline constexpr ErrorCode kUnknownCatalog{1115, ExitCode::kConfig, "unknown catalog"};
inline constexpr ErrorCode kLateSetting{1116, ExitCode::kConfig, "setting after an INSERT"};

}  // namespace semel::sql
