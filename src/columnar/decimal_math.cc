// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/decimal_math.h"

#include <algorithm>

#include "columnar/parse_text.h"

namespace semel::columnar {

namespace {

uint128 Magnitude(int128 value) { return value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value); }
int128 Signed(uint128 magnitude, bool negative) {
  return negative ? -static_cast<int128>(magnitude) : static_cast<int128>(magnitude);
}

// An unsigned number of 256 bits: products and sums of two decimals stay below 2 × 10^76 < 2^255.
struct Wide {
  uint128 high = 0, low = 0;

  bool operator<(const Wide& other) const { return high != other.high ? high < other.high : low < other.low; }
};

// The schoolbook product of four halves (Knuth vol. 2, 4.3.1, algorithm M).
Wide Product(uint128 a, uint128 b) {
  constexpr uint128 kHalf = UINT64_MAX;
  const uint128 low = (a & kHalf) * (b & kHalf), left = (a >> 64) * (b & kHalf), right = (a & kHalf) * (b >> 64);
  const uint128 middle = (low >> 64) + (left & kHalf) + (right & kHalf);
  return {(a >> 64) * (b >> 64) + (left >> 64) + (right >> 64) + (middle >> 64), (middle << 64) | (low & kHalf)};
}

Wide Plus(Wide a, Wide b) {
  const uint128 low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1 : 0), low};
}

// REQUIRES: a >= b.
Wide Minus(Wide a, Wide b) { return {a.high - b.high - (a.low < b.low ? 1 : 0), a.low - b.low}; }

// The quotient without its fraction, limb by limb.
Wide DividedBy(Wide n, uint64_t divisor) {
  uint64_t limbs[4] = {static_cast<uint64_t>(n.high >> 64), static_cast<uint64_t>(n.high),
                       static_cast<uint64_t>(n.low >> 64), static_cast<uint64_t>(n.low)};
  uint128 rest = 0;
  for (uint64_t& limb : limbs) {
    rest = rest << 64 | limb;
    limb = static_cast<uint64_t>(rest / divisor);
    rest %= divisor;
  }
  return {static_cast<uint128>(limbs[0]) << 64 | limbs[1], static_cast<uint128>(limbs[2]) << 64 | limbs[3]};
}

// n × 10^(to − from), HALF_UP; REQUIRES: n < 2 × 10^76. False past `precision` digits.
bool Narrow(Wide n, bool negative, int from, int to, int precision, int128& out) {
  if (to >= from) return n.high == 0 && n.low >> 127 == 0 && Rescale(Signed(n.low, negative), from, to, precision, out);
  // All digits but the last one go without rounding; that one decides.
  constexpr int kStep = 18;
  int cut = from - to - 1;
  for (; cut > 0; cut -= kStep) n = DividedBy(n, static_cast<uint64_t>(PowerOfTen(std::min(cut, kStep))));
  n = DividedBy(Plus(n, {0, 5}), 10);
  if (n.high != 0 || n.low >= static_cast<uint128>(PowerOfTen(precision))) return false;
  out = Signed(n.low, negative);
  return true;
}

bool WideSum(Decimal a, Decimal b, int scale, int precision, int128& out) {
  const int common = std::max(a.scale, b.scale);
  const Wide x = Product(Magnitude(a.value), static_cast<uint128>(PowerOfTen(common - a.scale)));
  const Wide y = Product(Magnitude(b.value), static_cast<uint128>(PowerOfTen(common - b.scale)));
  const bool x_negative = a.value < 0, y_negative = b.value < 0;
  if (x_negative == y_negative) return Narrow(Plus(x, y), x_negative, common, scale, precision, out);
  if (x < y) return Narrow(Minus(y, x), y_negative, common, scale, precision, out);
  return Narrow(Minus(x, y), x_negative, common, scale, precision, out);
}

// rest × 10 / d as digit and new rest, though rest × 10 itself may not fit 128 bits: 10 = ((2 × 2) + 1) × 2.
// REQUIRES: rest < d < 2^127.
int NextDigit(uint128& rest, uint128 d) {
  auto reduce = [d](uint128& value) {
    if (value < d) return 0;
    value -= d;
    return 1;
  };
  uint128 five = rest * 2;
  int digit = reduce(five);
  five *= 2;
  digit = digit * 2 + reduce(five);
  five += rest;
  digit += reduce(five);
  rest = five * 2;
  digit = digit * 2;
  return digit + reduce(rest);
}

}  // namespace

bool AddDecimals(Decimal a, Decimal b, int scale, int precision, int128& out) {
  const int common = std::max(a.scale, b.scale);
  int128 x, y, sum;
  if (__builtin_mul_overflow(a.value, PowerOfTen(common - a.scale), &x) ||
      __builtin_mul_overflow(b.value, PowerOfTen(common - b.scale), &y) || __builtin_add_overflow(x, y, &sum))
    return WideSum(a, b, scale, precision, out);
  return Rescale(sum, common, scale, precision, out);
}

bool SubtractDecimals(Decimal a, Decimal b, int scale, int precision, int128& out) {
  return AddDecimals(a, {-b.value, b.scale}, scale, precision, out);
}

bool MultiplyDecimals(Decimal a, Decimal b, int scale, int precision, int128& out) {
  int128 product;
  const int from = a.scale + b.scale;
  if (from - scale <= kMaxDecimalPrecision && !__builtin_mul_overflow(a.value, b.value, &product))
    return Rescale(product, from, scale, precision, out);
  return Narrow(Product(Magnitude(a.value), Magnitude(b.value)), (a.value < 0) != (b.value < 0), from, scale, precision,
                out);
}

bool DivideDecimals(Decimal a, Decimal b, int scale, int precision, int128& out) {
  const uint128 d = Magnitude(b.value), n = Magnitude(a.value);
  // A quotient with one digit more has to stay below 10^38.
  const uint128 limit = static_cast<uint128>(PowerOfTen(kMaxDecimalPrecision - 1));
  uint128 quotient = n / d, rest = n % d;
  int shift = scale - a.scale + b.scale;
  for (; shift > 0; --shift) {
    if (quotient >= limit) return false;
    quotient = quotient * 10 + static_cast<uint128>(NextDigit(rest, d));
  }
  bool round_up = rest >= d - rest;
  for (; shift < 0; ++shift) {
    round_up = quotient % 10 >= 5;
    quotient /= 10;
  }
  if (round_up) ++quotient;
  out = Signed(quotient, (a.value < 0) != (b.value < 0));
  return quotient < static_cast<uint128>(PowerOfTen(precision));
}

bool RemainderOfDecimals(Decimal a, Decimal b, int scale, int precision, int128& out) {
  const int common = std::max(a.scale, b.scale);
  int128 y;
  // A divisor past 128 bits is greater than every dividend of its scale.
  if (__builtin_mul_overflow(b.value, PowerOfTen(common - b.scale), &y))
    return Rescale(a.value, common, scale, precision, out);
  const uint128 d = Magnitude(y);
  uint128 rest = Magnitude(a.value) % d;
  // More digits of the dividend, one by one. With some of them the divisor was not scaled: it is below 10^38.
  for (int digits = common - a.scale; digits > 0 && rest > 0; --digits) NextDigit(rest, d);
  return Rescale(Signed(rest, a.value < 0), common, scale, precision, out);
}

int CompareDecimals(Decimal a, Decimal b) {
  int128 x, y;
  const int common = std::max(a.scale, b.scale);
  // Only one of them is scaled up. Past 128 bits it is further from 0 than every value of the other.
  if (__builtin_mul_overflow(a.value, PowerOfTen(common - a.scale), &x)) return a.value < 0 ? -1 : 1;
  if (__builtin_mul_overflow(b.value, PowerOfTen(common - b.scale), &y)) return b.value < 0 ? 1 : -1;
  return x < y ? -1 : x > y;
}

}  // namespace semel::columnar
