// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the command line (7201–7499).
#pragma once

#include "base/error_code.h"

namespace semel::cli {

inline constexpr ErrorCode kNotProven{7201, ExitCode::kData, "output differs from its receipts"};
inline constexpr ErrorCode kDemoFailed{7301, ExitCode::kData, "the demo's proof failed"};
inline constexpr ErrorCode kDemoFolder{7302, ExitCode::kCannotCreate, "folder of the demo cannot be used"};
inline constexpr ErrorCode kWrongUse{7401, ExitCode::kUsage, "wrong use of the command line"};

}  // namespace semel::cli
