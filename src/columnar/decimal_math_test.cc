// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Decimal arithmetic against a model of whole numbers without bounds. SEMEL_DECIMAL_OPERATIONS=10000000 for a long run.
#include "columnar/decimal_math.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdlib>
#include <random>

#include "columnar/parse_text.h"
#include "columnar/value_text.h"

namespace semel::columnar {
namespace {

using boost::multiprecision::cpp_int;

cpp_int Big(int128 value) {
  const bool negative = value < 0;
  const uint128 size = negative ? -static_cast<uint128>(value) : static_cast<uint128>(value);
  const cpp_int big = (cpp_int(static_cast<uint64_t>(size >> 64)) << 64) + static_cast<uint64_t>(size);
  return negative ? cpp_int(-big) : big;
}

cpp_int Power(int n) { return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(n)); }

// n / d to the nearest whole number, halves away from 0.
cpp_int HalfUp(const cpp_int& n, const cpp_int& d) {
  const cpp_int size = abs(n), divisor = abs(d);
  cpp_int quotient = size / divisor;
  if ((size % divisor) * 2 >= divisor) ++quotient;
  return (n < 0) != (d < 0) ? cpp_int(-quotient) : quotient;
}

// Digits from few to 38, often all nines or a power of ten, where the borders are.
Decimal RandomDecimal(std::mt19937_64& random) {
  const int digits = static_cast<int>(random() % 39);
  const int128 limit = PowerOfTen(digits);
  int128 value = static_cast<int128>((static_cast<uint128>(random()) << 64 | random()) % static_cast<uint128>(limit));
  switch (random() % 8) {
    case 0:
      value = limit - 1;
      break;
    case 1:
      value = limit / 10;
      break;
    case 2:
      value = limit / 2;
      break;
    default:
      break;
  }
  if (random() % 2 == 0) value = -value;
  return {value, static_cast<int>(random() % 39)};
}

std::string Text(Decimal d) { return DecimalToString(d.value, d.scale); }

// What each operation has to give for `scale`: the true value as n / d.
struct Case {
  const char* name;
  bool (*compute)(Decimal, Decimal, int, int, int128&);
  cpp_int n, d;
};

TEST(DecimalMathTest, IsTheTrueResultRoundedOnceAndRefusedOnlyPastThePrecision) {
  const char* wanted = std::getenv("SEMEL_DECIMAL_OPERATIONS");
  const int64_t operations = wanted != nullptr ? std::strtoll(wanted, nullptr, 10) : 300'000;
  std::mt19937_64 random(20260101);
  int64_t fitting = 0;
  for (int64_t done = 0; done < operations;) {
    const Decimal a = RandomDecimal(random), b = RandomDecimal(random);
    const int precision = 1 + static_cast<int>(random() % 38), scale = static_cast<int>(random() % 39);
    const int common = std::max(a.scale, b.scale);
    const cpp_int x = Big(a.value) * Power(common - a.scale), y = Big(b.value) * Power(common - b.scale);
    std::vector<Case> cases = {{"+", AddDecimals, cpp_int(x + y), Power(common)},
                               {"-", SubtractDecimals, cpp_int(x - y), Power(common)},
                               {"*", MultiplyDecimals, Big(a.value) * Big(b.value), Power(a.scale + b.scale)}};
    if (b.value != 0) {
      cases.push_back({"/", DivideDecimals, x, y});
      cases.push_back({"%", RemainderOfDecimals, cpp_int(x % y), Power(common)});
    }
    for (const Case& c : cases) {
      const cpp_int expected = HalfUp(c.n * Power(scale), c.d);
      const bool fits = abs(expected) < Power(precision);
      int128 got = 0;
      ASSERT_EQ(c.compute(a, b, scale, precision, got), fits)
          << Text(a) << c.name << Text(b) << " to (" << precision << ", " << scale << ") is " << expected;
      if (fits) {
        ASSERT_EQ(Big(got), expected) << Text(a) << c.name << Text(b) << " to scale " << scale;
        ++fitting;
      }
    }
    ASSERT_EQ(CompareDecimals(a, b), x < y ? -1 : x > y) << Text(a) << " and " << Text(b);
    done += static_cast<int64_t>(cases.size()) + 1;
  }
  EXPECT_GT(fitting, operations / 5) << "the draw must not miss the range of results";
}

TEST(DecimalMathTest, ResultsThatFitThoughTheWayThereIsLonger) {
  int128 out;
  // Observed on Flink 2.1.
  ASSERT_TRUE(MultiplyDecimals({PowerOfTen(21) + 1, 18}, {PowerOfTen(21) + 1, 18}, 6, 38, out));
  EXPECT_EQ(DecimalToString(out, 6), "1000000.000000");
  const int128 nines = int128{9'999'999'999} * 10'000'000'000 + 1'234'567'890;
  ASSERT_TRUE(MultiplyDecimals({nines, 10}, {nines, 10}, 17, 38, out));
  EXPECT_EQ(DecimalToString(out, 17), "99999999982469135780.76832800075019052");
  // One below and one beyond the greatest value.
  const int128 greatest = PowerOfTen(38) - 1;
  EXPECT_TRUE(AddDecimals({greatest - 1, 0}, {1, 0}, 0, 38, out) && out == greatest);
  EXPECT_FALSE(AddDecimals({greatest, 0}, {1, 0}, 0, 38, out));
  EXPECT_TRUE(AddDecimals({greatest, 0}, {4, 1}, 0, 38, out) && out == greatest);
  EXPECT_FALSE(AddDecimals({greatest, 0}, {5, 1}, 0, 38, out));
  EXPECT_TRUE(SubtractDecimals({greatest, 0}, {greatest, 38}, 0, 38, out) && out == greatest - 1);
  EXPECT_EQ(CompareDecimals({greatest, 0}, {greatest, 38}), 1);
  EXPECT_EQ(CompareDecimals({-greatest, 0}, {-greatest, 38}), -1);
}

}  // namespace
}  // namespace semel::columnar
