// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/over_planner.h"

#include <algorithm>
#include <array>

#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

using plan::AggregateCall;
using plan::Expr;
using plan::ExprPtr;
using plan::PhysicalPtr;

Status OverPlanner::BindWindow(const AstExpr& ast, ExprBinder& binder) {
  if (!ast.over->order_by || ast.over->descending)
    return Status::Invalid(kUnsupportedSql, "OVER needs ORDER BY the event-time column, ascending", "ORDER BY ts")
        .WithSpan(ast.over->span);
  std::vector<int> keys;
  for (const AstExprPtr& key : ast.over->partition_by) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, binder.Bind(*key));
    keys.push_back(before_.Add(bound, fmt::format("key{}", keys.size())));
  }
  SEMEL_ASSIGN_OR_RETURN(ExprPtr order, binder.Bind(*ast.over->order_by));
  if (order->kind != plan::ExprKind::kInputRef || !order->type.is_rowtime())
    return Status::Invalid(kNotRowtime, "OVER must be ordered by an event-time column",
                           "declare WATERMARK FOR the column in the table")
        .WithSpan(ast.over->order_by->span);
  std::string text = fmt::format("{}/{}", order->input, ast.over->rows);
  for (int key : keys) text += fmt::format("/{}", key);
  if (!window_text_.empty() && text != window_text_)
    return Status::Invalid(kUnsupportedSql, "all OVER clauses of a SELECT must be the same",
                           "use one partition and order, or a sub-query")
        .WithSpan(ast.over->span);
  window_text_ = std::move(text);
  over_.keys = std::move(keys);
  over_.rowtime = order->input;
  over_.frame = ast.over->rows ? plan::FrameKind::kRowsUnboundedPreceding : plan::FrameKind::kRangeUnboundedPreceding;
  return Status::Ok();
}

Result<ExprPtr> OverPlanner::AddCall(const AstExpr& ast) {
  static constexpr std::array<std::string_view, 10> kOnlyInFlink{
      "ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST",
      "NTILE",      "LAG",  "LEAD",       "FIRST_VALUE",  "LAST_VALUE"};
  const bool elsewhere = std::find(kOnlyInFlink.begin(), kOnlyInFlink.end(), ast.name) != kOnlyInFlink.end();
  if (!IsAggregateName(ast.name) && !elsewhere && functions_.Find(ast.name) == nullptr)
    return NoAggregate(ast.name, ast.span);
  if (!IsAggregateName(ast.name))
    return Status::Invalid(kUnsupportedSql, fmt::format("{} OVER is not supported yet", ast.name),
                           "COUNT, SUM, AVG, MIN, MAX are")
        .WithSpan(ast.span);
  ExprBinder binder(scope_, functions_);
  SEMEL_RETURN_IF_ERROR(BindWindow(ast, binder));
  if (ast.filter)
    return Status::Invalid(kUnsupportedSql, "FILTER with OVER is not supported yet",
                           "SUM(CASE WHEN … THEN x END) OVER (…)")
        .WithSpan(ast.span);
  SEMEL_ASSIGN_OR_RETURN(ExprPtr argument, BindAggregateArgument(ast, binder));
  SEMEL_ASSIGN_OR_RETURN(AggregateCall call, ResolveAggregate(ast, argument));
  if (argument) call.argument = before_.Add(argument, fmt::format("arg{}", over_.aggregates.size()));
  over_.aggregates.push_back(call);
  return Expr::InputRef(-static_cast<int>(over_.aggregates.size()), call.type, ast.span);
}

Result<std::optional<ExprPtr>> OverPlanner::Hook(const AstExpr& ast) {
  if (!ast.over) return std::optional<ExprPtr>();
  SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, AddCall(ast));
  return std::optional<ExprPtr>(bound);
}

ExprPtr OverPlanner::Place(const ExprPtr& expr) const {
  auto copy = std::make_shared<Expr>(*expr);
  if (copy->kind == plan::ExprKind::kInputRef && copy->input < 0)
    copy->input = static_cast<int>(before_.exprs.size()) - copy->input - 1;
  for (ExprPtr& arg : copy->args) arg = Place(arg);
  return copy;
}

Result<Relation> OverPlanner::Plan() {
  if (!input_.node->mode.append_only())
    return Status::Invalid(kUnsupportedSql, "OVER over an updating query is not supported yet",
                           "use it before the aggregation")
        .WithSpan(query_.span);
  before_.exprs = IdentityProjections(*input_.node->schema);
  for (size_t i = 0; i < input_.node->schema->size(); ++i) before_.names.push_back((*input_.node->schema)[i].name);
  std::vector<ExprPtr> outputs;
  std::vector<std::string> names;
  for (size_t i = 0; i < items_.size(); ++i) {
    ExprBinder binder(scope_, functions_, [this](const AstExpr& ast) { return Hook(ast); });
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, binder.Bind(*items_[i].expr));
    outputs.push_back(std::move(expr));
    names.push_back(ItemName(items_[i], i));
  }
  for (ExprPtr& output : outputs) output = Place(output);
  PhysicalPtr calc = MakeCalc(input_.node, nullptr, before_.exprs, before_.names);
  PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{over_.keys}, {calc}, calc->schema, calc->mode);
  std::vector<columnar::Field> results;
  for (size_t c = 0; c < over_.aggregates.size(); ++c)
    results.push_back({fmt::format("{}{}", over_.aggregates[c].name, c), over_.aggregates[c].type});
  PhysicalPtr node = MakeNode(over_, {exchange}, AppendFields(*calc->schema, std::move(results)));
  return Unqualified(MakeCalc(node, nullptr, std::move(outputs), std::move(names)));
}

}  // namespace semel::sql
