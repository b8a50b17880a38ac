// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of reading a script (1000–1099).
#pragma once

#include "base/error_code.h"

namespace semel::sql {

inline constexpr ErrorCode kSyntax{1001, ExitCode::kConfig, "syntax error"};
inline constexpr ErrorCode kUnsupportedSql{1002, ExitCode::kConfig, "not supported yet"};
inline constexpr ErrorCode kBadLiteral{1003, ExitCode::kConfig, "unreadable literal"};
inline constexpr ErrorCode kBadType{1004, ExitCode::kConfig, "unusable type"};

}  // namespace semel::sql
