// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Units of time and division towards the past: times before 1970 are negative.
#pragma once

#include <cstdint>

namespace semel::columnar {

inline constexpr int64_t kSecondMicros = 1'000'000;
inline constexpr int64_t kMinuteMicros = 60 * kSecondMicros;
inline constexpr int64_t kHourMicros = 60 * kMinuteMicros;
inline constexpr int64_t kDayMicros = 24 * kHourMicros;

// The years that SQL knows: 0001-01-01 00:00:00 to 9999-12-31 23:59:59.999999.
inline constexpr int64_t kLeastMicros = -719'162 * kDayMicros, kGreatestMicros = 2'932'897 * kDayMicros - 1;

// The quotient rounded down. REQUIRES: unit > 0.
constexpr int64_t FloorDivide(int64_t value, int64_t unit) { return value / unit - (value % unit < 0 ? 1 : 0); }
// The greatest multiple of the unit that is not greater. REQUIRES: unit > 0.
constexpr int64_t FloorTo(int64_t value, int64_t unit) { return FloorDivide(value, unit) * unit; }

}  // namespace semel::columnar
