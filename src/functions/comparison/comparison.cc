// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Comparisons and tests for NULL and truth.
#include <algorithm>

#include "columnar/decimal_math.h"
#include "functions/api/kernels.h"
#include "functions/comparison/register.h"

namespace semel::functions {

using columnar::ColumnBuilder;
using columnar::int128;
using columnar::TypeKind;

namespace {

enum class Compare : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

bool Holds(Compare op, int order) {
  switch (op) {
    case Compare::kEqual:
      return order == 0;
    case Compare::kNotEqual:
      return order != 0;
    case Compare::kLess:
      return order < 0;
    case Compare::kLessEqual:
      return order <= 0;
    case Compare::kGreater:
      return order > 0;
    case Compare::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

// −1, 0, 1 of two valid values of one type, or of two decimals; NaN equals itself and is greater than everything, as in
// Java.
int Order(const Column& a, const Column& b, int64_t i) {
  switch (a.type().physical()) {
    case columnar::PhysicalKind::kBinary: {
      const int order = a.GetString(i).compare(b.GetString(i));
      return order < 0 ? -1 : order > 0;
    }
    case columnar::PhysicalKind::kBit:
      return static_cast<int>(a.GetBool(i)) - static_cast<int>(b.GetBool(i));
    case columnar::PhysicalKind::kFloat:
    case columnar::PhysicalKind::kDouble: {
      const bool is_float = a.type().kind() == TypeKind::kFloat;
      const double x = is_float ? a.values<float>()[i] : a.values<double>()[i],
                   y = is_float ? b.values<float>()[i] : b.values<double>()[i];
      if (x != x || y != y) return static_cast<int>(x != x) - static_cast<int>(y != y);
      return x < y ? -1 : x > y;
    }
    default: {
      const int128 x = a.GetInt(i), y = b.GetInt(i);
      if (a.type().scale() == b.type().scale()) return x < y ? -1 : x > y;
      return columnar::CompareDecimals({x, a.type().scale()}, {y, b.type().scale()});
    }
  }
}

// The types in which two arguments are compared: one for both, but decimals stay as they are and need not fit the
// other's scale.
using Meeting = std::optional<std::pair<DataType, DataType>>;

Meeting MeetingOf(const DataType& a, const DataType& b) {
  auto both = [](const DataType& type) { return Meeting({type, type}); };
  if (a.kind() == TypeKind::kNull) return both(b.kind() == TypeKind::kNull ? DataType::Boolean() : b);
  if (b.kind() == TypeKind::kNull || a.SameIgnoringNullability(b)) return both(a);
  if (a.is_numeric() && b.is_numeric()) {
    if (a.is_approximate() || b.is_approximate()) return both(DataType::Double());
    if (a.is_integer() && b.is_integer()) return both(a.kind() > b.kind() ? a : b);
    return Meeting({columnar::AsDecimal(a), columnar::AsDecimal(b)});
  }
  if (a.is_text() && b.is_text()) return both(DataType::String());
  if (a.is_time_point() && a.kind() == b.kind()) return both(a.precision() > b.precision() ? a : b);
  if (a.kind() == b.kind() && a.kind() != TypeKind::kRow) return both(a);
  // A text literal beside a date or time is read as one.
  auto reads_text = [](const DataType& t) {
    return t.kind() == TypeKind::kDate || t.kind() == TypeKind::kTimestamp || t.kind() == TypeKind::kTime;
  };
  if (b.is_text() && reads_text(a)) return both(a);
  if (a.is_text() && reads_text(b)) return both(b);
  return std::nullopt;
}

Result<Resolution> ResolveComparison(const std::string& name, std::span<const plan::ExprPtr> args, bool never_null) {
  const Meeting types = args.size() == 2 ? MeetingOf(args[0]->type, args[1]->type) : std::nullopt;
  if (!types || types->first.kind() == TypeKind::kRow) return WrongArguments(fmt::format("a {} b", name), args);
  return Resolution{{types->first, types->second}, DataType::Boolean(!never_null && AnyNullable(args))};
}

void AddComparison(Registry& registry, const std::string& name, Compare op, const char* description) {
  registry.Add({name, fmt::format("a {} b", name), description, true,
                [name](std::span<const plan::ExprPtr> args) { return ResolveComparison(name, args, false); },
                [op](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
                  const Column &a = *args[0], &b = *args[1];
                  return MapRows(args, rows, result, [&](int64_t i, ColumnBuilder& out) {
                    out.AppendBool(Holds(op, Order(a, b, i)));
                    return Status::Ok();
                  });
                }});
}

void AddDistinct(Registry& registry, const std::string& name, bool distinct) {
  registry.Add({name, fmt::format("a {} b", name), "Comparison in which NULL equals NULL.", true,
                [name](std::span<const plan::ExprPtr> args) { return ResolveComparison(name, args, true); },
                [distinct](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows,
                           const DataType& result) -> Result<ColumnPtr> {
                  const Column &a = *args[0], &b = *args[1];
                  ColumnBuilder out(result);
                  for (int64_t i = 0; i < rows; ++i) {
                    const bool equal = a.IsNull(i) || b.IsNull(i) ? a.IsNull(i) == b.IsNull(i) : Order(a, b, i) == 0;
                    out.AppendBool(equal != distinct);
                  }
                  return out.Finish();
                }});
}

// Tests that never give NULL. `truth`: what a valid value has to be for IS TRUE and IS FALSE; for IS NULL only validity
// counts.
void AddTest(Registry& registry, const std::string& name, bool negated, std::optional<bool> truth) {
  auto resolve = [name, truth](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
    const bool fits = args.size() == 1 &&
                      (!truth || args[0]->type.kind() == TypeKind::kBoolean || args[0]->type.kind() == TypeKind::kNull);
    if (!fits) return WrongArguments("a " + name, args);
    return Resolution{{truth ? DataType::Boolean(args[0]->type.nullable()) : args[0]->type}, DataType::Boolean(false)};
  };
  auto kernel = [negated, truth](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows,
                                 const DataType& result) -> Result<ColumnPtr> {
    ColumnBuilder out(result);
    out.Reserve(rows);
    for (int64_t i = 0; i < rows; ++i) {
      const bool holds = truth ? args[0]->IsValid(i) && args[0]->GetBool(i) == *truth
                               : args[0]->IsNull(i) || args[0]->type().kind() == TypeKind::kNull;
      out.AppendBool(holds != negated);
    }
    return out.Finish();
  };
  registry.Add({name, "a " + name, "A test that is never NULL itself.", true, resolve, kernel});
}

}  // namespace

void RegisterComparison(Registry& registry) {
  AddComparison(registry, "=", Compare::kEqual, "Equal.");
  AddComparison(registry, "<>", Compare::kNotEqual, "Not equal.");
  AddComparison(registry, "<", Compare::kLess, "Less.");
  AddComparison(registry, "<=", Compare::kLessEqual, "Less or equal.");
  AddComparison(registry, ">", Compare::kGreater, "Greater.");
  AddComparison(registry, ">=", Compare::kGreaterEqual, "Greater or equal.");
  AddDistinct(registry, "IS DISTINCT FROM", true);
  AddDistinct(registry, "IS NOT DISTINCT FROM", false);
  AddTest(registry, "IS NULL", false, std::nullopt);
  AddTest(registry, "IS NOT NULL", true, std::nullopt);
  AddTest(registry, "IS TRUE", false, true);
  AddTest(registry, "IS NOT TRUE", true, true);
  AddTest(registry, "IS FALSE", false, false);
  AddTest(registry, "IS NOT FALSE", true, false);
}

}  // namespace semel::functions
