// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of state (8100–8199).
#pragma once

#include "base/error_code.h"

namespace semel::state {

inline constexpr ErrorCode kDamagedState{8101, ExitCode::kData, "damaged state segment"};
inline constexpr ErrorCode kSumOverflow{8102, ExitCode::kData, "sum overflow"};

}  // namespace semel::state
