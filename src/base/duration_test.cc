// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/duration.h"

#include <gtest/gtest.h>

namespace semel {
namespace {

TEST(DurationTest, AcceptsFlinksSpellings) {
  EXPECT_EQ(ParseDuration("10 s").value().count(), 10'000'000);
  EXPECT_EQ(ParseDuration("500ms").value().count(), 500'000);
  EXPECT_EQ(ParseDuration(" 2 MIN ").value().count(), 120'000'000);
  EXPECT_EQ(ParseDuration("250").value().count(), 250'000) << "a bare number is milliseconds";
}

TEST(DurationTest, RefusesTheRest) {
  for (const char* bad : {"", "s", "-1 s", "1.5 s", "3 fortnights", "99999999999999999999 s", "10000000 d"})
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
}

TEST(DurationTest, FormatsExactly) {
  EXPECT_EQ(FormatDuration(Micros(120'000'000)), "2 min");
  EXPECT_EQ(FormatDuration(Micros(1'500'000)), "1500 ms");
  EXPECT_EQ(FormatDuration(Micros(0)), "0 s");
}

}  // namespace
}  // namespace semel
