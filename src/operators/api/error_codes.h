// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of operators (8001–8099).
#pragma once

#include "base/error_code.h"

namespace semel::operators {

inline constexpr ErrorCode kLateRow{8001, ExitCode::kData, "late row"};
inline constexpr ErrorCode kNullEventTime{8002, ExitCode::kData, "event time is NULL"};
inline constexpr ErrorCode kDamagedOperatorState{8003, ExitCode::kData, "damaged operator state"};

}  // namespace semel::operators
