// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/time_zone.h"

#include <date/tz.h>

#include <optional>

#include "columnar/calendar.h"

namespace semel::columnar {

namespace {

// "+08:00", "-3", "+0330" → microseconds.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && i == text.size() - 3) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits += text[i];
  }
  if (digits.empty() || digits.size() > 4 || digits.size() == 3) return std::nullopt;
  const int value = std::stoi(digits);
  const int hours = digits.size() <= 2 ? value : value / 100, minutes = digits.size() <= 2 ? 0 : value % 100;
  if (hours > 18 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * kHourMicros + minutes * kMinuteMicros);
}

}  // namespace

Result<TimeZone> TimeZone::Find(const std::string& name) {
  TimeZone zone;
  if (name == "UTC" || name == "GMT" || name == "Z") return zone;
  const std::string offset = name.rfind("GMT", 0) == 0 ? name.substr(3) : name;
  if (const std::optional<int64_t> micros = ParseOffset(offset)) {
    zone.offset_micros_ = *micros;
    return zone;
  }
  try {
    zone.region_ = date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return Status::Invalid(kUnknownTimeZone, fmt::format("there is no time zone '{}'", name),
                           "SET 'table.local-time-zone' to a name such as 'Europe/Berlin' (package tzdata has them), "
                           "'UTC' or 'GMT+08:00'");
  }
  return zone;
}

int64_t TimeZone::ToLocal(int64_t instant) const {
  if (region_ == nullptr) return instant + offset_micros_;
  const date::sys_seconds at{std::chrono::seconds(FloorDivide(instant, kSecondMicros))};
  return instant + region_->get_info(at).offset.count() * kSecondMicros;
}

int64_t TimeZone::FromLocal(int64_t local) const {
  if (region_ == nullptr) return local - offset_micros_;
  const date::local_seconds at{std::chrono::seconds(FloorDivide(local, kSecondMicros))};
  return local - region_->get_info(at).first.offset.count() * kSecondMicros;  // in a gap: the offset before it
}

}  // namespace semel::columnar
