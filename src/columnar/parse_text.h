// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text → single values. Strict: nothing may be left over. Used by decoders (fast paths), casts and literals.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "columnar/type.h"

namespace semel::columnar {

// "2026-01-31" → days since 1970-01-01. Proleptic Gregorian, years 0001 to 9999.
std::optional<int32_t> ParseDate(std::string_view text);
// "13:05:59[.123456]" → microseconds of the day.
std::optional<int64_t> ParseTimeOfDay(std::string_view text);
// "2026-01-31 13:05:59[.123456789]" (or 'T' with `iso`) → microseconds; digits past the microsecond are dropped.
std::optional<int64_t> ParseTimestamp(std::string_view text, bool iso = false);

enum class DecimalParse : uint8_t { kExact, kRounded, kOverflow, kNotANumber };
// A decimal number in plain or exponent form → unscaled value of DECIMAL(precision, scale); extra digits are rounded
// HALF_UP.
DecimalParse ParseDecimal(std::string_view text, int precision, int scale, int128& unscaled);

// 10^n for 0 <= n <= 38.
int128 PowerOfTen(int n);
// value × 10^(to − from), HALF_UP when digits are cut. False if the result has more than `precision` digits.
bool Rescale(int128 value, int from_scale, int to_scale, int precision, int128& out);

}  // namespace semel::columnar
