// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/aggregate_planner.h"

#include <algorithm>

#include "base/text.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

using columnar::DataType;
using columnar::TypeKind;
using plan::AggregateCall;
using plan::AggregateKind;
using plan::Expr;
using plan::ExprPtr;
using plan::PhysicalPtr;

namespace {
// Window columns come after the aggregates, whose number is known only at the end: marked by large indices until then.
constexpr int kWindowMark = 1'000'000;
}  // namespace

int PreProjection::Add(const ExprPtr& expr, const std::string& name) {
  for (size_t i = 0; i < exprs.size(); ++i)
    if (exprs[i]->Equals(*expr)) return static_cast<int>(i);
  exprs.push_back(expr);
  names.push_back(name);
  return static_cast<int>(exprs.size()) - 1;
}

Result<ExprPtr> BindAggregateArgument(const AstExpr& ast, ExprBinder& binder) {
  if (ast.args.size() == 1 && ast.args[0]->kind == AstKind::kStar) {
    if (ast.name == "COUNT") return ExprPtr();
    return Status::Invalid(kTypeMismatch, fmt::format("{}(*) does not exist", ast.name), "only COUNT takes *")
        .WithSpan(ast.span);
  }
  if (ast.args.size() != 1)
    return Status::Invalid(kTypeMismatch, fmt::format("{} takes one argument", ast.name), "COUNT(*) counts rows")
        .WithSpan(ast.span);
  SEMEL_ASSIGN_OR_RETURN(ExprPtr argument, binder.Bind(*ast.args[0]));
  if (argument->type.kind() == TypeKind::kNull)
    return Status::Invalid(kTypeMismatch, fmt::format("{} of an untyped NULL", ast.name), "CAST(NULL AS …)")
        .WithSpan(ast.span);
  return argument;
}

Result<AggregateCall> ResolveAggregate(const AstExpr& ast, const ExprPtr& argument) {
  AggregateCall call{};
  call.name = ast.name;
  if (ast.distinct)
    return Status::Invalid(kUnsupportedSql, "DISTINCT in an aggregate is not supported yet",
                           "group by the value first: SELECT COUNT(*) FROM (SELECT k FROM t GROUP BY k)")
        .WithSpan(ast.span);
  if (ast.name == "COUNT") {
    call.kind = argument ? AggregateKind::kCount : AggregateKind::kCountStar;
    call.type = DataType::BigInt(false);
    return call;
  }
  const DataType& type = argument->type;
  if (ast.name == "MIN" || ast.name == "MAX") {
    if (type.kind() == TypeKind::kRow || type.kind() == TypeKind::kBytes)
      return Status::Invalid(kTypeMismatch, fmt::format("{} has no order for {}", ast.name, type.ToString()),
                             "use a field or a CAST")
          .WithSpan(ast.span);
    call.kind = ast.name == "MIN" ? AggregateKind::kMin : AggregateKind::kMax;
    call.type = type.WithNullable(true).WithRowtime(false);
    return call;
  }
  if (!type.is_numeric())
    return Status::Invalid(kTypeMismatch, fmt::format("{} needs a number, this is {}", ast.name, type.ToString()),
                           "CAST it")
        .WithSpan(ast.span);
  call.kind = ast.name == "SUM" ? AggregateKind::kSum : AggregateKind::kAvg;
  call.type = type.WithNullable(true);
  if (type.kind() == TypeKind::kDecimal)
    call.type = DataType::Decimal(38, call.kind == AggregateKind::kSum ? type.scale() : std::max(6, type.scale()));
  return call;
}

int AggregatePlanner::WindowPart(const ExprPtr& expr) const {
  if (!input_.window || expr->kind != plan::ExprKind::kInputRef) return -1;
  for (int part = 0; part < 3; ++part)
    if (input_.window->columns[static_cast<size_t>(part)] == expr->input) return part;
  return -1;
}

Status AggregatePlanner::BindGroup() {
  for (const AstExprPtr& key : query_.group_by) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, ExprBinder(scope_, functions_).Bind(*key));
    if (bound->type.kind() == TypeKind::kNull)
      return Status::Invalid(kTypeMismatch, "an untyped NULL cannot be grouped", "CAST(NULL AS …)").WithSpan(key->span);
    if (const int part = WindowPart(bound); part >= 0) grouped_window_[part] = true;
    group_.push_back(std::move(bound));
  }
  // A grouping by window_start and window_end of an attached window is a window aggregation.
  windowed_ = grouped_window_[0] && grouped_window_[1];
  for (const ExprPtr& key : group_) {
    key_outputs_.push_back(static_cast<int>(keys_.size()));
    if (windowed_ && WindowPart(key) >= 0) continue;
    const int at = before_.Add(key, fmt::format("key{}", keys_.size()));
    const auto same = std::find(keys_.begin(), keys_.end(), at);
    key_outputs_.back() = static_cast<int>(same - keys_.begin());
    if (same == keys_.end()) keys_.push_back(at);
  }
  return Status::Ok();
}

Result<ExprPtr> AggregatePlanner::AddCall(const AstExpr& ast) {
  ExprBinder binder(scope_, functions_);
  SEMEL_ASSIGN_OR_RETURN(ExprPtr argument, BindAggregateArgument(ast, binder));
  SEMEL_ASSIGN_OR_RETURN(AggregateCall call, ResolveAggregate(ast, argument));
  if (argument) call.argument = before_.Add(argument, fmt::format("arg{}", calls_.size()));
  if (ast.filter) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr filter, binder.BindCondition(*ast.filter));
    call.filter = before_.Add(filter, fmt::format("filter{}", calls_.size()));
  }
  const std::string text = fmt::format("{}/{}/{}", static_cast<int>(call.kind), call.argument, call.filter);
  size_t c = static_cast<size_t>(std::find(call_texts_.begin(), call_texts_.end(), text) - call_texts_.begin());
  if (c == calls_.size()) {
    calls_.push_back(call);
    call_texts_.push_back(text);
  }
  return Expr::InputRef(static_cast<int>(keys_.size() + c), calls_[c].type, ast.span);
}

Result<std::optional<ExprPtr>> AggregatePlanner::Hook(const AstExpr& ast) {
  if (ast.kind == AstKind::kCall && IsAggregateName(ast.name) && !ast.over) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr call, AddCall(ast));
    return std::optional<ExprPtr>(call);
  }
  if (ContainsAggregate(ast)) return std::optional<ExprPtr>();
  if (ast.over)
    return Status::Invalid(kUnsupportedSql, "OVER in a grouped query is not supported yet",
                           "aggregate in a sub-query first")
        .WithSpan(ast.span);
  SEMEL_ASSIGN_OR_RETURN(ExprPtr plain, ExprBinder(scope_, functions_).Bind(ast));
  const int part = windowed_ ? WindowPart(plain) : -1;
  if (part >= 0 && grouped_window_[part])
    return std::optional<ExprPtr>(Expr::InputRef(kWindowMark + part, plain->type, ast.span));
  for (size_t g = 0; g < group_.size(); ++g)
    if (part < 0 && group_[g]->Equals(*plain))
      return std::optional<ExprPtr>(Expr::InputRef(key_outputs_[g], group_[g]->type.WithRowtime(false), ast.span));
  if (ast.kind == AstKind::kColumn)
    return Status::Invalid(kNotGrouped, fmt::format("'{}' is neither grouped nor aggregated", Join(ast.parts, ".")),
                           "add it to GROUP BY or put it into an aggregate")
        .WithSpan(ast.span);
  return std::optional<ExprPtr>();
}

ExprPtr AggregatePlanner::Place(const ExprPtr& expr) const {
  if (!expr) return expr;
  auto copy = std::make_shared<Expr>(*expr);
  if (copy->kind == plan::ExprKind::kInputRef && copy->input >= kWindowMark)
    copy->input += static_cast<int>(keys_.size() + calls_.size()) - kWindowMark;
  for (ExprPtr& arg : copy->args) arg = Place(arg);
  return copy;
}

columnar::SchemaPtr AggregatePlanner::KeysAndCalls() const {
  auto schema = std::make_shared<columnar::Schema>();
  for (int key : keys_) {
    const size_t at = static_cast<size_t>(key);
    schema->fields.push_back({before_.names[at], before_.exprs[at]->type.WithRowtime(false)});
  }
  for (size_t c = 0; c < calls_.size(); ++c)
    schema->fields.push_back({fmt::format("{}{}", calls_[c].name, c), calls_[c].type});
  return schema;
}

// The aggregation assigns windows itself, so it reads what the window function reads; only where keys or arguments look
// at the window's own columns the function stays below it (a row's window is the same both times).
PhysicalPtr AggregatePlanner::WindowInput(plan::WindowSpec& window) {
  const Relation::Window& attached = *input_.window;
  ExprPtr condition;
  std::vector<ExprPtr> exprs = before_.exprs;
  if (input_.node != attached.origin) {
    const auto& calc = std::get<plan::CalcSpec>(input_.node->spec);
    condition = calc.condition;
    for (ExprPtr& expr : exprs) expr = Substitute(expr, calc.projections);
  }
  std::vector<bool> used(attached.origin->schema->size());
  CollectInputs(condition, used);
  for (const ExprPtr& expr : exprs) CollectInputs(expr, used);
  PhysicalPtr from = attached.origin;
  if (attached.base) {
    const auto own = used.begin() + static_cast<ptrdiff_t>(attached.base->schema->size());
    if (std::none_of(own, used.end(), [](bool u) { return u; })) from = attached.base;
  }
  const ExprPtr rowtime =
      Expr::InputRef(attached.spec.rowtime, (*from->schema)[static_cast<size_t>(attached.spec.rowtime)].type);
  PreProjection projection{std::move(exprs), before_.names};
  window = attached.spec;
  window.rowtime = projection.Add(rowtime, "rowtime");
  return MakeCalc(from, condition, std::move(projection.exprs), std::move(projection.names));
}

PhysicalPtr AggregatePlanner::MakeWindowAggregate() {
  plan::WindowSpec window;
  PhysicalPtr calc = WindowInput(window);
  const DataType& rowtime = (*input_.window->origin->schema)[static_cast<size_t>(input_.window->spec.rowtime)].type;
  PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{keys_}, {calc}, calc->schema, calc->mode);
  return MakeNode(plan::WindowAggregateSpec{keys_, window, calls_}, {exchange},
                  AppendFields(*KeysAndCalls(), WindowFields(rowtime)));
}

Result<PhysicalPtr> AggregatePlanner::MakeGroupAggregate() {
  PhysicalPtr calc = MakeCalc(input_.node, nullptr, before_.exprs, before_.names);
  if (!calc->mode.append_only())
    return Status::Invalid(kUnsupportedSql, "an aggregation over an updating query is not supported yet",
                           "aggregate once, or per window")
        .WithSpan(query_.span);
  PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{keys_}, {calc}, calc->schema, calc->mode);
  return MakeNode(plan::GroupAggregateSpec{keys_, calls_}, {exchange}, KeysAndCalls(), {true, true, true, false});
}

Result<Relation> AggregatePlanner::Plan() {
  SEMEL_RETURN_IF_ERROR(BindGroup());
  const Scope nothing;
  const ExprBinder::Hook hook = [this](const AstExpr& ast) { return Hook(ast); };
  std::vector<ExprPtr> outputs;
  std::vector<std::string> names;
  for (size_t i = 0; i < items_.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(nothing, functions_, hook).Bind(*items_[i].expr));
    if (expr->type.kind() == TypeKind::kNull)
      return Status::Invalid(kTypeMismatch, "an untyped NULL cannot be a column", "CAST(NULL AS …)")
          .WithSpan(items_[i].expr->span);
    outputs.push_back(std::move(expr));
    names.push_back(ItemName(items_[i], i));
  }
  ExprPtr having;
  if (query_.having) {
    SEMEL_ASSIGN_OR_RETURN(having, ExprBinder(nothing, functions_, hook).BindCondition(*query_.having));
  }
  for (ExprPtr& output : outputs) output = Place(output);
  Relation aggregated;
  if (windowed_) {
    aggregated.node = MakeWindowAggregate();
    const int at = static_cast<int>(keys_.size() + calls_.size());
    Relation::Window window{input_.window->spec, aggregated.node, nullptr, {at, at + 1, at + 2}};
    window.spec.rowtime =
        at + 2;  // window_time: aggregating the results once more by their window is a window aggregation again
    aggregated.window = window;
  } else {
    SEMEL_ASSIGN_OR_RETURN(aggregated.node, MakeGroupAggregate());
  }
  return Project(aggregated, Place(having), std::move(outputs), std::move(names));
}

}  // namespace semel::sql
