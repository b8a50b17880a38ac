// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/readable.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/duration.h"
#include "base/text.h"
#include "columnar/value_text.h"

namespace semel::sql {

using columnar::TypeKind;
using plan::Expr;
using plan::ExprKind;
using plan::PhysicalNode;

namespace {

using Names = std::vector<std::string>;

std::string NameOf(const Names& names, int column) { return names[static_cast<size_t>(column)]; }

std::string List(const Names& names, const std::vector<int>& columns) {
  Names listed;
  for (int column : columns) listed.push_back(NameOf(names, column));
  return Join(listed, ", ");
}

// key0, arg1, filter2: columns that aggregations put below themselves.
bool IsMadeUp(const std::string& name) {
  for (std::string_view prefix : {"key", "arg", "filter"}) {
    if (name.rfind(prefix, 0) != 0 || name.size() == prefix.size()) continue;
    if (std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
                    [](char c) { return c >= '0' && c <= '9'; }))
      return true;
  }
  return false;
}

std::string IntervalText(int64_t value, bool months) {
  static constexpr std::array<std::pair<int64_t, const char*>, 4> kUnits{
      {{86'400'000'000, "DAY"}, {3'600'000'000, "HOUR"}, {60'000'000, "MINUTE"}, {1'000'000, "SECOND"}}};
  if (months)
    return fmt::format("INTERVAL '{}' {}", value % 12 == 0 ? value / 12 : value, value % 12 == 0 ? "YEAR" : "MONTH");
  for (const auto& [micros, unit] : kUnits)
    if (value != 0 && value % micros == 0) return fmt::format("INTERVAL '{}' {}", value / micros, unit);
  return fmt::format("INTERVAL '{}' SECOND", static_cast<double>(value) / 1e6);
}

std::string LiteralText(const Expr& expr) {
  const columnar::Column& value = *expr.literal;
  if (value.IsNull(0)) return "NULL";
  const std::string text = columnar::ValueToString(value, 0);
  switch (expr.type.kind()) {
    case TypeKind::kString: {
      std::string quoted = "'";
      for (char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
      return quoted + "'";
    }
    case TypeKind::kDate:
      return "DATE '" + text + "'";
    case TypeKind::kTime:
      return "TIME '" + text + "'";
    case TypeKind::kTimestamp:
      return "TIMESTAMP '" + text + "'";
    case TypeKind::kInterval:
      return IntervalText(static_cast<int64_t>(value.GetInt(0)), false);
    case TypeKind::kIntervalMonths:
      return IntervalText(static_cast<int64_t>(value.GetInt(0)), true);
    default:
      return text;
  }
}

bool IsInfix(const Expr& expr) {
  static constexpr std::array<std::string_view, 15> kInfix{"+",
                                                           "-",
                                                           "*",
                                                           "/",
                                                           "%",
                                                           "||",
                                                           "=",
                                                           "<>",
                                                           "<",
                                                           "<=",
                                                           ">",
                                                           ">=",
                                                           "LIKE",
                                                           "IS DISTINCT FROM",
                                                           "IS NOT DISTINCT FROM"};
  return expr.kind == ExprKind::kCall && expr.args.size() == 2 &&
         std::find(kInfix.begin(), kInfix.end(), expr.function) != kInfix.end();
}

// An argument of an operator: in brackets if it is an operator itself.
std::string Operand(const Expr& expr, const Names& columns) {
  const bool bracketed = IsInfix(expr) || expr.kind == ExprKind::kAnd || expr.kind == ExprKind::kOr;
  const std::string text = ReadableExpr(expr, columns);
  return bracketed ? "(" + text + ")" : text;
}

std::string CallText(const Expr& expr, const Names& columns) {
  if (IsInfix(expr))
    return fmt::format("{} {} {}", Operand(*expr.args[0], columns), expr.function, Operand(*expr.args[1], columns));
  if (expr.args.size() == 1 && expr.function.rfind("IS ", 0) == 0)
    return Operand(*expr.args[0], columns) + " " + expr.function;
  if (expr.args.size() == 1 && expr.function == "NOT") return "NOT " + Operand(*expr.args[0], columns);
  if (expr.args.size() == 1 && expr.function == "NEG") return "-" + Operand(*expr.args[0], columns);
  Names args;
  for (const plan::ExprPtr& arg : expr.args) args.push_back(ReadableExpr(*arg, columns));
  const size_t to = expr.function.find(" TO");  // FLOOR(t TO HOUR)
  if (to != std::string::npos && args.size() == 2)
    return fmt::format("{}({} TO {})", expr.function.substr(0, to), args[0],
                       columnar::ValueToString(*expr.args[1]->literal, 0));
  return fmt::format("{}({})", expr.function, Join(args, ", "));
}

std::string CaseText(const Expr& expr, const Names& columns) {
  std::string text = "CASE";
  for (size_t i = 0; i + 1 < expr.args.size(); i += 2)
    text +=
        fmt::format(" WHEN {} THEN {}", ReadableExpr(*expr.args[i], columns), ReadableExpr(*expr.args[i + 1], columns));
  return text + fmt::format(" ELSE {} END", ReadableExpr(*expr.args.back(), columns));
}

Names AggregateTexts(const std::vector<plan::AggregateCall>& calls, const Names& columns) {
  Names texts;
  for (const plan::AggregateCall& call : calls) {
    texts.push_back(fmt::format("{}({})", call.name, call.argument < 0 ? "*" : NameOf(columns, call.argument)));
    if (call.filter >= 0) texts.back() += fmt::format(" FILTER (WHERE {})", NameOf(columns, call.filter));
  }
  return texts;
}

std::string WindowText(const plan::WindowSpec& window, const Names& columns) {
  return fmt::format("TUMBLE({}, {}{})", NameOf(columns, window.rowtime), FormatDuration(Micros(window.size_micros)),
                     window.offset_micros == 0 ? "" : ", offset " + FormatDuration(Micros(window.offset_micros)));
}

struct Reader {
  const PhysicalNode& node;
  const Names columns;  // of the input

  static std::string Table(const plan::TablePtr& table) { return table->FullName() + " " + table->connector; }
  static std::string Grouping(const std::string& keys, const std::string& rest) {
    return keys.empty() ? rest : fmt::format("by [{}] {}", keys, rest);
  }
  std::string operator()(const plan::ScanSpec& s) const {
    return fmt::format("{} {}", Table(s.table), node.schema->ToString());
  }
  std::string operator()(const plan::CalcSpec& s) const {
    Names items;
    for (size_t i = 0; i < s.projections.size(); ++i) {
      const std::string& name = (*node.schema)[i].name;
      items.push_back(ReadableExpr(*s.projections[i], columns));
      if (items.back() != name && !IsMadeUp(name)) items.back() += " AS " + name;
    }
    const std::string text = "[" + Join(items, ", ") + "]";
    return s.condition ? fmt::format("{} where {}", text, ReadableExpr(*s.condition, columns)) : text;
  }
  std::string operator()(const plan::WatermarkSpec& s) const {
    const std::string rowtime = NameOf(columns, s.rowtime);
    const std::string text = ReadableExpr(*s.watermark, columns);
    return text.rfind(rowtime + " ", 0) == 0 || text == rowtime ? text : fmt::format("{} as {}", rowtime, text);
  }
  std::string operator()(const plan::GroupAggregateSpec& s) const {
    return Grouping(List(columns, s.keys), Join(AggregateTexts(s.aggregates, columns), ", "));
  }
  std::string operator()(const plan::WindowTableFunctionSpec& s) const { return WindowText(s.window, columns); }
  std::string operator()(const plan::WindowAggregateSpec& s) const {
    return Grouping(List(columns, s.keys), fmt::format("{} {}", WindowText(s.window, columns),
                                                       Join(AggregateTexts(s.aggregates, columns), ", ")));
  }
  std::string operator()(const plan::OverAggregateSpec& s) const {
    return Grouping(List(columns, s.keys),
                    fmt::format("order by {} {} {}", NameOf(columns, s.rowtime),
                                s.frame == plan::FrameKind::kRangeUnboundedPreceding ? "RANGE" : "ROWS",
                                Join(AggregateTexts(s.aggregates, columns), ", ")));
  }
  std::string operator()(const plan::UnionSpec&) const { return "all"; }
  std::string operator()(const plan::ExchangeSpec& s) const {
    return s.keys.empty() ? "to one worker" : fmt::format("hash [{}]", List(columns, s.keys));
  }
  std::string operator()(const plan::SinkSpec& s) const { return Table(s.table); }
};

Names SchemaNames(const PhysicalNode& node) {
  Names names;
  for (const columnar::Field& field : node.schema->fields) names.push_back(field.name);
  return names;
}

}  // namespace

std::vector<std::string> ColumnLabels(const PhysicalNode& node) {
  Names names = SchemaNames(node);
  if (node.inputs.size() != 1) return names;
  const Names input = ColumnLabels(*node.inputs[0]);
  const std::vector<int>* keys = nullptr;
  const std::vector<plan::AggregateCall>* calls = nullptr;
  if (const auto* calc = std::get_if<plan::CalcSpec>(&node.spec)) {
    for (size_t i = 0; i < names.size(); ++i)
      if (IsMadeUp(names[i])) names[i] = ReadableExpr(*calc->projections[i], input);
  } else if (const auto* group = std::get_if<plan::GroupAggregateSpec>(&node.spec)) {
    keys = &group->keys, calls = &group->aggregates;
  } else if (const auto* window = std::get_if<plan::WindowAggregateSpec>(&node.spec)) {
    keys = &window->keys, calls = &window->aggregates;
  } else if (const auto* over = std::get_if<plan::OverAggregateSpec>(&node.spec)) {
    calls = &over->aggregates;
    std::copy(input.begin(), input.end(), names.begin());
  } else {
    std::copy_n(input.begin(), std::min(input.size(), names.size()), names.begin());
  }
  const size_t first = keys != nullptr ? keys->size() : input.size();
  for (size_t k = 0; keys != nullptr && k < keys->size(); ++k) names[k] = NameOf(input, (*keys)[k]);
  if (calls == nullptr) return names;
  const Names texts = AggregateTexts(*calls, input);
  std::copy(texts.begin(), texts.end(), names.begin() + static_cast<std::ptrdiff_t>(first));
  return names;
}

std::string ReadableExpr(const Expr& expr, const Names& columns) {
  switch (expr.kind) {
    case ExprKind::kInputRef:
      return NameOf(columns, expr.input);
    case ExprKind::kLiteral:
      return LiteralText(expr);
    case ExprKind::kCall:
      return CallText(expr, columns);
    case ExprKind::kCast:
    case ExprKind::kTryCast:
      return fmt::format("{}({} AS {})", expr.kind == ExprKind::kCast ? "CAST" : "TRY_CAST",
                         ReadableExpr(*expr.args[0], columns), expr.type.WithNullable(true).ToString());
    case ExprKind::kAnd:
    case ExprKind::kOr: {
      Names terms;
      for (const plan::ExprPtr& arg : expr.args) {
        const std::string term = ReadableExpr(*arg, columns);
        terms.push_back(arg->kind == ExprKind::kAnd || arg->kind == ExprKind::kOr ? "(" + term + ")" : term);
      }
      return Join(terms, expr.kind == ExprKind::kAnd ? " AND " : " OR ");
    }
    case ExprKind::kCase:
      return CaseText(expr, columns);
    case ExprKind::kCoalesce: {
      Names args;
      for (const plan::ExprPtr& arg : expr.args) args.push_back(ReadableExpr(*arg, columns));
      return fmt::format("COALESCE({})", Join(args, ", "));
    }
    case ExprKind::kFieldAccess:
      return fmt::format("{}.{}", ReadableExpr(*expr.args[0], columns),
                         expr.args[0]->type.fields()[static_cast<size_t>(expr.input)].name);
  }
  return "?";
}

std::string ReadableSpec(const PhysicalNode& node) {
  return std::visit(Reader{node, node.inputs.empty() ? Names{} : ColumnLabels(*node.inputs[0])}, node.spec);
}

}  // namespace semel::sql
