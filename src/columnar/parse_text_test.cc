// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/parse_text.h"

#include <gtest/gtest.h>

#include "columnar/value_text.h"

namespace semel::columnar {
namespace {

TEST(ParseTextTest, DatesAndTimestampsRoundTrip) {
  for (const char* text : {"1970-01-01", "1969-12-31", "2000-02-29", "0001-01-01", "9999-12-31", "2026-11-24"})
    EXPECT_EQ(DateToString(ParseDate(text).value()), text);
  EXPECT_EQ(TimestampToString(ParseTimestamp("1969-12-31 23:59:59.999").value(), 3), "1969-12-31 23:59:59.999");
  EXPECT_EQ(ParseTimestamp("2026-01-02T03:04:05", true), ParseTimestamp("2026-01-02 03:04:05.000000000"));
  for (const char* bad : {"", "2026-02-30 00:00:00", "2026-13-01 00:00:00", "2026-01-01 24:00:00", "2026-01-01 00:00",
                          "2026-01-01 00:00:00.", "2026-01-01 00:00:00x", "2026-1-1 00:00:00", "20a6-01-01 00:00:00"})
    EXPECT_FALSE(ParseTimestamp(bad)) << bad;
}

// Observed on Flink 2.1, but for the days and hours that no calendar has.
TEST(ParseTextTest, LenientFormsAreThoseOfFlinksCasts) {
  const std::pair<const char*, const char*> timestamps[] = {
      {"2024-01-05", "2024-01-05 00:00:00.000"},
      {"2024-1-5", "2024-01-05 00:00:00.000"},
      {"2024-01-05 1:2:3", "2024-01-05 01:02:03.000"},
      {"2024-1-5 01:02:03.", "2024-01-05 01:02:03.000"},
      {"2024-01-05 10:00:00.5", "2024-01-05 10:00:00.500"},
      {"2024-01-05 10:00:00.123456789", "2024-01-05 10:00:00.123"},
      {"2024-12-31 24:00:00", "2025-01-01 00:00:00.000"}};
  for (const auto& [text, value] : timestamps) {
    ASSERT_TRUE(ParseLenientTimestamp(text)) << text;
    EXPECT_EQ(TimestampToString(*ParseLenientTimestamp(text), 3), value) << text;
  }
  for (const char* bad :
       {"", " 2024-01-05", "2024-01-05 ", "2024-01-05T10:00:00", "2024-01-05 10:00", "2024-01-05 10", "2024",
        "2024-01-05xyz", "2024-001-05", "24-01-05", "12024-01-05", "0000-01-05", "2024-13-05", "2024-02-30",
        "2024-01-05  10:00:00", "2024-01-05 10:00:00.1234567890", "2024-01-05 10:00:00.1x", "2024-01-05 24:00:01"})
    EXPECT_FALSE(ParseLenientTimestamp(bad)) << bad;
  const std::pair<const char*, const char*> dates[] = {{"2024-1-5", "2024-01-05"},    {"2024-5", "2024-05-01"},
                                                       {"2024", "2024-01-01"},        {"24-1-5", "0024-01-05"},
                                                       {"02024-1-005", "2024-01-05"}, {"2024-01-05 x", "2024-01-05"}};
  for (const auto& [text, value] : dates) {
    ASSERT_TRUE(ParseLenientDate(text)) << text;
    EXPECT_EQ(DateToString(*ParseLenientDate(text)), value) << text;
  }
  for (const char* bad : {"", "2024-01-05xyz", "2024-01-055", "2024-02-30", "2024-1-32", "12024-1-5", "-2024-1-5",
                          "2024-01- 5", "2024-01-05T10:00:00", "2024-", "2024-1-", "0-1-5"})
    EXPECT_FALSE(ParseLenientDate(bad)) << bad;
  const std::pair<const char*, const char*> times[] = {
      {"10:20", "10:20:00.000"}, {"10", "10:00:00.000"}, {"1:2:3", "01:02:03.000"}, {"010:20:30.5", "10:20:30.500"}};
  for (const auto& [text, value] : times) {
    ASSERT_TRUE(ParseLenientTimeOfDay(text)) << text;
    EXPECT_EQ(TimeToString(static_cast<int32_t>(*ParseLenientTimeOfDay(text) / 1000), 3), value) << text;
  }
  for (const char* bad : {"", "10:", "10:20:", "24:00:00", "10:60", "10:20:60", "10:20:30x", "10:20:30+01:00"})
    EXPECT_FALSE(ParseLenientTimeOfDay(bad)) << bad;
}

TEST(ParseTextTest, DecimalsAreExactOrRoundedHalfUpOrRefused) {
  struct Case {
    const char* text;
    DecimalParse outcome;
    int64_t unscaled;
  };
  const Case cases[] = {{"12.30", DecimalParse::kExact, 1230},
                        {"-0.005", DecimalParse::kRounded, -1},
                        {"0.004", DecimalParse::kRounded, 0},
                        {"99999999.99", DecimalParse::kExact, 9999999999},
                        {"99999999.995", DecimalParse::kOverflow, 0},
                        {"100000000", DecimalParse::kOverflow, 0},
                        {"1.5e2", DecimalParse::kExact, 15000},
                        {"15E-1", DecimalParse::kExact, 150},
                        {"1e-5", DecimalParse::kRounded, 0},
                        {"0.000", DecimalParse::kExact, 0},
                        {"1e400", DecimalParse::kOverflow, 0},
                        {"", DecimalParse::kNotANumber, 0},
                        {"-", DecimalParse::kNotANumber, 0},
                        {"1.2.3", DecimalParse::kNotANumber, 0},
                        {"1e", DecimalParse::kNotANumber, 0},
                        {"abc", DecimalParse::kNotANumber, 0},
                        {"1.00000000000000000000000000000000000000000001", DecimalParse::kRounded, 100}};
  for (const Case& c : cases) {
    int128 unscaled = 0;
    EXPECT_EQ(ParseDecimal(c.text, 10, 2, unscaled), c.outcome) << c.text;
    if (c.outcome == DecimalParse::kExact || c.outcome == DecimalParse::kRounded) {
      EXPECT_EQ(static_cast<int64_t>(unscaled), c.unscaled) << c.text;
    }
  }
}

TEST(ParseTextTest, RescaleRoundsHalfUpAwayFromZero) {
  int128 out;
  EXPECT_TRUE(Rescale(125, 2, 1, 10, out) && out == 13);
  EXPECT_TRUE(Rescale(-125, 2, 1, 10, out) && out == -13);
  EXPECT_TRUE(Rescale(124, 2, 1, 10, out) && out == 12);
  EXPECT_FALSE(Rescale(99, 0, 2, 3, out));
  EXPECT_FALSE(Rescale(PowerOfTen(37), 0, 5, 38, out));
}

}  // namespace
}  // namespace semel::columnar
