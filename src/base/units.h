// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Sizes and times with their unit in the type, so that no number has to be guessed.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace semel {

using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;

// Wall-clock time since 1970-01-01 00:00:00 UTC, in microseconds.
struct WallTime {
  int64_t micros = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
  constexpr int64_t millis() const { return micros / 1000; }
};

// Time on a clock that never goes back; only differences mean anything.
struct SteadyTime {
  int64_t micros = 0;
  constexpr auto operator<=>(const SteadyTime&) const = default;
  constexpr Micros operator-(SteadyTime other) const { return Micros(micros - other.micros); }
  constexpr SteadyTime operator+(Micros d) const { return SteadyTime{micros + d.count()}; }
};

// A number of bytes.
struct Bytes {
  uint64_t count = 0;
  constexpr auto operator<=>(const Bytes&) const = default;
  static constexpr Bytes KiB(uint64_t n) { return Bytes{n << 10}; }
  static constexpr Bytes MiB(uint64_t n) { return Bytes{n << 20}; }
  static constexpr Bytes GiB(uint64_t n) { return Bytes{n << 30}; }
};

}  // namespace semel
