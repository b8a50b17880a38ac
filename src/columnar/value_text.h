// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Single values as text, in the spelling of Flink's CAST(… AS STRING).
#pragma once

#include <cstdint>
#include <string>

#include "columnar/type.h"

namespace semel::columnar {

std::string DecimalToString(int128 unscaled, int scale);       // "-12.30"
std::string DateToString(int32_t days);                        // days since 1970-01-01 → "2026-01-02"
std::string TimestampToString(int64_t micros, int precision);  // "2026-01-02 03:04:05.678"
std::string TimeToString(int32_t millis, int precision);       // milliseconds of the day → "03:04:05"
std::string DoubleToString(double v);                          // Java's layout: "1.0E10", "0.001"
std::string FloatToString(float v);

}  // namespace semel::columnar
