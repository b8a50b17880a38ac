// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the checkpoint family (2000–2999).
#pragma once

#include "base/error_code.h"

namespace semel::checkpoint {

inline constexpr ErrorCode kBadMarker{2001, ExitCode::kData, "unreadable marker in a sink"};

}  // namespace semel::checkpoint
