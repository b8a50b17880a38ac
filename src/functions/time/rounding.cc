// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// FLOOR and CEIL of a point in time to a unit of the calendar, and the current time.
#include <chrono>
#include <map>

#include "columnar/calendar.h"
#include "functions/api/kernels.h"
#include "functions/time/register.h"

namespace semel::functions {

using columnar::ColumnBuilder;
using columnar::FloorDivide;
using columnar::FloorTo;
using columnar::kDayMicros;
using columnar::TypeKind;

namespace {

// Units up to the day have a length; the others are months.
const std::map<std::string, int64_t, std::less<>> kLengths{{"SECOND", columnar::kSecondMicros},
                                                           {"MINUTE", columnar::kMinuteMicros},
                                                           {"HOUR", columnar::kHourMicros},
                                                           {"DAY", kDayMicros}};
const std::map<std::string, int, std::less<>> kMonths{{"MONTH", 1}, {"QUARTER", 3}, {"YEAR", 12}};

// First day of the run of `months` months (counted from January) that holds the moment, or of the run after it.
int64_t MonthsTo(int64_t micros, int months, bool next) {
  const std::chrono::sys_days day{std::chrono::days{FloorDivide(micros, kDayMicros)}};
  const std::chrono::year_month_day date{day};
  const int64_t run = static_cast<int64_t>(static_cast<unsigned>(date.month()) - 1) / months * months;
  const std::chrono::year_month first =
      date.year() / std::chrono::January + std::chrono::months{run + (next ? months : 0)};
  return std::chrono::sys_days{first / std::chrono::day{1}}.time_since_epoch().count() * kDayMicros;
}

int64_t Round(int64_t micros, std::string_view unit, bool up) {
  int64_t floor = 0, next = 0;
  if (const auto length = kLengths.find(unit); length != kLengths.end()) {
    floor = FloorTo(micros, length->second);
    next = floor + length->second;
  } else {
    const int months = kMonths.find(unit)->second;
    floor = MonthsTo(micros, months, false);
    next = MonthsTo(micros, months, true);
  }
  return up && floor != micros ? next : floor;
}

void AddRounding(Registry& registry, const char* name, const char* word, bool up) {
  const std::string signature = fmt::format("{}(date or timestamp TO unit)", word);
  auto resolve = [signature](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
    const bool is_point = args[0]->type.is_time_point() || args[0]->type.kind() == TypeKind::kDate;
    const std::string unit(args[1]->literal->GetString(0));
    if (!is_point || (kLengths.count(unit) == 0 && kMonths.count(unit) == 0)) {
      return Status::Invalid(kWrongArguments,
                             fmt::format("{} TO {} does not fit {}", args[0]->type.ToString(), unit, signature),
                             "units are SECOND, MINUTE, HOUR, DAY, MONTH, QUARTER and YEAR");
    }
    return Resolution{{args[0]->type, args[1]->type}, args[0]->type.WithRowtime(false)};
  };
  registry.Add({name, signature,
                up ? "The first moment of a unit that is no earlier." : "The first moment of its unit.", true, resolve,
                [up](const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  const TypeKind kind = type.kind();
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status {
                    int64_t value = static_cast<int64_t>(args[0]->GetInt(i));
                    if (kind == TypeKind::kDate) value *= kDayMicros;
                    if (kind == TypeKind::kTimestampLtz) value = context.local_time_zone.ToLocal(value);
                    value = Round(value, args[1]->GetString(i), up);
                    if (kind == TypeKind::kTimestampLtz) value = context.local_time_zone.FromLocal(value);
                    return AppendInYears(value, out);
                  });
                }});
}

// One time for all rows of a batch. Not deterministic: rows that are computed again after a crash get a later one.
void AddNow(Registry& registry, const char* name, const char* description, const DataType& type) {
  registry.Add({name, name, description, false, FixedTypes(name, {}, type),
                [](const EvalContext& context, std::span<const ColumnPtr>, int64_t rows,
                   const DataType& result) -> Result<ColumnPtr> {
                  int64_t now = FloorTo(context.now_micros(), 1000);
                  if (result.kind() != TypeKind::kTimestampLtz) now = context.local_time_zone.ToLocal(now);
                  ColumnBuilder out(result);
                  out.Reserve(rows);
                  for (int64_t i = 0; i < rows; ++i)
                    out.AppendInt(result.kind() == TypeKind::kDate ? FloorDivide(now, kDayMicros) : now);
                  return out.Finish();
                }});
}

}  // namespace

void RegisterRounding(Registry& registry) {
  AddRounding(registry, "FLOOR TO", "FLOOR", false);
  AddRounding(registry, "CEIL TO", "CEIL", true);
}

void RegisterNow(Registry& registry) {
  const DataType instant = DataType::TimestampLtz(3, false);
  AddNow(registry, "CURRENT_TIMESTAMP", "The time now.", instant);
  AddNow(registry, "NOW", "The time now.", instant);
  AddNow(registry, "LOCALTIMESTAMP", "The time now in the session's zone.", DataType::Timestamp(3, false));
  AddNow(registry, "CURRENT_DATE", "The day now in the session's zone.", DataType::Date(false));
}

}  // namespace semel::functions
