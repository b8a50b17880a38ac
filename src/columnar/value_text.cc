// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Values as text, in the spelling of Flink's CAST(… AS STRING).
#include "columnar/value_text.h"

#include <chrono>
#include <cmath>

#include "columnar/calendar.h"
#include "columnar/column.h"

namespace semel::columnar {

namespace {

std::string Digits(uint128 v) {
  if (v == 0) return "0";
  std::string text;
  while (v > 0) {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(v % 10)));
    v /= 10;
  }
  return text;
}

// Java's Double.toString layout (JDK 19 and later print the shortest digits, which is what fmt gives).
std::string JavaFloating(std::string_view shortest_exponent_form, bool negative) {
  const size_t e = shortest_exponent_form.find('e');
  std::string digits;
  for (char c : shortest_exponent_form.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const int exponent = std::stoi(std::string(shortest_exponent_form.substr(e + 1)));
  std::string text = negative ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) return text + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    if (count <= exponent + 1)
      return text + digits + std::string(static_cast<size_t>(exponent + 1 - count), '0') + ".0";
    return text + digits.substr(0, static_cast<size_t>(exponent) + 1) + "." +
           digits.substr(static_cast<size_t>(exponent) + 1);
  }
  text += digits.substr(0, 1) + "." + (count > 1 ? digits.substr(1) : "0");
  return text + "E" + std::to_string(exponent);
}

template <typename T>
std::string FloatingText(T v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "Infinity" : "-Infinity";
  if (v == 0) return std::signbit(v) ? "-0.0" : "0.0";
  // {:e} with the shortest digits that read back as the same value, but of two digits the nearest: 4.9E-324, not 5.0.
  std::string text;
  for (int precision = 1; precision <= 17; ++precision) {
    text = fmt::format("{:.{}e}", std::abs(v), precision);
    if (static_cast<T>(std::strtod(text.c_str(), nullptr)) == std::abs(v)) break;
  }
  return JavaFloating(text, v < 0);
}

std::string TimeOfDay(int64_t micros_of_day, int precision) {
  const int64_t seconds = micros_of_day / 1'000'000;
  std::string text = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (precision > 0)
    text += "." + fmt::format("{:06}", micros_of_day % 1'000'000).substr(0, static_cast<size_t>(precision));
  return text;
}

// "+1 00:00:00.000": days, and the time on a clock.
std::string IntervalToString(int64_t micros) {
  const uint64_t size = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const auto of_day = static_cast<int64_t>(size % kDayMicros);
  return fmt::format("{}{} {}", micros < 0 ? '-' : '+', size / kDayMicros,
                     TimeOfDay(of_day, of_day % 1000 == 0 ? 3 : 6));
}

// "+2-00": years and months.
std::string MonthsToString(int32_t months) {
  const int64_t size = std::abs(int64_t{months});
  return fmt::format("{}{}-{:02}", months < 0 ? '-' : '+', size / 12, size % 12);
}

}  // namespace

std::string DecimalToString(int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  std::string digits = Digits(negative ? -static_cast<uint128>(unscaled) : static_cast<uint128>(unscaled));
  const size_t s = static_cast<size_t>(scale);
  if (digits.size() <= s) digits.insert(0, s + 1 - digits.size(), '0');
  if (s > 0) digits.insert(digits.size() - s, ".");
  return negative ? "-" + digits : digits;
}

std::string DateToString(int32_t days) {
  using namespace std::chrono;
  const year_month_day ymd{sys_days{std::chrono::days{days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

std::string TimestampToString(int64_t micros, int precision) {
  const int64_t day = FloorDivide(micros, kDayMicros);
  return DateToString(static_cast<int32_t>(day)) + " " + TimeOfDay(micros - day * kDayMicros, precision);
}

std::string TimeToString(int32_t millis, int precision) {
  return TimeOfDay(static_cast<int64_t>(millis) * 1000, precision);
}

std::string DoubleToString(double v) { return FloatingText(v); }
std::string FloatToString(float v) { return FloatingText(v); }

std::string ValueToString(const Column& column, int64_t i) {
  if (column.IsNull(i)) return "NULL";
  const DataType& type = column.type();
  switch (type.kind()) {
    case TypeKind::kNull:
      return "NULL";
    case TypeKind::kBoolean:
      return column.GetBool(i) ? "TRUE" : "FALSE";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
      return DecimalToString(column.GetInt(i), 0);
    case TypeKind::kInterval:
      return IntervalToString(column.values<int64_t>()[i]);
    case TypeKind::kIntervalMonths:
      return MonthsToString(column.values<int32_t>()[i]);
    case TypeKind::kFloat:
      return FloatToString(column.values<float>()[i]);
    case TypeKind::kDouble:
      return DoubleToString(column.values<double>()[i]);
    case TypeKind::kDecimal:
      return DecimalToString(column.GetInt(i), type.scale());
    case TypeKind::kString:
      return std::string(column.GetString(i));
    case TypeKind::kBytes: {
      std::string text = "x'";
      for (unsigned char c : column.GetString(i)) text += fmt::format("{:02x}", c);
      return text + "'";
    }
    case TypeKind::kDate:
      return DateToString(column.values<int32_t>()[i]);
    case TypeKind::kTime:
      return TimeToString(column.values<int32_t>()[i], type.precision());
    case TypeKind::kTimestamp:
      return TimestampToString(column.values<int64_t>()[i], type.precision());
    case TypeKind::kTimestampLtz:
      return TimestampToString(column.values<int64_t>()[i], type.precision()) + "Z";
    case TypeKind::kRow: {
      std::string text = "(";
      for (size_t c = 0; c < column.children().size(); ++c)
        text += (c > 0 ? ", " : "") + ValueToString(*column.children()[c], i);
      return text + ")";
    }
  }
  return "?";
}

}  // namespace semel::columnar
