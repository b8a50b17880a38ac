// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Durations as Flink's options spell them: "10 s", "500ms", "1 min", "2h"; a bare number is milliseconds.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/units.h"

namespace semel {

inline constexpr ErrorCode kBadDuration{7001, ExitCode::kConfig, "unreadable duration"};

// Invalid if the text is not a non-negative number with a known unit (us, ms, s, sec, min, m, h, d and their long
// forms).
Result<Micros> ParseDuration(std::string_view text);
// The shortest exact spelling: "10 s", "1500 ms", "2 min".
std::string FormatDuration(Micros duration);

}  // namespace semel
