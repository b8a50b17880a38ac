// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Time zones of the IANA database (the system's copy, by Howard Hinnant's date library), for TIMESTAMP_LTZ values,
// which are instants in UTC and are shown in the session's zone.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace date {
class time_zone;
}

namespace semel::columnar {

inline constexpr ErrorCode kUnknownTimeZone{7031, ExitCode::kConfig, "unknown time zone"};

// A zone's rules. Value type, any thread. The default one is UTC.
class TimeZone {
 public:
  TimeZone() = default;
  // Names as in Java's ZoneId: "Europe/Berlin", "UTC", "GMT+08:00", "-03:30". Invalid for others.
  static Result<TimeZone> Find(const std::string& name);

  // Microseconds since 1970-01-01 00:00 UTC → the same moment on a clock of the zone.
  int64_t ToLocal(int64_t instant) const;
  // The moment at which a clock of the zone shows `local`; the first of two when the hour is repeated, and moved
  // forward by the length of the gap when it is left out (java.time.ZonedDateTime.ofLocal).
  int64_t FromLocal(int64_t local) const;

 private:
  const date::time_zone* region_ = nullptr;
  int64_t offset_micros_ = 0;  // without a region
};

}  // namespace semel::columnar
