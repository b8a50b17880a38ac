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
