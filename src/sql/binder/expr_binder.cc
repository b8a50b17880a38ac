// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/binder/expr_binder.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "functions/api/literal.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

using columnar::ColumnBuilder;
using columnar::DataType;
using columnar::int128;
using columnar::TypeKind;
using plan::Expr;
using plan::ExprKind;
using plan::ExprPtr;

namespace {

using ExprResult = Result<ExprPtr>;

ExprPtr IntLiteral(const DataType& type, int128 value, SourceSpan span) {
  ColumnBuilder builder(type);
  builder.AppendInt(value);
  return Expr::Literal(builder.Finish(), span);
}

Status Mismatch(std::string message, std::string hint, SourceSpan span) {
  return Status::Invalid(kTypeMismatch, std::move(message), std::move(hint)).WithSpan(span);
}

// Micros of one unit; 0: counted in months.
std::optional<int64_t> UnitMicros(const std::string& unit) {
  if (unit == "SECOND") return 1'000'000;
  if (unit == "MINUTE") return 60'000'000;
  if (unit == "HOUR") return 3'600'000'000;
  if (unit == "DAY") return 86'400'000'000;
  if (unit == "MONTH" || unit == "YEAR") return 0;
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& AggregateNames() {
  static const std::vector<std::string> kNames{"AVG", "COUNT", "MAX", "MIN", "SUM"};
  return kNames;
}

bool IsAggregateName(const std::string& name) {
  return std::find(AggregateNames().begin(), AggregateNames().end(), name) != AggregateNames().end();
}

Status NoAggregate(const std::string& name, SourceSpan span) {
  const std::string near = NearestName(name, AggregateNames());
  return Status::Invalid(kUnknownFunction, fmt::format("there is no aggregate '{}'", name),
                         near.empty() ? "the aggregates are " + Join(AggregateNames(), ", ")
                                      : fmt::format("did you mean {}?", near))
      .WithSpan(span);
}

bool ContainsAggregate(const AstExpr& ast) {
  if (ast.kind == AstKind::kCall && IsAggregateName(ast.name) && !ast.over) return true;
  return std::any_of(ast.args.begin(), ast.args.end(), [](const AstExprPtr& a) { return ContainsAggregate(*a); });
}

bool ContainsOver(const AstExpr& ast) {
  if (ast.over) return true;
  return std::any_of(ast.args.begin(), ast.args.end(), [](const AstExprPtr& a) { return ContainsOver(*a); });
}

Result<int64_t> IntervalMicros(const AstExpr& ast) {
  const std::optional<int64_t> unit = ast.kind == AstKind::kInterval ? UnitMicros(ast.name) : std::nullopt;
  if (!unit || *unit == 0)
    return Mismatch("expected an interval of days or less", "write for example INTERVAL '10' SECOND", ast.span);
  char* end = nullptr;
  const double value = std::strtod(ast.text.c_str(), &end);
  const double micros = value * static_cast<double>(*unit);
  if (ast.text.empty() || *end != '\0' || !(value >= -1e9 && value <= 1e9) || std::abs(micros) >= 0x1p63)
    return Status::Invalid(kBadLiteral, fmt::format("'{}' is no number of {}S", ast.text, ast.name),
                           "write for example INTERVAL '10' SECOND")
        .WithSpan(ast.span);
  return static_cast<int64_t>(micros + (value < 0 ? -0.5 : 0.5));
}

ExprResult ExprBinder::BindCondition(const AstExpr& ast) {
  SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, Bind(ast));
  if (expr->type.kind() != TypeKind::kBoolean)
    return Mismatch(fmt::format("a condition must be BOOLEAN, this is {}", expr->type.ToString()),
                    "compare it with something", ast.span);
  return expr;
}

ExprResult ExprBinder::Bind(const AstExpr& ast) {
  if (hook_) {
    SEMEL_ASSIGN_OR_RETURN(std::optional<ExprPtr> bound, hook_(ast));
    if (bound) return *bound;
  }
  switch (ast.kind) {
    case AstKind::kColumn:
      return BindColumn(ast);
    case AstKind::kNumber:
      return BindNumber(ast);
    case AstKind::kString: {
      ColumnBuilder builder(DataType::String(columnar::kUnboundedLength, false));
      builder.AppendString(ast.text);
      return Expr::Literal(builder.Finish(), ast.span);
    }
    case AstKind::kBinary: {
      ColumnBuilder builder(DataType::Binary(std::max(1, static_cast<int>(ast.text.size())), false));
      builder.AppendString(ast.text);
      return Expr::Literal(builder.Finish(), ast.span);
    }
    case AstKind::kNull:
      return Expr::Literal(columnar::NullColumn(DataType::Null(), 1), ast.span);
    case AstKind::kBoolean: {
      ColumnBuilder builder(DataType::Boolean(false));
      builder.AppendBool(ast.text == "TRUE");
      return Expr::Literal(builder.Finish(), ast.span);
    }
    case AstKind::kInterval:
      return BindInterval(ast);
    case AstKind::kTyped:
      return BindTyped(ast);
    case AstKind::kCall:
      return BindCall(ast);
    case AstKind::kAnd:
    case AstKind::kOr:
      return BindLogic(ast);
    case AstKind::kCase:
      return BindCase(ast);
    case AstKind::kCast:
    case AstKind::kTryCast:
      return BindCast(ast);
    case AstKind::kIn:
      return BindIn(ast);
    case AstKind::kBetween:
      return BindBetween(ast);
    case AstKind::kStar:
      break;
  }
  return Status::Invalid(kSyntax, "'*' is no value here", "use COUNT(*) or name the columns").WithSpan(ast.span);
}

ExprResult ExprBinder::BindColumn(const AstExpr& ast) {
  // Longest first: qualifier.column, else column, then fields of a ROW.
  int found = -1;
  size_t used = 1;
  for (size_t i = 0; i < scope_.columns.size(); ++i) {
    const Scope::Column& column = scope_.columns[i];
    const bool qualified = ast.parts.size() >= 2 && column.qualifier == ast.parts[0] && column.name == ast.parts[1];
    const bool plain = column.name == ast.parts[0];
    if (!qualified && !plain) continue;
    if (found >= 0 && used == (qualified ? 2u : 1u))
      return Status::Invalid(kAmbiguousColumn, fmt::format("'{}' may mean several columns", Join(ast.parts, ".")),
                             "put the table's alias in front")
          .WithSpan(ast.span);
    if (found < 0 || qualified) {
      found = static_cast<int>(i);
      used = qualified ? 2 : 1;
    }
  }
  if (found < 0) {
    std::vector<std::string> names;
    for (const Scope::Column& column : scope_.columns) names.push_back(column.name);
    const std::string near = NearestName(ast.parts.back(), names);
    return Status::Invalid(
               kUnknownColumn, fmt::format("there is no column '{}'", Join(ast.parts, ".")),
               near.empty() ? "the columns are: " + Join(names, ", ") : fmt::format("did you mean `{}`?", near))
        .WithSpan(ast.span);
  }
  ExprPtr expr = Expr::InputRef(found, scope_.columns[static_cast<size_t>(found)].type, ast.span);
  for (size_t i = used; i < ast.parts.size(); ++i) {
    int field = -1;
    const auto& fields = expr->type.fields();
    for (size_t f = 0; f < fields.size(); ++f)
      if (fields[f].name == ast.parts[i]) field = static_cast<int>(f);
    if (field < 0)
      return Status::Invalid(kUnknownColumn, fmt::format("{} has no field '{}'", expr->type.ToString(), ast.parts[i]),
                             "check the ROW's fields")
          .WithSpan(ast.span);
    expr = Expr::FieldAccess(expr, field, ast.span);
  }
  return expr;
}

// 1 is INT (BIGINT, DECIMAL where it does not fit), 1.50 is DECIMAL(3, 2), 1e3 is DOUBLE, as in Flink.
ExprResult ExprBinder::BindNumber(const AstExpr& ast) {
  const std::string& text = ast.text;
  if (text.find_first_of("eE") != std::string::npos) {
    ColumnBuilder builder(DataType::Double(false));
    builder.Append(std::strtod(text.c_str(), nullptr));
    return Expr::Literal(builder.Finish(), ast.span);
  }
  const bool negative = text[0] == '-';
  int128 value = 0;
  int significant = 0, written = 0, scale = 0;
  bool fraction = false;
  for (char c : text) {
    if (c == '.') fraction = true;
    if (c < '0' || c > '9') continue;
    ++written;
    if (significant > 0 || c != '0') ++significant;
    if (fraction) ++scale;
    if (significant > columnar::kMaxDecimalPrecision || written > 1000)
      return Status::Invalid(kBadLiteral, fmt::format("{} has more than 38 digits", text),
                             "write it as 1.5e40 for a DOUBLE")
          .WithSpan(ast.span);
    value = value * 10 + (c - '0');
  }
  if (negative) value = -value;
  // The precision counts the digits as written: 0.908 is DECIMAL(4, 3).
  if (scale > columnar::kMaxDecimalPrecision)
    return Status::Invalid(kBadLiteral, fmt::format("{} has more than 38 digits", text),
                           "write it as 1.5e-40 for a DOUBLE")
        .WithSpan(ast.span);
  if (scale > 0)
    return IntLiteral(
        DataType::Decimal(std::min(std::max(written, scale), columnar::kMaxDecimalPrecision), scale, false), value,
        ast.span);
  if (value >= INT32_MIN && value <= INT32_MAX) return IntLiteral(DataType::Integer(false), value, ast.span);
  if (value >= INT64_MIN && value <= INT64_MAX) return IntLiteral(DataType::BigInt(false), value, ast.span);
  return IntLiteral(DataType::Decimal(significant, 0, false), value, ast.span);
}

ExprResult ExprBinder::BindInterval(const AstExpr& ast) {
  const std::optional<int64_t> unit = UnitMicros(ast.name);
  if (!unit)
    return Status::Invalid(kBadLiteral, fmt::format("'{}' is no unit of time", ast.name),
                           "SECOND, MINUTE, HOUR, DAY, MONTH or YEAR")
        .WithSpan(ast.span);
  if (*unit == 0) {
    char* end = nullptr;
    const long count = std::strtol(ast.text.c_str(), &end, 10);
    if (ast.text.empty() || *end != '\0' || count < -100'000 || count > 100'000)
      return Status::Invalid(kBadLiteral, fmt::format("'{}' is no number of {}S", ast.text, ast.name),
                             "write for example INTERVAL '2' MONTH")
          .WithSpan(ast.span);
    const long months = count * (ast.name == "YEAR" ? 12 : 1);
    return IntLiteral(DataType::IntervalMonths(false), months, ast.span);
  }
  SEMEL_ASSIGN_OR_RETURN(int64_t micros, IntervalMicros(ast));
  return IntLiteral(DataType::Interval(false), micros, ast.span);
}

ExprResult ExprBinder::BindTyped(const AstExpr& ast) {
  // The precision is that of the text, as in Flink: TIMESTAMP '… 13:00:00.250' is TIMESTAMP(3).
  const size_t dot = ast.text.rfind('.');
  const int digits =
      dot == std::string::npos
          ? 0
          : static_cast<int>(std::min<size_t>(ast.text.size() - dot - 1, columnar::kMaxTimestampPrecision));
  const DataType type = ast.name == "DATE"   ? DataType::Date(false)
                        : ast.name == "TIME" ? DataType::Time(std::min(digits, 3), false)
                                             : DataType::Timestamp(digits, false);
  Result<columnar::ColumnPtr> value = functions::ParseLiteral(ast.text, type);
  if (!value.ok())
    return Status::Invalid(kBadLiteral, fmt::format("'{}' is no {}", ast.text, ast.name),
                           "write DATE '2026-01-31', TIME '13:00:00' or TIMESTAMP '2026-01-31 13:00:00.000'")
        .WithSpan(ast.span);
  return Expr::Literal(*value, ast.span);
}

ExprResult ExprBinder::BindLogic(const AstExpr& ast) {
  std::vector<ExprPtr> args;
  bool nullable = false;
  for (const AstExprPtr& arg : ast.args) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, BindCondition(*arg));
    nullable = nullable || bound->type.nullable();
    args.push_back(std::move(bound));
  }
  if (args.size() == 1) return args[0];
  return Expr::Special(ast.kind == AstKind::kAnd ? ExprKind::kAnd : ExprKind::kOr, std::move(args),
                       DataType::Boolean(nullable), ast.span);
}

ExprResult ExprBinder::BindCase(const AstExpr& ast) {
  std::vector<ExprPtr> args;
  std::optional<DataType> type;
  for (size_t i = 0; i < ast.args.size(); ++i) {
    const bool is_condition = i % 2 == 0 && i + 1 < ast.args.size();
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, is_condition ? BindCondition(*ast.args[i]) : Bind(*ast.args[i]));
    if (!is_condition) {
      type = type ? CommonType(*type, bound->type) : bound->type;
      if (!type)
        return Mismatch("the branches of CASE have types that do not meet", "CAST them to one type", ast.args[i]->span);
    }
    args.push_back(std::move(bound));
  }
  if (type->kind() == TypeKind::kNull) return Mismatch("every branch of CASE is NULL", "CAST one to a type", ast.span);
  for (size_t i = 0; i < args.size(); ++i)
    if (i % 2 == 1 || i + 1 == args.size()) args[i] = CoerceTo(args[i], *type);
  return Expr::Special(ExprKind::kCase, std::move(args), *type, ast.span);
}

ExprResult ExprBinder::BindIn(const AstExpr& ast) {
  SEMEL_ASSIGN_OR_RETURN(ExprPtr left, Bind(*ast.args[0]));
  std::vector<ExprPtr> any;
  bool nullable = false;
  for (size_t i = 1; i < ast.args.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr item, Bind(*ast.args[i]));
    SEMEL_ASSIGN_OR_RETURN(ExprPtr equal, Call("=", {left, item}, ast.span));
    nullable = nullable || equal->type.nullable();
    any.push_back(std::move(equal));
  }
  ExprPtr in = any.size() == 1 ? any[0] : Expr::Special(ExprKind::kOr, any, DataType::Boolean(nullable), ast.span);
  return ast.negated ? Call("NOT", {in}, ast.span) : ExprResult(in);
}

ExprResult ExprBinder::BindBetween(const AstExpr& ast) {
  SEMEL_ASSIGN_OR_RETURN(ExprPtr value, Bind(*ast.args[0]));
  SEMEL_ASSIGN_OR_RETURN(ExprPtr low, Bind(*ast.args[1]));
  SEMEL_ASSIGN_OR_RETURN(ExprPtr high, Bind(*ast.args[2]));
  SEMEL_ASSIGN_OR_RETURN(ExprPtr at_least, Call(">=", {value, low}, ast.span));
  SEMEL_ASSIGN_OR_RETURN(ExprPtr at_most, Call("<=", {value, high}, ast.span));
  ExprPtr both = Expr::Special(ExprKind::kAnd, {at_least, at_most},
                               DataType::Boolean(at_least->type.nullable() || at_most->type.nullable()), ast.span);
  return ast.negated ? Call("NOT", {both}, ast.span) : ExprResult(both);
}

ExprResult ExprBinder::BindCast(const AstExpr& ast) {
  SEMEL_ASSIGN_OR_RETURN(ExprPtr arg, Bind(*ast.args[0]));
  if (arg->type.kind() == TypeKind::kNull) return CoerceTo(arg, ast.type);
  if (!functions::CanCast(arg->type, ast.type))
    return Mismatch(fmt::format("{} cannot be cast to {}", arg->type.ToString(), ast.type.ToString()),
                    "numbers, text, and times cast among themselves; go through STRING where there is no direct cast",
                    ast.span);
  const bool is_try = ast.kind == AstKind::kTryCast;
  return Expr::Special(is_try ? ExprKind::kTryCast : ExprKind::kCast, {arg},
                       ast.type.WithNullable(is_try || arg->type.nullable()), ast.span);
}

ExprResult ExprBinder::BindCall(const AstExpr& ast) {
  if (IsAggregateName(ast.name))
    return Status::Invalid(kMisplacedAggregate, fmt::format("{} cannot be used here", ast.name),
                           "aggregates stand in the select list or HAVING of a grouped query, or have an OVER clause")
        .WithSpan(ast.span);
  if ((ast.over || ast.distinct || ast.filter) && functions_.Find(ast.name) == nullptr)
    return NoAggregate(ast.name, ast.span);
  if (ast.over || ast.distinct || ast.filter)
    return Status::Invalid(kUnsupportedSql, fmt::format("{} is no aggregate", ast.name),
                           "OVER, DISTINCT and FILTER belong to aggregates")
        .WithSpan(ast.span);
  std::vector<ExprPtr> args;
  for (const AstExprPtr& arg : ast.args) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, Bind(*arg));
    args.push_back(std::move(bound));
  }
  if (ast.name == "COALESCE" || ast.name == "IFNULL") {
    if (args.empty()) return Mismatch("COALESCE needs an argument", "COALESCE(a, b)", ast.span);
    std::optional<DataType> type = args[0]->type;
    bool nullable = true;
    for (const ExprPtr& arg : args) {
      if (type) type = CommonType(*type, arg->type);
      nullable = nullable && arg->type.nullable();
    }
    if (!type || type->kind() == TypeKind::kNull)
      return Mismatch("the arguments of COALESCE have types that do not meet", "CAST them to one type", ast.span);
    for (ExprPtr& arg : args) arg = CoerceTo(arg, *type);
    return Expr::Special(ExprKind::kCoalesce, std::move(args), type->WithNullable(nullable), ast.span);
  }
  if (ast.name == "NULLIF" && args.size() == 2) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr equal, Call("=", args, ast.span));
    const DataType type = args[0]->type.WithNullable(true).WithRowtime(false);
    ExprPtr null = Expr::Literal(columnar::NullColumn(type, 1), ast.span);
    return Expr::Special(ExprKind::kCase, {equal, null, args[0]}, type, ast.span);
  }
  if (ast.name == "IF" && args.size() == 3) {
    const std::optional<DataType> type = CommonType(args[1]->type, args[2]->type);
    if (!type || args[0]->type.kind() != TypeKind::kBoolean)
      return Mismatch("IF needs a condition and two values of one type", "IF(a > 0, b, c)", ast.span);
    return Expr::Special(ExprKind::kCase, {args[0], CoerceTo(args[1], *type), CoerceTo(args[2], *type)}, *type,
                         ast.span);
  }
  return Call(ast.name, std::move(args), ast.span);
}

ExprResult ExprBinder::Call(const std::string& name, std::vector<ExprPtr> args, SourceSpan span) {
  const functions::ScalarFunction* function = functions_.Find(name);
  if (function == nullptr) {
    std::vector<std::string> known = AggregateNames();
    for (const functions::ScalarFunction* scalar : functions_.All()) known.push_back(scalar->name);
    const std::string near = NearestName(name, known);
    std::erase_if(known, [](const std::string& other) {  // operators and special forms
      return other[0] < 'A' || other[0] > 'Z' || other.find(' ') != std::string::npos;
    });
    return Status::Invalid(kUnknownFunction, fmt::format("there is no function '{}'", name),
                           near.empty() ? "there are: " + Join(known, ", ") : fmt::format("did you mean {}?", near))
        .WithSpan(span);
  }
  Result<functions::Resolution> resolution = function->resolve(args);
  if (!resolution.ok()) return resolution.status().WithSpan(span);
  SEMEL_CHECK(resolution->argument_types.size() == args.size(), function->name);
  for (size_t i = 0; i < args.size(); ++i) args[i] = CoerceTo(args[i], resolution->argument_types[i]);
  // A computed value is no event time, even if it has the type of an argument that is.
  return Expr::Call(function->name, std::move(args), resolution->result.WithRowtime(false), span);
}

}  // namespace semel::sql
