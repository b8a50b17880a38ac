// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/parse_text.h"

#include <array>

#include "columnar/calendar.h"

namespace semel::columnar {

namespace {

// n digits at p as a number, or -1.
int Digits(const char* p, int n) {
  int value = 0;
  for (int i = 0; i < n; ++i) {
    const unsigned digit = static_cast<unsigned char>(p[i]) - '0';
    if (digit > 9) return -1;
    value = value * 10 + static_cast<int>(digit);
  }
  return value;
}

// Days since 1970-01-01 of a Gregorian date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
int32_t DaysFromCivil(int y, int m, int d) {
  y -= m <= 2;
  const int era = y / 400;
  const int yoe = y - era * 400;
  const int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

int DaysInMonth(int y, int m) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0) ? 29 : kDays[m - 1];
}

// Takes a number of `least` to `most` digits from the front of the text, or the character that has to stand there.
bool TakeNumber(std::string_view& text, size_t least, size_t most, int& value) {
  size_t n = 0;
  value = 0;
  for (; n < most && n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n) value = value * 10 + (text[n] - '0');
  text.remove_prefix(n);
  return n >= least;
}
bool Take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

// ".", up to 9 digits and the end of the text, or its end at once → microseconds; finer digits are dropped.
bool TakeFraction(std::string_view& text, int64_t& micros) {
  micros = 0;
  if (text.empty()) return true;
  if (!Take(text, '.') || text.size() > 9) return false;
  int64_t unit = 100'000;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10)
    micros += (text[0] - '0') * unit;
  return text.empty();
}

std::optional<int32_t> Day(int y, int m, int d) {
  if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > DaysInMonth(y, m)) return std::nullopt;
  return DaysFromCivil(y, m, d);
}

constexpr std::array<int128, 39> MakePowers() {
  std::array<int128, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<int128, 39> kPowers = MakePowers();

}  // namespace

int128 PowerOfTen(int n) { return kPowers[static_cast<size_t>(n)]; }

bool Rescale(int128 value, int from_scale, int to_scale, int precision, int128& out) {
  if (to_scale > from_scale) {
    const int shift = to_scale - from_scale;
    if (shift > 38 || __builtin_mul_overflow(value, PowerOfTen(shift), &out)) return value == 0 && (out = 0, true);
  } else if (to_scale < from_scale) {
    const int shift = from_scale - to_scale;
    if (shift > 38) {
      out = 0;
      return true;
    }
    const int128 divisor = PowerOfTen(shift);
    out = value / divisor;
    const int128 rest = value % divisor;
    const int128 size = rest < 0 ? -rest : rest;
    if (size >= divisor - size) out += value < 0 ? -1 : 1;
  } else {
    out = value;
  }
  const int128 limit = PowerOfTen(precision);
  return out < limit && out > -limit;
}

std::optional<int32_t> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int y = Digits(text.data(), 4), m = Digits(text.data() + 5, 2), d = Digits(text.data() + 8, 2);
  return Day(y, m, d);
}

std::optional<int64_t> ParseTimeOfDay(std::string_view text) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const int h = Digits(text.data(), 2), m = Digits(text.data() + 3, 2), s = Digits(text.data() + 6, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) return std::nullopt;
  int64_t micros = (h * 3600 + m * 60 + s) * int64_t{1'000'000};
  if (text.size() == 8) return micros;
  if (text[8] != '.' || text.size() < 10 || text.size() > 18) return std::nullopt;
  int64_t unit = 100'000;
  for (char c : text.substr(9)) {
    if (c < '0' || c > '9') return std::nullopt;
    micros += (c - '0') * unit;
    unit /= 10;
  }
  return micros;
}

std::optional<int64_t> ParseTimestamp(std::string_view text, bool iso) {
  if (text.size() < 19 || text[10] != (iso ? 'T' : ' ')) return std::nullopt;
  const std::optional<int32_t> day = ParseDate(text.substr(0, 10));
  const std::optional<int64_t> time = ParseTimeOfDay(text.substr(11));
  if (!day || !time) return std::nullopt;
  return *day * kDayMicros + *time;
}

std::optional<int32_t> ParseLenientDate(std::string_view text) {
  if (const size_t blank = text.find(' '); blank != std::string_view::npos && blank > 0) text = text.substr(0, blank);
  constexpr size_t kDigits = 9;
  int y = 0, m = 1, d = 1;
  if (!TakeNumber(text, 1, kDigits, y)) return std::nullopt;
  if (!text.empty() && (!Take(text, '-') || !TakeNumber(text, 1, kDigits, m))) return std::nullopt;
  if (!text.empty() && (!Take(text, '-') || !TakeNumber(text, 1, kDigits, d))) return std::nullopt;
  return text.empty() ? Day(y, m, d) : std::nullopt;
}

std::optional<int64_t> ParseLenientTimeOfDay(std::string_view text) {
  constexpr size_t kDigits = 9;
  int h = 0, m = 0, s = 0;
  int64_t micros = 0;
  if (!TakeNumber(text, 1, kDigits, h)) return std::nullopt;
  if (!text.empty() && (!Take(text, ':') || !TakeNumber(text, 1, kDigits, m))) return std::nullopt;
  if (!text.empty() && (!Take(text, ':') || !TakeNumber(text, 1, kDigits, s) || !TakeFraction(text, micros)))
    return std::nullopt;
  if (!text.empty() || h > 23 || m > 59 || s > 59) return std::nullopt;
  return (h * 3600 + m * 60 + s) * kSecondMicros + micros;
}

std::optional<int64_t> ParseLenientTimestamp(std::string_view text) {
  int y = 0, month = 0, d = 0, h = 0, m = 0, s = 0;
  int64_t micros = 0;
  if (!TakeNumber(text, 4, 4, y) || !Take(text, '-') || !TakeNumber(text, 1, 2, month) || !Take(text, '-') ||
      !TakeNumber(text, 1, 2, d))
    return std::nullopt;
  const bool has_time = !text.empty();
  if (has_time && (!Take(text, ' ') || !TakeNumber(text, 1, 2, h) || !Take(text, ':') || !TakeNumber(text, 1, 2, m) ||
                   !Take(text, ':') || !TakeNumber(text, 1, 2, s) || !TakeFraction(text, micros)))
    return std::nullopt;
  const bool is_midnight = h == 24 && m == 0 && s == 0 && micros == 0;
  const std::optional<int32_t> day = Day(y, month, d);
  if (!day || (h > 23 && !is_midnight) || m > 59 || s > 59) return std::nullopt;
  return *day * kDayMicros + (h * 3600 + m * 60 + s) * kSecondMicros + micros;
}

DecimalParse ParseDecimal(std::string_view text, int precision, int scale, int128& unscaled) {
  size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++i;
  int128 value = 0;
  int value_scale = 0, digits = 0, seen = 0;
  bool lost = false;  // a digit past the 38th that is not 0
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    ++seen;
    if (digits < columnar::kMaxDecimalPrecision) {
      value = value * 10 + (c - '0');
      if (value != 0) ++digits;
      if (fraction) ++value_scale;
    } else {
      if (!fraction) return DecimalParse::kOverflow;
      lost = lost || c != '0';
    }
  }
  if (seen == 0) return DecimalParse::kNotANumber;
  int exponent = 0;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return DecimalParse::kNotANumber;
    ++i;
    const bool minus = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (i >= text.size()) return DecimalParse::kNotANumber;
    for (; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') return DecimalParse::kNotANumber;
      if (exponent < 10'000) exponent = exponent * 10 + (text[i] - '0');
    }
    if (minus) exponent = -exponent;
  }
  if (negative) value = -value;
  const int from = value_scale - exponent;
  if (value == 0) {
    unscaled = 0;
    return DecimalParse::kExact;
  }
  if (from < -38 + scale - 38) return DecimalParse::kOverflow;
  if (!Rescale(value, from, scale, precision, unscaled)) return DecimalParse::kOverflow;
  int128 back;
  const bool exact =
      !lost && from <= scale + 38 && (from <= scale || (Rescale(unscaled, scale, from, 38, back) && back == value));
  return exact ? DecimalParse::kExact : DecimalParse::kRounded;
}

}  // namespace semel::columnar
