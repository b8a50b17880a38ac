// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Parts of dates and timestamps, and formatting them.
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

// The letters of Java's DateTimeFormatter that ETL scripts use: y M d H m s S, text in single quotes, anything else as
// it is.
Result<std::string> Format(int64_t micros, std::string_view pattern) {
  const Civil c = Split(micros);
  std::string text;
  for (size_t i = 0; i < pattern.size();) {
    const char letter = pattern[i];
    size_t n = 1;
    while (i + n < pattern.size() && pattern[i + n] == letter) ++n;
    switch (letter) {
      case 'y':
        text += n == 2 ? fmt::format("{:02}", c.year % 100) : fmt::format("{:0{}}", c.year, n);
        break;
      case 'M':
        text += fmt::format("{:0{}}", c.month, n);
        break;
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
      case '\'': {
        const size_t end = pattern.find('\'', i + 1);
        if (end == std::string_view::npos)
          return Status::Invalid(kBadArgument, fmt::format("'{}' has an open quote", pattern), "close it");
        text += end == i + 1 ? "'" : std::string(pattern.substr(i + 1, end - i - 1));
        n = end + 1 - i;
        break;
      }
      default:
        if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'))
          return Status::Invalid(kBadArgument,
                                 fmt::format("'{}' in the pattern '{}' is not supported", letter, pattern),
                                 "y M d H m s S and quoted text are");
        text.append(n, letter);
    }
    i += n;
  }
  return text;
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
  registry.Add(
      {"DATE_FORMAT", "DATE_FORMAT(timestamp, pattern)", "The timestamp in a pattern such as 'yyyy-MM-dd HH:mm'.", true,
       [](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
         if (args.size() != 2 || !args[0]->type.is_time_point() || !args[1]->type.is_text())
           return WrongArguments("DATE_FORMAT(timestamp, pattern)", args);
         return Resolution{{args[0]->type, args[1]->type},
                           DataType::String(columnar::kUnboundedLength, AnyNullable(args))};
       },
       [](const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
         return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status {
           SEMEL_ASSIGN_OR_RETURN(std::string text, Format(MicrosAt(context, *args[0], i), args[1]->GetString(i)));
           out.AppendString(text);
           return Status::Ok();
         });
       }});
  registry.Add({"TO_TIMESTAMP", "TO_TIMESTAMP(text)",
                "Text as 'yyyy-MM-dd HH:mm:ss[.SSS]' → TIMESTAMP(3); NULL if it is none.", true,
                FixedTypes("TO_TIMESTAMP(text)", {DataType::String()}, DataType::Timestamp(3)),
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) {
                    const std::optional<int64_t> micros = columnar::ParseTimestamp(args[0]->GetString(i));
                    if (micros) {
                      out.Append<int64_t>(*micros - *micros % 1000);
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
                    const int64_t number = args[0]->values<int64_t>()[i];
                    const int32_t precision = args[1]->values<int32_t>()[i];
                    if (precision != 0 && precision != 3)
                      return Status::Invalid(kBadArgument, fmt::format("TO_TIMESTAMP_LTZ with precision {}", precision),
                                             "0 for seconds, 3 for milliseconds");
                    int64_t micros = 0;
                    if (__builtin_mul_overflow(number, int64_t{precision == 0 ? 1'000'000 : 1000}, &micros)) {
                      out.AppendNull();  // past the year 294,000
                    } else {
                      out.Append(micros);
                    }
                    return Status::Ok();
                  });
                }});
}

}  // namespace semel::functions
