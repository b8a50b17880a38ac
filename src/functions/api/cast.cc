// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "base/utf8.h"
#include "columnar/calendar.h"
#include "columnar/parse_text.h"
#include "columnar/value_text.h"
#include "functions/api/literal.h"

namespace semel::functions {

using columnar::ColumnBuilder;
using columnar::int128;
using columnar::kDayMicros;
using columnar::TypeKind;

namespace {

// Cuts a timestamp to `precision` digits of the second, as Flink does.
int64_t CutTimestamp(int64_t micros, int precision) {
  return columnar::FloorTo(micros, static_cast<int64_t>(columnar::PowerOfTen(6 - precision)));
}

// Whether the text is a floating-point number as Java spells them (Double.valueOf): NaN and Infinity in these letters,
// "0x1.8p3", and a suffix f or d. `digits` is what strtod reads.
bool IsFloating(std::string_view text, std::string& digits) {
  std::string_view size = text;
  if (!size.empty() && (size[0] == '-' || size[0] == '+')) size.remove_prefix(1);
  if (size.empty()) return false;
  digits = text;
  if (size == "NaN" || size == "Infinity") return true;
  if (std::string_view("fFdD").find(size.back()) != std::string_view::npos) {
    digits.pop_back();
    size.remove_suffix(1);
  }
  const bool is_hex = size.size() > 2 && size[0] == '0' && (size[1] == 'x' || size[1] == 'X');
  if (is_hex && size.find_first_of("pP") == std::string_view::npos) return false;
  return size.find_first_not_of(is_hex ? "0123456789abcdefABCDEFxXpP+-." : "0123456789eE+-.") == std::string_view::npos;
}

// Converts one value and appends it; false: the value does not fit (the caller makes it an error or NULL).
class CastTo {
 public:
  CastTo(const DataType& type, const columnar::TimeZone& zone, ColumnBuilder& out)
      : type_(type), zone_(zone), out_(out) {}

  bool FromExact(int128 value, int scale) {
    if (type_.kind() == TypeKind::kDecimal) {
      int128 rescaled;
      if (!columnar::Rescale(value, scale, type_.scale(), type_.precision(), rescaled)) return false;
      out_.AppendInt(rescaled);
    } else if (type_.is_integer()) {
      out_.AppendInt(value / columnar::PowerOfTen(scale));  // narrowing wraps, the fraction is dropped
    } else if (type_.is_approximate()) {
      AppendFloating(static_cast<double>(value) / static_cast<double>(columnar::PowerOfTen(scale)));
    } else if (type_.kind() == TypeKind::kBoolean) {
      out_.AppendBool(value != 0);
    } else {
      return FromText(columnar::DecimalToString(value, scale));
    }
    return true;
  }

  bool FromFloat(float value) {
    return type_.is_text() ? FromText(columnar::FloatToString(value)) : FromDouble(static_cast<double>(value));
  }

  bool FromDouble(double value) {
    if (type_.is_approximate()) {
      AppendFloating(value);
    } else if (type_.is_integer()) {
      if (std::isnan(value)) value = 0;
      const bool is_long = type_.kind() == TypeKind::kBigInt;
      const double low = is_long ? -0x1p63 : -0x1p31, high = is_long ? 0x1p63 : 0x1p31 - 1;
      const int64_t least = is_long ? INT64_MIN : INT32_MIN, most = is_long ? INT64_MAX : INT32_MAX;
      out_.AppendInt(value <= low ? least : value >= high ? most : static_cast<int64_t>(value));
    } else if (type_.kind() == TypeKind::kDecimal) {
      int128 unscaled;
      const auto parsed = columnar::ParseDecimal(fmt::format("{}", value), type_.precision(), type_.scale(), unscaled);
      if (parsed == columnar::DecimalParse::kOverflow || parsed == columnar::DecimalParse::kNotANumber) return false;
      out_.AppendInt(unscaled);
    } else if (type_.kind() == TypeKind::kBoolean) {
      out_.AppendBool(value != 0);
    } else {
      return FromText(columnar::DoubleToString(value));
    }
    return true;
  }

  bool FromText(std::string_view text) {
    switch (type_.kind()) {
      case TypeKind::kString:
        return AppendText(text);
      case TypeKind::kBytes:
        return Append(text);
      case TypeKind::kBoolean:
        return BooleanText(ToLowerAscii(TrimAscii(text)));
      case TypeKind::kDecimal: {
        int128 unscaled;
        const auto parsed = columnar::ParseDecimal(TrimAscii(text), type_.precision(), type_.scale(), unscaled);
        if (parsed == columnar::DecimalParse::kOverflow || parsed == columnar::DecimalParse::kNotANumber) return false;
        out_.AppendInt(unscaled);
        return true;
      }
      case TypeKind::kFloat:
      case TypeKind::kDouble: {
        std::string digits;
        char* end = nullptr;
        if (!IsFloating(TrimAscii(text), digits)) return false;
        if (type_.kind() == TypeKind::kFloat) {
          out_.Append(std::strtof(digits.c_str(), &end));
        } else {
          out_.Append(std::strtod(digits.c_str(), &end));
        }
        if (end != digits.c_str() && *end == '\0') return true;
        out_.TruncateTo(out_.length() - 1);
        return false;
      }
      default:
        return type_.is_integer() ? IntegerText(TrimAscii(text)) : TimeText(text);
    }
  }

  // Whether the last value that did not fit was text beyond what a column holds.
  bool is_too_long() const { return is_too_long_; }

 private:
  void AppendFloating(double value) {
    if (type_.kind() == TypeKind::kFloat) {
      out_.Append(static_cast<float>(value));
    } else {
      out_.Append(value);
    }
  }

  // CHAR(n) and VARCHAR(n): cut to n code points, CHAR padded with blanks.
  bool AppendText(std::string_view text) {
    size_t points = 0, bytes = 0;
    while (bytes < text.size() && points < static_cast<size_t>(type_.length())) {
      ++bytes;
      while (bytes < text.size() && (text[bytes] & 0xc0) == 0x80) ++bytes;
      ++points;
    }
    const size_t blanks = type_.fixed_length() ? static_cast<size_t>(type_.length()) - points : 0;
    if (blanks == 0) return Append(text.substr(0, bytes));
    if (!out_.HasRoomFor(bytes + blanks)) return Append({nullptr, bytes + blanks});
    return Append(std::string(text.substr(0, bytes)).append(blanks, ' '));
  }

  bool Append(std::string_view text) {
    is_too_long_ = !out_.HasRoomFor(text.size());
    if (!is_too_long_) out_.AppendString(text);
    return !is_too_long_;
  }

  bool BooleanText(const std::string& text) {
    const bool yes = text == "true" || text == "t" || text == "yes" || text == "y" || text == "1";
    const bool no = text == "false" || text == "f" || text == "no" || text == "n" || text == "0";
    if (!yes && !no) return false;
    out_.AppendBool(yes);
    return true;
  }

  bool IntegerText(std::string_view text) {
    const size_t dot = text.find('.');
    const bool has_fraction = dot != std::string_view::npos;
    for (char c : has_fraction ? text.substr(dot + 1) : std::string_view())
      if (c < '0' || c > '9') return false;
    // A fraction is cut, and may stand alone: ".5" is 0.
    std::string_view whole = text.substr(0, dot);
    if (has_fraction && (whole.empty() || whole == "-" || whole == "+")) whole = "0";
    int128 value;
    if (whole.find_first_of("eE") != std::string_view::npos ||
        columnar::ParseDecimal(whole, 19, 0, value) != columnar::DecimalParse::kExact)
      return false;
    const int bits = type_.byte_width() * 8;
    const int128 limit = int128{1} << (bits - 1);
    if (value >= limit || value < -limit) return false;
    out_.AppendInt(value);
    return true;
  }

  bool TimeText(std::string_view text) {
    std::optional<int64_t> value;
    switch (type_.kind()) {
      case TypeKind::kDate:
        value = columnar::ParseLenientDate(TrimAscii(text));
        break;
      case TypeKind::kTime:
        value = columnar::ParseLenientTimeOfDay(TrimAscii(text));
        if (value) value = *value / 1000;
        break;
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        value = columnar::ParseLenientTimestamp(text);
        if (value && type_.kind() == TypeKind::kTimestampLtz) value = zone_.FromLocal(*value);
        if (value) value = CutTimestamp(*value, type_.precision());
        break;
      default:
        return false;
    }
    if (!value) return false;
    out_.AppendInt(*value);
    return true;
  }

  const DataType& type_;
  const columnar::TimeZone& zone_;
  ColumnBuilder& out_;
  bool is_too_long_ = false;
};

// Through the time on a clock: of the session's zone for TIMESTAMP_LTZ.
bool CastTime(const Column& column, int64_t i, const DataType& to, const columnar::TimeZone& zone, ColumnBuilder& out) {
  TypeKind from = column.type().kind();
  int64_t value = static_cast<int64_t>(column.GetInt(i));
  if (from == TypeKind::kTimestampLtz && to.kind() != TypeKind::kTimestampLtz) {
    value = zone.ToLocal(value);
    from = TypeKind::kTimestamp;
  } else if (to.kind() == TypeKind::kTimestampLtz && from != TypeKind::kTimestampLtz) {
    value = zone.FromLocal(from == TypeKind::kDate ? value * kDayMicros : value);
    from = TypeKind::kTimestampLtz;
  }
  if (from == TypeKind::kDate && to.kind() == TypeKind::kTimestamp) {
    out.AppendInt(value * kDayMicros);
  } else if (from == TypeKind::kTimestamp && to.kind() == TypeKind::kDate) {
    out.AppendInt(columnar::FloorDivide(value, kDayMicros));
  } else if (from == TypeKind::kTimestamp && to.kind() == TypeKind::kTime) {
    out.AppendInt((value - columnar::FloorTo(value, kDayMicros)) / 1000);
  } else if (from == to.kind() && to.is_time_point()) {
    out.AppendInt(CutTimestamp(value, to.precision()));
  } else {
    out.AppendInt(value);
  }
  return true;
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kRow && to.kind() == TypeKind::kRow) {
    bool can = from.fields().size() == to.fields().size();
    for (size_t f = 0; can && f < to.fields().size(); ++f) can = CanCast(from.fields()[f].type, to.fields()[f].type);
    return can;
  }
  if (from.kind() == TypeKind::kNull || from.SameIgnoringNullability(to) || to.is_text())
    return to.kind() != TypeKind::kRow || from.SameIgnoringNullability(to);
  if (from.kind() == TypeKind::kRow || to.kind() == TypeKind::kRow) return false;
  if (from.is_text()) return to.kind() != TypeKind::kInterval && to.kind() != TypeKind::kIntervalMonths;
  if ((from.is_numeric() || from.kind() == TypeKind::kBoolean) && (to.is_numeric() || to.kind() == TypeKind::kBoolean))
    return true;
  if (from.kind() == to.kind()) return true;
  if (from.kind() == TypeKind::kDate) return to.is_time_point();
  if (from.is_time_point()) return to.is_time_point() || to.kind() == TypeKind::kDate || to.kind() == TypeKind::kTime;
  return false;
}

Result<ColumnPtr> CastColumn(const EvalContext& context, const Column& column, const DataType& type, bool is_try) {
  if (type.kind() == TypeKind::kRow) {
    // Field by field, by position. What stands below a NULL row is no value and cannot fail.
    std::vector<ColumnPtr> fields;
    for (size_t f = 0; f < type.fields().size(); ++f) {
      SEMEL_ASSIGN_OR_RETURN(ColumnPtr field,
                             CastColumn(context, *columnar::FieldOf(column, f), type.fields()[f].type, is_try));
      fields.push_back(std::move(field));
    }
    return std::make_shared<const Column>(type, column.length(), column.validity_buffer(), column.values_buffer(),
                                          nullptr, std::move(fields));
  }
  ColumnBuilder out(type.WithNullable(true));
  out.Reserve(column.length());
  CastTo cast(type, context.local_time_zone, out);
  const DataType& from = column.type();
  for (int64_t i = 0; i < column.length(); ++i) {
    bool fits = true;
    if (column.IsNull(i)) {
      out.AppendNull();
    } else if (from.is_integer() || from.kind() == TypeKind::kDecimal) {
      fits = cast.FromExact(column.GetInt(i), from.scale());
    } else if (from.kind() == TypeKind::kBoolean && !type.is_text()) {
      fits = cast.FromExact(column.GetBool(i) ? 1 : 0, 0);
    } else if (from.is_approximate()) {
      fits = from.kind() == TypeKind::kFloat ? cast.FromFloat(column.values<float>()[i])
                                             : cast.FromDouble(column.values<double>()[i]);
    } else if (from.is_text() || (from.kind() == TypeKind::kBytes && !type.is_text())) {
      fits = cast.FromText(column.GetString(i));
    } else if (type.is_text() && from.kind() == TypeKind::kTimestampLtz) {
      fits = cast.FromText(
          columnar::TimestampToString(context.local_time_zone.ToLocal(column.values<int64_t>()[i]), from.precision()));
    } else if (type.is_text()) {
      fits = cast.FromText(from.kind() == TypeKind::kBytes ? Utf8FromBytes(column.GetString(i))
                                                           : columnar::ValueToString(column, i));
    } else {
      fits = CastTime(column, i, type, context.local_time_zone, out);
    }
    if (fits) continue;
    if (cast.is_too_long()) return TextTooLong();
    if (!is_try)
      return Status::Invalid(type.kind() == TypeKind::kDecimal && !from.is_text() ? kDecimalOverflow : kCastFailed,
                             fmt::format("'{}' does not fit {}", columnar::ValueToString(column, i), type.ToString()),
                             "use a wider type, or TRY_CAST, which gives NULL");
    out.AppendNull();
  }
  return out.Finish();
}

Status TextTooLong() {
  return Status::Invalid(kBadArgument, "the texts of one batch of rows have more than 2 GiB",
                         "make them shorter: CHAR(n) pads to n, REPLACE and || add up");
}

Result<ColumnPtr> ParseLiteral(std::string_view text, const DataType& type) {
  const bool has_day = type.kind() != TypeKind::kTime;
  const size_t blank = type.is_time_point() ? text.find(' ') : std::string_view::npos;
  const std::string_view day_text = has_day ? text.substr(0, blank) : "1970-01-01";
  const bool has_time = !has_day || blank != std::string_view::npos;
  const std::string_view time_text = !has_time ? "0:0:0" : has_day ? text.substr(blank + 1) : text;
  // Every part has to be there, which a cast is less strict about.
  std::optional<int64_t> day, time;
  if (day_text.find(' ') == std::string_view::npos) day = columnar::ParseLenientTimestamp(day_text);
  if (std::count(time_text.begin(), time_text.end(), ':') == 2) time = columnar::ParseLenientTimeOfDay(time_text);
  if (!day || !time)
    return Status::Invalid(kCastFailed, fmt::format("'{}' is no {}", text, type.ToString()), "check the literal");
  ColumnBuilder out(type);
  out.AppendInt(type.is_time_point()             ? CutTimestamp(*day + *time, type.precision())
                : type.kind() == TypeKind::kDate ? *day / kDayMicros
                                                 : *time / 1000);
  return out.Finish();
}

}  // namespace semel::functions
