// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the running graph (8200–8299).
#pragma once

#include "base/error_code.h"

namespace semel::runtime {

inline constexpr ErrorCode kNoFormat{8201, ExitCode::kConfig, "table without a usable format"};
inline constexpr ErrorCode kNullTime{8203, ExitCode::kData, "event time is NULL"};
inline constexpr ErrorCode kNullInNotNull{8204, ExitCode::kData, "NULL in a NOT NULL column"};

}  // namespace semel::runtime
