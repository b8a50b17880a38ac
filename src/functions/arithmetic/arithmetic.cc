// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// + − * / %, sign, and rounding. Result types are Flink's (LogicalTypeMerging: findAdditionDecimalType and its kin);
// where a DECIMAL overflows Semel stops, Flink gives NULL.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "columnar/calendar.h"
#include "columnar/decimal_math.h"
#include "columnar/parse_text.h"
#include "functions/api/kernels.h"
#include "functions/arithmetic/register.h"

namespace semel::functions {

using columnar::ColumnBuilder;
using columnar::int128;
using columnar::kDayMicros;
using columnar::TypeKind;

namespace {

enum class Op : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo };
constexpr const char* kSymbols[] = {"+", "-", "*", "/", "%"};
constexpr int kMinimumAdjustedScale = 6;

// More than 38 digits: the scale gives way, but not below 6.
DataType Adjusted(int precision, int scale) {
  if (precision <= columnar::kMaxDecimalPrecision) return DataType::Decimal(precision, scale);
  const int whole = precision - scale;
  const int least = std::min(scale, kMinimumAdjustedScale);
  return DataType::Decimal(columnar::kMaxDecimalPrecision, std::max(columnar::kMaxDecimalPrecision - whole, least));
}

DataType DecimalResult(Op op, const DataType& a, const DataType& b) {
  const int p1 = a.precision(), s1 = a.scale(), p2 = b.precision(), s2 = b.scale();
  switch (op) {
    case Op::kAdd:
    case Op::kSubtract: {
      const int scale = std::max(s1, s2);
      return Adjusted(std::max(p1 - s1, p2 - s2) + scale + 1, scale);
    }
    case Op::kMultiply:
      return Adjusted(p1 + p2 + 1, s1 + s2);
    case Op::kDivide: {
      const int scale = std::max(kMinimumAdjustedScale, s1 + p2 + 1);
      return Adjusted(p1 - s1 + s2 + scale, scale);
    }
    case Op::kModulo: {
      const int scale = std::max(s1, s2);
      return Adjusted(std::min(p1 - s1, p2 - s2) + scale, scale);
    }
  }
  return a;
}

Result<Resolution> ResolveTime(Op op, std::span<const plan::ExprPtr> args) {
  const DataType &a = args[0]->type, &b = args[1]->type;
  const bool nullable = AnyNullable(args);
  auto is_interval = [](const DataType& t) {
    return t.kind() == TypeKind::kInterval || t.kind() == TypeKind::kIntervalMonths;
  };
  auto is_day = [](const DataType& t) { return t.is_time_point() || t.kind() == TypeKind::kDate; };
  if ((op == Op::kAdd || op == Op::kSubtract) && is_day(a) && is_interval(b))
    return Resolution{{a, b}, a.WithNullable(nullable).WithRowtime(false)};
  if (op == Op::kAdd && is_interval(a) && is_day(b))
    return Resolution{{a, b}, b.WithNullable(nullable).WithRowtime(false)};
  return WrongArguments(fmt::format("a {} b", kSymbols[static_cast<int>(op)]), args);
}

Result<Resolution> ResolveBinary(Op op, std::span<const plan::ExprPtr> args) {
  const std::string signature = fmt::format("a {} b", kSymbols[static_cast<int>(op)]);
  if (args.size() != 2) return WrongArguments(signature, args);
  DataType a = args[0]->type, b = args[1]->type;
  if (a.kind() == TypeKind::kNull) a = b.WithNullable(true);
  if (b.kind() == TypeKind::kNull) b = a.WithNullable(true);
  if (!a.is_numeric() || !b.is_numeric()) return ResolveTime(op, args);
  const bool nullable = a.nullable() || b.nullable();
  if (a.is_approximate() || b.is_approximate()) {
    const DataType type = a.kind() == TypeKind::kFloat && b.kind() == TypeKind::kFloat ? DataType::Float(nullable)
                                                                                       : DataType::Double(nullable);
    return Resolution{{type, type}, type};
  }
  if (a.is_integer() && b.is_integer()) {
    const DataType type = (a.kind() > b.kind() ? a : b).WithNullable(nullable);
    // What is left is smaller than the divisor and has its type.
    return Resolution{{type, type}, op == Op::kModulo ? b.WithNullable(nullable) : type};
  }
  const DataType x = columnar::AsDecimal(a), y = columnar::AsDecimal(b);
  return Resolution{{x, y}, DecimalResult(op, x, y).WithNullable(nullable)};
}

Status Overflow(const DataType& type) {
  return Status::Invalid(kDecimalOverflow, fmt::format("the result does not fit {}", type.ToString()),
                         "CAST the operands to a smaller precision or scale");
}
Status DivisionByZero() {
  return Status::Invalid(kDivisionByZero, "division by zero", "guard it with CASE WHEN b <> 0 THEN a / b END");
}

// A day of the calendar some months away; the last of the month where the month is too short. False outside the years 1
// to 9999.
bool AddMonths(int64_t day, int64_t months, int64_t& result) {
  const std::chrono::year_month_day from{std::chrono::sys_days{std::chrono::days{day}}};
  const int64_t month = static_cast<int>(from.year()) * int64_t{12} + static_cast<unsigned>(from.month()) - 1 + months;
  const int64_t year = columnar::FloorDivide(month, 12);
  if (year < 1 || year > 9999) return false;
  const std::chrono::year_month there{std::chrono::year{static_cast<int>(year)},
                                      std::chrono::month{static_cast<unsigned>(month - year * 12) + 1}};
  const std::chrono::year_month_day_last last{there.year(), there.month() / std::chrono::last};
  const std::chrono::year_month_day to = std::min(there / from.day(), std::chrono::year_month_day{last});
  result = std::chrono::sys_days{to}.time_since_epoch().count();
  return true;
}

// A DATE, TIMESTAMP or TIMESTAMP_LTZ plus or minus an interval, in either order.
Result<ColumnPtr> AddInterval(Op op, const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows,
                              const DataType& result) {
  const bool swapped = args[0]->type().kind() != result.kind();
  const Column &point = *args[swapped ? 1 : 0], &interval = *args[swapped ? 0 : 1];
  const bool months = interval.type().kind() == TypeKind::kIntervalMonths;
  const bool is_date = result.kind() == TypeKind::kDate, is_local = result.kind() == TypeKind::kTimestampLtz;
  return MapRows(args, rows, result, [&](int64_t i, ColumnBuilder& out) -> Status {
    int64_t value = static_cast<int64_t>(point.GetInt(i)), delta = static_cast<int64_t>(interval.GetInt(i));
    if (op == Op::kSubtract) delta = -delta;
    if (!months) {
      // A day is counted on from its midnight.
      if (is_date) value *= kDayMicros, delta = delta / kDayMicros * kDayMicros;
      if (__builtin_add_overflow(value, delta, &value)) return OutOfYears();
      return AppendInYears(value, out);
    }
    // The calendar is that of the session's zone.
    if (is_local) value = context.local_time_zone.ToLocal(value);
    int64_t day = is_date ? value : columnar::FloorDivide(value, kDayMicros);
    const int64_t of_day = is_date ? 0 : value - day * kDayMicros;
    if (!AddMonths(day, delta, day)) return OutOfYears();
    value = day * kDayMicros + of_day;
    return AppendInYears(is_local ? context.local_time_zone.FromLocal(value) : value, out);
  });
}

Status DecimalRow(Op op, columnar::Decimal a, columnar::Decimal b, const DataType& result, ColumnBuilder& out) {
  if (b.value == 0 && (op == Op::kDivide || op == Op::kModulo)) return DivisionByZero();
  int128 value = 0;
  bool fits = false;
  const int precision = result.precision(), scale = result.scale();
  switch (op) {
    case Op::kAdd:
      fits = columnar::AddDecimals(a, b, scale, precision, value);
      break;
    case Op::kSubtract:
      fits = columnar::SubtractDecimals(a, b, scale, precision, value);
      break;
    case Op::kMultiply:
      fits = columnar::MultiplyDecimals(a, b, scale, precision, value);
      break;
    case Op::kDivide:
      fits = columnar::DivideDecimals(a, b, scale, precision, value);
      break;
    case Op::kModulo:
      fits = columnar::RemainderOfDecimals(a, b, scale, precision, value);
      break;
  }
  if (!fits) return Overflow(result);
  out.AppendInt(value);
  return Status::Ok();
}

// Integers wrap around, as in Java and so in Flink.
Status IntegerRow(Op op, int64_t a, int64_t b, ColumnBuilder& out) {
  const uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (op) {
    case Op::kAdd:
      out.AppendInt(static_cast<int64_t>(x + y));
      break;
    case Op::kSubtract:
      out.AppendInt(static_cast<int64_t>(x - y));
      break;
    case Op::kMultiply:
      out.AppendInt(static_cast<int64_t>(x * y));
      break;
    case Op::kDivide:
      if (b == 0) return DivisionByZero();
      out.AppendInt(b == -1 ? static_cast<int64_t>(0 - x) : a / b);
      break;
    case Op::kModulo:
      if (b == 0) return DivisionByZero();
      out.AppendInt(b == -1 ? 0 : a % b);
      break;
  }
  return Status::Ok();
}

double FloatingResult(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd:
      return a + b;
    case Op::kSubtract:
      return a - b;
    case Op::kMultiply:
      return a * b;
    case Op::kDivide:
      return a / b;
    case Op::kModulo:
      return std::fmod(a, b);
  }
  return 0;
}

double AsDouble(const Column& column, int64_t i) {
  return column.type().kind() == TypeKind::kFloat ? static_cast<double>(column.values<float>()[i])
                                                  : column.values<double>()[i];
}

void AppendFloating(const DataType& type, double value, ColumnBuilder& out) {
  if (type.kind() == TypeKind::kFloat) {
    out.Append(static_cast<float>(value));
  } else {
    out.Append(value);
  }
}

Result<ColumnPtr> Binary(Op op, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
  const Column &a = *args[0], &b = *args[1];
  return MapRows(args, rows, result, [&](int64_t i, ColumnBuilder& out) -> Status {
    if (result.kind() == TypeKind::kDecimal)
      return DecimalRow(op, {a.GetInt(i), a.type().scale()}, {b.GetInt(i), b.type().scale()}, result, out);
    if (result.is_approximate()) {
      AppendFloating(result, FloatingResult(op, AsDouble(a, i), AsDouble(b, i)), out);
      return Status::Ok();
    }
    return IntegerRow(op, static_cast<int64_t>(a.GetInt(i)), static_cast<int64_t>(b.GetInt(i)), out);
  });
}

// NEG, ABS, SIGN keep the type; CEIL and FLOOR of a decimal have scale 0.
enum class Unary : uint8_t { kNegate, kAbs, kSign, kCeil, kFloor };

Result<Resolution> ResolveUnary(const char* signature, std::span<const plan::ExprPtr> args, bool whole) {
  if (args.size() != 1 || !args[0]->type.is_numeric()) return WrongArguments(signature, args);
  const DataType& type = args[0]->type;
  const bool cut = whole && type.kind() == TypeKind::kDecimal;
  return Resolution{{type}, cut ? DataType::Decimal(type.precision(), 0, type.nullable()) : type};
}

Result<ColumnPtr> ApplyUnary(Unary op, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
  const Column& a = *args[0];
  return MapRows(args, rows, result, [&](int64_t i, ColumnBuilder& out) -> Status {
    if (result.is_approximate()) {
      const double v = AsDouble(a, i);
      const double sign = v > 0 ? 1 : v < 0 ? -1 : v;
      AppendFloating(result,
                     op == Unary::kNegate ? -v
                     : op == Unary::kAbs  ? std::abs(v)
                     : op == Unary::kSign ? sign
                     : op == Unary::kCeil ? std::ceil(v)
                                          : std::floor(v),
                     out);
      return Status::Ok();
    }
    const int128 v = a.GetInt(i);
    const int128 unit = columnar::PowerOfTen(a.type().scale());
    switch (op) {
      case Unary::kNegate:
        out.AppendInt(-v);
        break;
      case Unary::kAbs:
        out.AppendInt(v < 0 ? -v : v);
        break;
      case Unary::kSign:
        // DECIMAL(2, 2) has no 1.
        if (v != 0 && result.kind() == TypeKind::kDecimal && result.precision() == result.scale())
          return Overflow(result);
        out.AppendInt(v > 0 ? unit : v < 0 ? -unit : 0);
        break;
      case Unary::kCeil:
        out.AppendInt(v / unit + (v > 0 && v % unit != 0 ? 1 : 0));
        break;
      case Unary::kFloor:
        out.AppendInt(v / unit - (v < 0 && v % unit != 0 ? 1 : 0));
        break;
    }
    return Status::Ok();
  });
}

void AddBinary(Registry& registry, Op op, const char* description) {
  const std::string symbol = kSymbols[static_cast<int>(op)];
  registry.Add({symbol, fmt::format("a {} b", symbol), description, true,
                [op](std::span<const plan::ExprPtr> args) { return ResolveBinary(op, args); },
                [op](const EvalContext& context, std::span<const ColumnPtr> args, int64_t rows,
                     const DataType& result) -> Result<ColumnPtr> {
                  if (!result.is_numeric()) return AddInterval(op, context, args, rows, result);
                  return Binary(op, args, rows, result);
                }});
}

void AddUnary(Registry& registry, const char* name, Unary op, const char* signature, const char* description) {
  const bool whole = op == Unary::kCeil || op == Unary::kFloor;
  registry.Add(
      {name, signature, description, true,
       [signature, whole](std::span<const plan::ExprPtr> args) { return ResolveUnary(signature, args, whole); },
       [op](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
         return ApplyUnary(op, args, rows, result);
       }});
}

}  // namespace

void RegisterArithmetic(Registry& registry) {
  AddBinary(registry, Op::kAdd, "Sum; also a point in time plus an interval.");
  AddBinary(registry, Op::kSubtract, "Difference; also a point in time minus an interval.");
  AddBinary(registry, Op::kMultiply, "Product.");
  AddBinary(registry, Op::kDivide, "Quotient; integers are divided without remainder.");
  AddBinary(registry, Op::kModulo, "Remainder, with the sign of the dividend.");
  registry.Add({"MOD", "MOD(a, b)", "Remainder, with the sign of the dividend.", true,
                [](std::span<const plan::ExprPtr> args) { return ResolveBinary(Op::kModulo, args); },
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
                  return Binary(Op::kModulo, args, rows, result);
                }});
  AddUnary(registry, "NEG", Unary::kNegate, "-a", "The number with the other sign.");
  AddUnary(registry, "ABS", Unary::kAbs, "ABS(number)", "The absolute value.");
  AddUnary(registry, "SIGN", Unary::kSign, "SIGN(number)", "-1, 0 or 1 in the argument's type.");
  AddUnary(registry, "CEIL", Unary::kCeil, "CEIL(number)", "The smallest whole number that is not less.");
  AddUnary(registry, "FLOOR", Unary::kFloor, "FLOOR(number)", "The greatest whole number that is not greater.");
}

}  // namespace semel::functions
