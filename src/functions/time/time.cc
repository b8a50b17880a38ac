// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Parts of dates and timestamps, and formatting them.
#include <algorithm>
#include <chrono>

#include "columnar/calendar.h"
#include "columnar/parse_text.h"
#include "columnar/value_text.h"
#include "functions/api/kernels.h"
#include "functions/time/register.h"

namespace semel::functions {

using columnar::ColumnBuilder;
using columnar::kDayMicros;
using columnar::TypeKind;

namespace {

struct Civil {
  int year, month, day, hour, minute, second, micro;
};

Civil Split(int64_t micros) {
  const int64_t day = columnar::FloorDivide(micros, kDayMicros), rest = micros - day * kDayMicros;
  const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{day}}};
  return {static_cast<int>(ymd.year()),
          static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day())),
          static_cast<int>(rest / 3'600'000'000),
          static_cast<int>(rest / 60'000'000 % 60),
          static_cast<int>(rest / 1'000'000 % 60),
          static_cast<int>(rest % 1'000'000)};
}

// On a clock: of the session's zone for TIMESTAMP_LTZ.
int64_t MicrosAt(const EvalContext& context, const Column& column, int64_t i) {
  if (column.type().kind() == TypeKind::kDate) return column.values<int32_t>()[i] * kDayMicros;
  const int64_t micros = column.values<int64_t>()[i];
  return column.type().kind() == TypeKind::kTimestampLtz ? context.local_time_zone.ToLocal(micros) : micros;
}

void AddPart(Registry& registry, const char* name, const char* description, int Civil::*part) {
  const std::string signature = fmt::format("{0}(date or timestamp), EXTRACT({0} FROM …)", name);
  auto resolve = [signature](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
    const bool fits = args.size() == 1 && (args[0]->type.is_time_point() || args[0]->type.kind() == TypeKind::kDate);
    if (!fits) return WrongArguments(signature, args);
    return Resolution{{args[0]->type}, DataType::BigInt(args[0]->type.nullable())};
  };
  registry.Add(
      {name, signature, description, true, resolve,
       [part](const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
         return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) {
           out.Append<int64_t>(Split(MicrosAt(context, *args[0], i)).*part);
           return Status::Ok();
         });
       }});
}

constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kWeekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// The letters of Java's DateTimeFormatter that ETL scripts use, and how often one may stand in a row.
constexpr std::pair<char, size_t> kLetters[] = {{'y', 19}, {'M', 4}, {'E', 4}, {'d', 2},
                                                {'H', 2},  {'m', 2}, {'s', 2}, {'S', 9}};

// A run of one letter, quoted text ("''" in it is a quote), or another character as it is: `letter` is 0 for text.
struct PatternPiece {
  char letter = 0;
  size_t count = 0;
  std::string text;
};

Result<std::vector<PatternPiece>> ParsePattern(std::string_view pattern) {
  std::vector<PatternPiece> pieces;
  auto refuse = [pattern](std::string what, std::string hint) {
    return Status::Invalid(kBadArgument, fmt::format("{} in the pattern '{}'", what, pattern), std::move(hint));
  };
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      std::string text;
      size_t end = i + 1;
      for (; end < pattern.size() && (pattern[end] != '\'' || pattern.substr(end, 2) == "''"); ++end) {
        text += pattern[end];
        if (pattern[end] == '\'') ++end;
      }
      if (end >= pattern.size()) return refuse("an open quote", "close it");
      pieces.push_back({0, 0, text.empty() ? "'" : text});
      i = end + 1;
      continue;
    }
    size_t n = 1;
    while (i + n < pattern.size() && pattern[i + n] == c) ++n;
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const auto* known = std::find_if(std::begin(kLetters), std::end(kLetters), [c](auto l) { return l.first == c; });
    if ((is_letter && known == std::end(kLetters)) || std::string_view("[]{}#").find(c) != std::string_view::npos)
      return refuse(fmt::format("'{}' is not supported", c), "y M d E H m s S and text in quotes are");
    if (is_letter && n > known->second)
      return refuse(fmt::format("too many '{}'", c), fmt::format("at most {}", known->second));
    pieces.push_back({is_letter ? c : '\0', n, is_letter ? std::string() : std::string(n, c)});
    i += n;
  }
  return pieces;
}

std::string Format(int64_t micros, const std::vector<PatternPiece>& pattern) {
  const Civil c = Split(micros);
  std::string text;
  for (const PatternPiece& piece : pattern) {
    const size_t n = piece.count;
    switch (piece.letter) {
      case 'y':
        text += n == 2 ? fmt::format("{:02}", c.year % 100) : fmt::format("{:0{}}", c.year, n);
        break;
      case 'M': {
        const std::string_view name = kMonths[c.month - 1];
        text += n > 2 ? std::string(n == 3 ? name.substr(0, 3) : name) : fmt::format("{:0{}}", c.month, n);
        break;
      }
      case 'E': {
        const std::chrono::sys_days day{std::chrono::days{columnar::FloorDivide(micros, kDayMicros)}};
        const std::string_view name = kWeekdays[std::chrono::weekday{day}.c_encoding()];
        text += n < 4 ? name.substr(0, 3) : name;
        break;
      }
      case 'd':
        text += fmt::format("{:0{}}", c.day, n);
        break;
      case 'H':
        text += fmt::format("{:0{}}", c.hour, n);
        break;
      case 'm':
        text += fmt::format("{:0{}}", c.minute, n);
        break;
      case 's':
        text += fmt::format("{:0{}}", c.second, n);
        break;
      case 'S':
        text += fmt::format("{:06}", c.micro).append(n, '0').substr(0, n);
        break;
      default:
        text += piece.text;
    }
  }
  return text;
}

Result<Resolution> ResolveDateFormat(std::span<const plan::ExprPtr> args) {
  if (args.size() != 2 || !args[0]->type.is_time_point() || !args[1]->type.is_text())
    return WrongArguments("DATE_FORMAT(timestamp, pattern)", args);
  if (args[1]->kind == plan::ExprKind::kLiteral && args[1]->literal->IsValid(0))
    SEMEL_RETURN_IF_ERROR(ParsePattern(args[1]->literal->GetString(0)).status());
  return Resolution{{args[0]->type, args[1]->type}, DataType::String(columnar::kUnboundedLength, AnyNullable(args))};
}

Result<ColumnPtr> DateFormat(const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows,
                             const DataType& type) {
  std::string pattern;
  std::vector<PatternPiece> pieces;
  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status {
    if (i == 0 || pieces.empty() || args[1]->GetString(i) != pattern) {
      pattern = args[1]->GetString(i);
      SEMEL_ASSIGN_OR_RETURN(pieces, ParsePattern(pattern));
    }
    return AppendText(Format(MicrosAt(context, *args[0], i), pieces), out);
  });
}

// Seconds or milliseconds as an instant: NULL past the year 9999 and before the year 0, as in Flink; the year 0, whose
// days have no text, is an error.
Status AppendInstant(int64_t number, int32_t precision, ColumnBuilder& out) {
  if (precision != 0 && precision != 3)
    return Status::Invalid(kBadArgument, fmt::format("TO_TIMESTAMP_LTZ with precision {}", precision),
                           "0 for seconds, 3 for milliseconds");
  int64_t micros = 0;
  if (__builtin_mul_overflow(number, int64_t{precision == 0 ? 1'000'000 : 1000}, &micros) ||
      micros > columnar::kGreatestMicros || micros < columnar::kLeastMicros - 366 * kDayMicros) {
    out.AppendNull();
    return Status::Ok();
  }
  return AppendInYears(micros, out);
}

}  // namespace

void RegisterTime(Registry& registry) {
  RegisterRounding(registry);
  RegisterNow(registry);
  AddPart(registry, "YEAR", "The year.", &Civil::year);
  AddPart(registry, "MONTH", "The month, 1 to 12.", &Civil::month);
  AddPart(registry, "DAY", "The day of the month.", &Civil::day);
  AddPart(registry, "DAYOFMONTH", "The day of the month.", &Civil::day);
  AddPart(registry, "HOUR", "The hour, 0 to 23.", &Civil::hour);
  AddPart(registry, "MINUTE", "The minute.", &Civil::minute);
  AddPart(registry, "SECOND", "The second.", &Civil::second);
  registry.Add({"DATE_FORMAT", "DATE_FORMAT(timestamp, pattern)",
                "The timestamp in a pattern such as 'yyyy-MM-dd HH:mm'.", true, ResolveDateFormat, DateFormat});
  registry.Add({"TO_TIMESTAMP", "TO_TIMESTAMP(text)",
                "Text as 'yyyy-M-d[ H:m:s[.SSS]]' → TIMESTAMP(3); NULL if it is none.", true,
                FixedTypes("TO_TIMESTAMP(text)", {DataType::String()}, DataType::Timestamp(3)),
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) {
                    const std::optional<int64_t> micros = columnar::ParseLenientTimestamp(args[0]->GetString(i));
                    if (micros) {
                      out.Append(columnar::FloorTo(*micros, 1000));
                    } else {
                      out.AppendNull();
                    }
                    return Status::Ok();
                  });
                }});
  registry.Add({"TO_TIMESTAMP_LTZ", "TO_TIMESTAMP_LTZ(number, precision)",
                "Seconds (precision 0) or milliseconds (3) since 1970-01-01 00:00 UTC → TIMESTAMP_LTZ(3).", true,
                FixedTypes("TO_TIMESTAMP_LTZ(number, precision)", {DataType::BigInt(), DataType::Integer()},
                           DataType::TimestampLtz(3)),
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status {
                    return AppendInstant(args[0]->values<int64_t>()[i], args[1]->values<int32_t>()[i], out);
                  });
                }});
}

}  // namespace semel::functions
