// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text → single values. Nothing may be left over. The strict forms are for decoders (fast paths), the lenient ones for
// casts, literals and TO_TIMESTAMP.
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

// As Flink's casts read text (DateTimeUtils): numbers without leading zeros, years 1 to 9999. A day that the month does
// not have is none, where Flink's TIMESTAMP takes the month's last.
// "2026-1-5[ 9:5:0[.123456789]]" with a year of four digits → microseconds; 24:00:00 is the next midnight.
std::optional<int64_t> ParseLenientTimestamp(std::string_view text);
// "2026[-1[-31]]"; what follows a blank does not count.
std::optional<int32_t> ParseLenientDate(std::string_view text);
// "13[:5[:59[.123456]]]" → microseconds of the day.
std::optional<int64_t> ParseLenientTimeOfDay(std::string_view text);

enum class DecimalParse : uint8_t { kExact, kRounded, kOverflow, kNotANumber };
// A decimal number in plain or exponent form → unscaled value of DECIMAL(precision, scale); extra digits are rounded
// HALF_UP.
DecimalParse ParseDecimal(std::string_view text, int precision, int scale, int128& unscaled);

// 10^n for 0 <= n <= 38.
int128 PowerOfTen(int n);
// value × 10^(to − from), HALF_UP when digits are cut. False if the result has more than `precision` digits.
bool Rescale(int128 value, int from_scale, int to_scale, int precision, int128& out);

}  // namespace semel::columnar
