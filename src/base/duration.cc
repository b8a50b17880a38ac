// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/duration.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace semel {

namespace {

constexpr std::array<std::pair<std::string_view, int64_t>, 24> kUnits{{
    {"", 1'000},
    {"us", 1},
    {"micro", 1},
    {"microsecond", 1},
    {"microseconds", 1},
    {"ms", 1'000},
    {"milli", 1'000},
    {"millisecond", 1'000},
    {"milliseconds", 1'000},
    {"s", 1'000'000},
    {"sec", 1'000'000},
    {"second", 1'000'000},
    {"seconds", 1'000'000},
    {"m", 60'000'000},
    {"min", 60'000'000},
    {"minute", 60'000'000},
    {"minutes", 60'000'000},
    {"h", 3'600'000'000},
    {"hour", 3'600'000'000},
    {"hours", 3'600'000'000},
    {"d", 86'400'000'000},
    {"day", 86'400'000'000},
    {"days", 86'400'000'000},
    {"µs", 1},
}};

constexpr int64_t kMaxMicros = int64_t{100} * 366 * 86'400'000'000;

}  // namespace

Result<Micros> ParseDuration(std::string_view text) {
  const std::string_view trimmed = TrimAscii(text);
  size_t digits = 0;
  int64_t value = 0;
  bool too_big = false;
  while (digits < trimmed.size() && trimmed[digits] >= '0' && trimmed[digits] <= '9') {
    value = value * 10 + (trimmed[digits++] - '0');
    if (value > kMaxMicros) too_big = true, value = 0;
  }
  const std::string unit = ToLowerAscii(TrimAscii(trimmed.substr(digits)));
  if (digits > 0 && !too_big)
    for (const auto& [name, micros] : kUnits)
      if (unit == name && value <= kMaxMicros / micros) return Micros(value * micros);
  return Status::Invalid(kBadDuration, fmt::format("'{}' is no duration", text),
                         "write for example '10 s', '500 ms' or '2 min'");
}

std::string FormatDuration(Micros duration) {
  const int64_t us = duration.count();
  if (us != 0 && us % 60'000'000 == 0) return fmt::format("{} min", us / 60'000'000);
  if (us % 1'000'000 == 0) return fmt::format("{} s", us / 1'000'000);
  if (us % 1'000 == 0) return fmt::format("{} ms", us / 1'000);
  return fmt::format("{} us", us);
}

}  // namespace semel
