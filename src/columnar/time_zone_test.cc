// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/time_zone.h"

#include <gtest/gtest.h>

#include "columnar/parse_text.h"
#include "columnar/value_text.h"

namespace semel::columnar {
namespace {

std::string Local(const char* zone, const char* utc) {
  return TimestampToString(TimeZone::Find(zone)->ToLocal(*ParseTimestamp(utc)), 0);
}
std::string Instant(const char* zone, const char* local) {
  return TimestampToString(TimeZone::Find(zone)->FromLocal(*ParseTimestamp(local)), 0);
}

TEST(TimeZone, SummerAndWinter) {
  EXPECT_EQ(Local("Europe/Berlin", "2026-01-15 12:00:00"), "2026-01-15 13:00:00");
  EXPECT_EQ(Local("Europe/Berlin", "2026-07-15 12:00:00"), "2026-07-15 14:00:00");
  EXPECT_EQ(Local("Europe/Berlin", "2026-03-29 00:59:59"), "2026-03-29 01:59:59");
  EXPECT_EQ(Local("Europe/Berlin", "2026-03-29 01:00:00"), "2026-03-29 03:00:00");
  EXPECT_EQ(Instant("America/New_York", "2026-07-15 12:00:00"), "2026-07-15 16:00:00");
  EXPECT_EQ(Local("Asia/Kathmandu", "1960-01-01 00:00:00"), "1960-01-01 05:30:00");
}

TEST(TimeZone, TheLeftOutHourMovesForwardAndTheRepeatedOneIsTheFirst) {
  EXPECT_EQ(Instant("Europe/Berlin", "2026-03-29 02:30:00"), "2026-03-29 01:30:00");  // 03:30 in summer time
  EXPECT_EQ(Instant("Europe/Berlin", "2026-10-25 02:30:00"), "2026-10-25 00:30:00");  // still summer time
}

TEST(TimeZone, OffsetsAndNames) {
  EXPECT_EQ(Local("GMT+08:00", "2026-01-01 20:00:00"), "2026-01-02 04:00:00");
  EXPECT_EQ(Local("-03:30", "2026-01-01 00:00:00"), "2025-12-31 20:30:00");
  EXPECT_EQ(Local("UTC", "2026-01-01 00:00:00"), "2026-01-01 00:00:00");
  for (const char* wrong : {"Europe/Atlantis", "", "UTC+8", "GMT+", "+99:00", "+1:2", "GMT+8:0"})
    EXPECT_EQ(TimeZone::Find(wrong).status().code(), kUnknownTimeZone) << wrong;
}

}  // namespace
}  // namespace semel::columnar
