// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/query_planner.h"

#include <algorithm>

#include "base/text.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

using columnar::DataType;
using columnar::Schema;
using columnar::SchemaPtr;
using columnar::TypeKind;
using plan::AggregateCall;
using plan::AggregateKind;
using plan::Expr;
using plan::ExprPtr;
using plan::PhysicalPtr;

namespace {

constexpr int kMaxViewDepth = 50;

Scope ScopeOf(const Relation& relation) {
  Scope scope;
  for (size_t i = 0; i < relation.node->schema->size(); ++i) {
    const columnar::Field& field = (*relation.node->schema)[i];
    scope.columns.push_back({relation.qualifiers[i], field.name, field.type});
  }
  return scope;
}

Relation Unqualified(PhysicalPtr node, const std::string& qualifier = {}) {
  Relation relation;
  relation.qualifiers.assign(node->schema->size(), qualifier);
  relation.node = std::move(node);
  return relation;
}

std::string ItemName(const AstSelectItem& item, size_t index) {
  if (!item.alias.empty()) return item.alias;
  if (item.expr->kind == AstKind::kColumn) return item.expr->parts.back();
  return fmt::format("EXPR${}", index);
}

SchemaPtr Append(const Schema& schema, std::vector<columnar::Field> more) {
  auto extended = std::make_shared<Schema>(schema);
  for (columnar::Field& field : more) extended->fields.push_back(std::move(field));
  return extended;
}

std::vector<columnar::Field> WindowColumns() {
  return {{"window_start", DataType::Timestamp(3, false)},
          {"window_end", DataType::Timestamp(3, false)},
          {"window_time", DataType::Timestamp(3, false).WithRowtime(true)}};
}

}  // namespace

Result<Relation> QueryPlanner::PlanQuery(const AstQuery& query) { return query.union_all.empty() ? PlanSelect(query) : PlanUnion(query); }

Result<Relation> QueryPlanner::PlanUnion(const AstQuery& query) {
  std::vector<Relation> parts;
  for (const AstQueryPtr& part : query.union_all) {
    SEMEL_ASSIGN_OR_RETURN(Relation relation, PlanQuery(*part));
    parts.push_back(std::move(relation));
  }
  const Schema& first = *parts[0].node->schema;
  std::vector<DataType> types;
  for (const columnar::Field& field : first.fields) types.push_back(field.type);
  for (size_t p = 1; p < parts.size(); ++p) {
    const Schema& schema = *parts[p].node->schema;
    if (schema.size() != types.size())
      return Status::Invalid(kColumnCount, fmt::format("UNION ALL of {} and {} columns", types.size(), schema.size()), "select the same columns in both").WithSpan(query.union_all[p]->span);
    for (size_t i = 0; i < types.size(); ++i) {
      const std::optional<DataType> common = CommonType(types[i], schema[i].type);
      if (!common)
        return Status::Invalid(kTypeMismatch, fmt::format("column {} is {} and {}", i + 1, types[i].ToString(), schema[i].type.ToString()), "CAST one of them").WithSpan(query.union_all[p]->span);
      types[i] = common->WithRowtime(types[i].is_rowtime() && schema[i].type.is_rowtime());
    }
  }
  std::vector<PhysicalPtr> inputs;
  std::vector<std::string> names;
  auto schema = std::make_shared<Schema>();
  plan::ChangelogMode mode;
  for (size_t i = 0; i < types.size(); ++i) names.push_back(first[i].name), schema->fields.push_back({first[i].name, types[i]});
  for (Relation& part : parts) {
    std::vector<ExprPtr> projections = IdentityProjections(*part.node->schema);
    for (size_t i = 0; i < projections.size(); ++i) projections[i] = CoerceTo(projections[i], types[i]);
    mode.update_before |= part.node->mode.update_before, mode.update_after |= part.node->mode.update_after, mode.deletes |= part.node->mode.deletes;
    inputs.push_back(MakeCalc(part.node, nullptr, std::move(projections), names));
  }
  return Unqualified(MakeNode(plan::UnionSpec{}, std::move(inputs), std::move(schema), mode));
}

Result<PhysicalPtr> QueryPlanner::PlanSource(const TableDefinition& definition) {
  const std::string key = definition.table->FullName();
  if (auto it = sources_.find(key); it != sources_.end()) return it->second;
  SEMEL_RETURN_IF_ERROR(session_.CheckOptions(definition, true));
  const plan::TableDescriptor& table = *definition.table;
  plan::ScanSpec scan;
  scan.table = definition.table;
  auto scanned = std::make_shared<Schema>();
  for (size_t i = 0; i < table.physical.size(); ++i) scan.columns.push_back(static_cast<int>(i)), scanned->fields.push_back(table.physical[i]);
  for (size_t i = 0; i < table.metadata.size(); ++i) {
    scan.metadata.push_back(static_cast<int>(i));
    scanned->fields.push_back({table.metadata[i].name, table.metadata[i].type});
  }
  PhysicalPtr node = MakeNode(std::move(scan), {}, scanned);
  // Declared order, computed columns over the physical ones.
  Relation scanned_relation = Unqualified(node, table.name);
  const Scope scope = ScopeOf(scanned_relation);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (const AstColumn& column : definition.columns) {
    if (column.kind == AstColumn::Kind::kComputed) {
      SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(scope, functions_).Bind(*column.expr));
      projections.push_back(std::move(expr));
    } else {
      const int at = scanned->Find(column.name);
      projections.push_back(Expr::InputRef(at, (*scanned)[static_cast<size_t>(at)].type));
    }
    names.push_back(column.name);
  }
  node = MakeCalc(node, nullptr, std::move(projections), names);
  if (definition.watermark) {
    const int rowtime = node->schema->Find(definition.watermark_column);
    if (rowtime < 0)
      return Status::Invalid(kUnknownColumn, fmt::format("WATERMARK FOR '{}': there is no such column", definition.watermark_column), "name a column of the table").WithSpan(definition.span);
    const DataType& type = (*node->schema)[static_cast<size_t>(rowtime)].type;
    if (!type.is_time_point() || type.precision() > 3)
      return Status::Invalid(kNotRowtime, fmt::format("event time must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), '{}' is {}", definition.watermark_column, type.ToString()), "declare it with at most 3 digits")
          .WithSpan(definition.span);
    Relation relation = Unqualified(node, table.name);
    const Scope with_computed = ScopeOf(relation);
    SEMEL_ASSIGN_OR_RETURN(ExprPtr watermark, ExprBinder(with_computed, functions_).Bind(*definition.watermark));
    auto schema = std::make_shared<Schema>(*node->schema);
    schema->fields[static_cast<size_t>(rowtime)].type = type.WithRowtime(true);
    node = MakeNode(plan::WatermarkSpec{rowtime, std::move(watermark)}, {node}, std::move(schema));
  }
  return sources_[key] = node;
}

Result<Relation> QueryPlanner::PlanTable(const std::vector<std::string>& name, SourceSpan span) {
  if (const ViewDefinition* view = session_.FindView(name)) {
    if (++view_depth_ > kMaxViewDepth) return Status::Invalid(kUnsupportedSql, "views nest too deeply", "a view may not read itself").WithSpan(span);
    SEMEL_ASSIGN_OR_RETURN(Relation relation, PlanQuery(*view->query));
    --view_depth_;
    relation.qualifiers.assign(relation.node->schema->size(), name.back());
    return relation;
  }
  SEMEL_ASSIGN_OR_RETURN(const TableDefinition* definition, session_.FindTable(name, span));
  SEMEL_ASSIGN_OR_RETURN(PhysicalPtr node, PlanSource(*definition));
  return Unqualified(std::move(node), name.back());
}

Result<Relation> QueryPlanner::PlanTumble(const AstFrom& from) {
  SEMEL_ASSIGN_OR_RETURN(Relation base, PlanTable(from.table, from.span));
  plan::WindowSpec window;
  window.rowtime = base.node->schema->Find(from.rowtime);
  if (window.rowtime < 0 || !(*base.node->schema)[static_cast<size_t>(window.rowtime)].type.is_rowtime())
    return Status::Invalid(kNotRowtime, fmt::format("'{}' is no event-time column", from.rowtime), "declare WATERMARK FOR it in the table").WithSpan(from.span);
  SEMEL_ASSIGN_OR_RETURN(window.size_micros, IntervalMicros(*from.size));
  if (from.offset) {
    SEMEL_ASSIGN_OR_RETURN(window.offset_micros, IntervalMicros(*from.offset));
  }
  if (window.size_micros <= 0 || window.size_micros % 1000 != 0)
    return Status::Invalid(kTypeMismatch, "a window needs a size of whole milliseconds, at least one", "INTERVAL '10' SECOND").WithSpan(from.size->span);
  // The old rowtime is an ordinary column behind a window function; window_time takes its place.
  auto schema = std::make_shared<Schema>(*base.node->schema);
  for (columnar::Field& field : schema->fields) field.type = field.type.WithRowtime(false);
  Relation relation;
  relation.window = Relation::Window{window, base.node};
  relation.node = MakeNode(plan::WindowTableFunctionSpec{window}, {base.node}, Append(*schema, WindowColumns()), base.node->mode);
  relation.qualifiers = base.qualifiers;
  relation.qualifiers.resize(relation.node->schema->size(), from.table.back());
  return relation;
}

Result<Relation> QueryPlanner::PlanFrom(const AstFrom& from) {
  Result<Relation> relation = from.kind == AstFromKind::kQuery    ? PlanQuery(*from.query)
                              : from.kind == AstFromKind::kTumble ? PlanTumble(from)
                                                                  : PlanTable(from.table, from.span);
  if (relation.ok() && !from.alias.empty()) relation->qualifiers.assign(relation->qualifiers.size(), from.alias);
  return relation;
}

Result<std::vector<AstSelectItem>> QueryPlanner::ExpandStars(const AstQuery& query, const Relation& input) {
  std::vector<AstSelectItem> items;
  for (const AstSelectItem& item : query.items) {
    if (item.expr->kind != AstKind::kStar) {
      items.push_back(item);
      continue;
    }
    for (size_t i = 0; i < input.node->schema->size(); ++i) {
      if (!item.expr->parts.empty() && input.qualifiers[i] != item.expr->parts.back()) continue;
      auto column = std::make_shared<AstExpr>();
      column->kind = AstKind::kColumn;
      column->span = item.expr->span;
      column->parts = {(*input.node->schema)[i].name};
      items.push_back({column, {}});
    }
  }
  return items;
}

Result<Relation> QueryPlanner::PlanSelect(const AstQuery& query) {
  if (!query.from) return Status::Invalid(kUnsupportedSql, "SELECT without FROM is not supported yet", "select from a table").WithSpan(query.span);
  SEMEL_ASSIGN_OR_RETURN(Relation input, PlanFrom(*query.from));
  if (query.where) {
    const Scope scope = ScopeOf(input);
    SEMEL_ASSIGN_OR_RETURN(ExprPtr condition, ExprBinder(scope, functions_).BindCondition(*query.where));
    std::vector<std::string> names;
    for (const columnar::Field& field : input.node->schema->fields) names.push_back(field.name);
    // The filter goes below a window function when it does not look at the window.
    std::vector<bool> used(input.node->schema->size());
    CollectInputs(condition, used);
    const size_t base_columns = input.window ? input.window->base->schema->size() : 0;
    const bool below = input.window && std::none_of(used.begin() + static_cast<ptrdiff_t>(base_columns), used.end(), [](bool u) { return u; });
    if (below) {
      std::vector<std::string> base_names(names.begin(), names.begin() + static_cast<ptrdiff_t>(base_columns));
      PhysicalPtr filtered = MakeCalc(input.window->base, condition, IdentityProjections(*input.window->base->schema), base_names);
      input.node = MakeNode(input.node->spec, {filtered}, input.node->schema, input.node->mode);
      input.window->base = filtered;
    } else {
      input.node = MakeCalc(input.node, condition, IdentityProjections(*input.node->schema), names);
      input.window.reset();
    }
  }
  const bool aggregates = !query.group_by.empty() || query.having ||
                          std::any_of(query.items.begin(), query.items.end(), [](const AstSelectItem& item) { return ContainsAggregate(*item.expr); });
  if (aggregates) return PlanAggregate(query, std::move(input));
  if (std::any_of(query.items.begin(), query.items.end(), [](const AstSelectItem& item) { return ContainsOver(*item.expr); }))
    return PlanOver(query, std::move(input));
  return PlanProjection(query, std::move(input));
}

Result<Relation> QueryPlanner::PlanProjection(const AstQuery& query, Relation input) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<AstSelectItem> items, ExpandStars(query, input));
  const Scope scope = ScopeOf(input);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < items.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(scope, functions_).Bind(*items[i].expr));
    if (expr->type.kind() == TypeKind::kNull)
      return Status::Invalid(kTypeMismatch, "an untyped NULL cannot be a column", "CAST(NULL AS …)").WithSpan(items[i].expr->span);
    projections.push_back(std::move(expr));
    names.push_back(ItemName(items[i], i));
  }
  return Unqualified(MakeCalc(input.node, nullptr, std::move(projections), std::move(names)));
}

// Result types: COUNT BIGINT NOT NULL; SUM of DECIMAL(p, s) is DECIMAL(38, s), of others their own; AVG of integers their own type, of
// DECIMAL(p, s) DECIMAL(38, max(s, 6)) (Flink's LogicalTypeMerging.findSumAggType, findAvgAggType).
Result<AggregateCall> QueryPlanner::MakeAggregate(const AstExpr& ast, const ExprPtr& argument) {
  AggregateCall call{};
  call.name = ast.name;
  if (ast.distinct) return Status::Invalid(kUnsupportedSql, "DISTINCT in an aggregate is not supported yet", "docs/sql.md lists what is").WithSpan(ast.span);
  if (ast.name == "COUNT") {
    call.kind = argument ? AggregateKind::kCount : AggregateKind::kCountStar;
    call.type = DataType::BigInt(false);
    return call;
  }
  const DataType& type = argument->type;
  if (ast.name == "MIN" || ast.name == "MAX") {
    call.kind = ast.name == "MIN" ? AggregateKind::kMin : AggregateKind::kMax;
    call.type = type.WithNullable(true).WithRowtime(false);
    return call;
  }
  if (!type.is_numeric())
    return Status::Invalid(kTypeMismatch, fmt::format("{} needs a number, this is {}", ast.name, type.ToString()), "CAST it").WithSpan(ast.span);
  call.kind = ast.name == "SUM" ? AggregateKind::kSum : AggregateKind::kAvg;
  call.type = type.WithNullable(true);
  if (type.kind() == TypeKind::kDecimal) call.type = DataType::Decimal(38, call.kind == AggregateKind::kSum ? type.scale() : std::max(6, type.scale()));
  return call;
}

namespace {

// Collects expressions that are computed before an operator, each once.
struct PreProjection {
  std::vector<ExprPtr> exprs;
  std::vector<std::string> names;
  int Add(const ExprPtr& expr, const std::string& name) {
    for (size_t i = 0; i < exprs.size(); ++i)
      if (exprs[i]->Equals(*expr)) return static_cast<int>(i);
    exprs.push_back(expr);
    names.push_back(name);
    return static_cast<int>(exprs.size()) - 1;
  }
};

}  // namespace

Result<Relation> QueryPlanner::PlanAggregate(const AstQuery& query, Relation input) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<AstSelectItem> items, ExpandStars(query, input));
  const Scope scope = ScopeOf(input);
  std::vector<ExprPtr> group;
  for (const AstExprPtr& key : query.group_by) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, ExprBinder(scope, functions_).Bind(*key));
    group.push_back(std::move(bound));
  }
  // A grouping by window_start and window_end of an attached window is a window aggregation.
  const size_t base_columns = input.window ? input.window->base->schema->size() : 0;
  auto window_part = [&](const ExprPtr& expr) {
    return input.window && expr->kind == plan::ExprKind::kInputRef && static_cast<size_t>(expr->input) >= base_columns ? expr->input - static_cast<int>(base_columns) : -1;
  };
  bool by_start = false, by_end = false;
  for (const ExprPtr& key : group) by_start |= window_part(key) == 0, by_end |= window_part(key) == 1;
  const bool windowed = by_start && by_end;
  PreProjection before;
  std::vector<int> keys;
  std::vector<int> key_outputs(group.size());  // where a group key stands in the aggregation's output
  for (size_t g = 0; g < group.size(); ++g) {
    if (windowed && window_part(group[g]) >= 0) continue;
    key_outputs[g] = static_cast<int>(keys.size());
    keys.push_back(before.Add(group[g], fmt::format("key{}", g)));
  }
  std::vector<AggregateCall> calls;
  std::vector<std::string> call_texts;
  auto add_call = [&](const AstExpr& ast) -> Result<ExprPtr> {
    ExprPtr argument;
    const bool star = ast.args.size() == 1 && ast.args[0]->kind == AstKind::kStar;
    if (!star) {
      if (ast.args.size() != 1) return Status::Invalid(kTypeMismatch, fmt::format("{} takes one argument", ast.name), "COUNT(*) counts rows").WithSpan(ast.span);
      SEMEL_ASSIGN_OR_RETURN(argument, ExprBinder(scope, functions_).Bind(*ast.args[0]));
    } else if (ast.name != "COUNT") {
      return Status::Invalid(kTypeMismatch, fmt::format("{}(*) does not exist", ast.name), "only COUNT takes *").WithSpan(ast.span);
    }
    SEMEL_ASSIGN_OR_RETURN(AggregateCall call, MakeAggregate(ast, argument));
    if (argument) call.argument = before.Add(argument, fmt::format("arg{}", calls.size()));
    if (ast.filter) {
      SEMEL_ASSIGN_OR_RETURN(ExprPtr filter, ExprBinder(scope, functions_).BindCondition(*ast.filter));
      call.filter = before.Add(filter, fmt::format("filter{}", calls.size()));
    }
    const std::string text = fmt::format("{}/{}/{}", static_cast<int>(call.kind), call.argument, call.filter);
    for (size_t c = 0; c < calls.size(); ++c)
      if (call_texts[c] == text) return Expr::InputRef(static_cast<int>(keys.size() + c), calls[c].type, ast.span);
    calls.push_back(call);
    call_texts.push_back(text);
    return Expr::InputRef(static_cast<int>(keys.size() + calls.size()) - 1, call.type, ast.span);
  };
  // Window columns come after the aggregates, whose number is known only at the end: marked by large indices until then.
  constexpr int kWindowMark = 1'000'000;
  ExprBinder::Hook hook = [&](const AstExpr& ast) -> Result<std::optional<ExprPtr>> {
    if (ast.kind == AstKind::kCall && IsAggregateName(ast.name) && !ast.over) {
      SEMEL_ASSIGN_OR_RETURN(ExprPtr call, add_call(ast));
      return std::optional<ExprPtr>(call);
    }
    if (ContainsAggregate(ast)) return std::optional<ExprPtr>();
    Result<ExprPtr> plain = ExprBinder(scope, functions_).Bind(ast);
    if (!plain.ok()) return plain.status();
    if (windowed && window_part(*plain) >= 0)
      return std::optional<ExprPtr>(Expr::InputRef(kWindowMark + window_part(*plain), (*plain)->type, ast.span));
    for (size_t g = 0; g < group.size(); ++g)
      if (group[g]->Equals(**plain)) return std::optional<ExprPtr>(Expr::InputRef(key_outputs[g], group[g]->type, ast.span));
    if (ast.kind == AstKind::kColumn)
      return Status::Invalid(kNotGrouped, fmt::format("'{}' is neither grouped nor aggregated", Join(ast.parts, ".")), "add it to GROUP BY or put it into an aggregate").WithSpan(ast.span);
    return std::optional<ExprPtr>();
  };
  const Scope nothing;
  std::vector<ExprPtr> outputs;
  std::vector<std::string> names;
  for (size_t i = 0; i < items.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(nothing, functions_, hook).Bind(*items[i].expr));
    outputs.push_back(std::move(expr));
    names.push_back(ItemName(items[i], i));
  }
  ExprPtr having;
  if (query.having) {
    SEMEL_ASSIGN_OR_RETURN(having, ExprBinder(nothing, functions_, hook).BindCondition(*query.having));
  }
  const int window_at = static_cast<int>(keys.size() + calls.size());
  std::function<ExprPtr(const ExprPtr&)> place = [&](const ExprPtr& expr) -> ExprPtr {
    if (!expr) return expr;
    auto copy = std::make_shared<Expr>(*expr);
    if (copy->kind == plan::ExprKind::kInputRef && copy->input >= kWindowMark) copy->input = window_at + copy->input - kWindowMark;
    for (ExprPtr& arg : copy->args) arg = place(arg);
    return copy;
  };
  auto schema = std::make_shared<Schema>();
  for (int key : keys) schema->fields.push_back({before.names[static_cast<size_t>(key)], before.exprs[static_cast<size_t>(key)]->type.WithRowtime(false)});
  for (size_t c = 0; c < calls.size(); ++c) schema->fields.push_back({fmt::format("{}{}", calls[c].name, c), calls[c].type});
  PhysicalPtr node;
  if (windowed) {
    plan::WindowSpec window = input.window->spec;
    const PhysicalPtr& base = input.window->base;
    window.rowtime = before.Add(Expr::InputRef(window.rowtime, (*base->schema)[static_cast<size_t>(window.rowtime)].type), "rowtime");
    PhysicalPtr calc = MakeCalc(base, nullptr, before.exprs, before.names);
    PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{keys}, {calc}, calc->schema, calc->mode);
    node = MakeNode(plan::WindowAggregateSpec{keys, window, calls}, {exchange}, Append(*schema, WindowColumns()));
  } else {
    PhysicalPtr calc = MakeCalc(input.node, nullptr, before.exprs, before.names);
    if (!calc->mode.append_only()) return Status::Invalid(kUnsupportedSql, "an aggregation over an updating query is not supported yet", "aggregate once, or per window").WithSpan(query.span);
    PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{keys}, {calc}, calc->schema, calc->mode);
    auto aggregate = std::make_shared<plan::PhysicalNode>(*MakeNode(plan::GroupAggregateSpec{keys, calls}, {exchange}, schema, {true, true, true, false}));
    std::vector<int> upsert_key;
    for (size_t k = 0; k < keys.size(); ++k) upsert_key.push_back(static_cast<int>(k));
    aggregate->upsert_keys = {upsert_key};
    node = aggregate;
  }
  for (ExprPtr& output : outputs) output = place(output);
  return Unqualified(MakeCalc(node, place(having), std::move(outputs), std::move(names)));
}

Result<Relation> QueryPlanner::PlanOver(const AstQuery& query, Relation input) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<AstSelectItem> items, ExpandStars(query, input));
  const Scope scope = ScopeOf(input);
  if (!input.node->mode.append_only()) return Status::Invalid(kUnsupportedSql, "OVER over an updating query is not supported yet", "use it before the aggregation").WithSpan(query.span);
  PreProjection before;
  for (size_t i = 0; i < input.node->schema->size(); ++i) {
    before.exprs.push_back(Expr::InputRef(static_cast<int>(i), (*input.node->schema)[i].type));
    before.names.push_back((*input.node->schema)[i].name);
  }
  plan::OverAggregateSpec over;
  std::string window_text;
  auto add_over = [&](const AstExpr& ast) -> Result<ExprPtr> {
    if (!IsAggregateName(ast.name)) return Status::Invalid(kUnsupportedSql, fmt::format("{} OVER is not supported yet", ast.name), "COUNT, SUM, AVG, MIN, MAX are").WithSpan(ast.span);
    if (!ast.over->order_by || ast.over->descending)
      return Status::Invalid(kUnsupportedSql, "OVER needs ORDER BY the event-time column, ascending", "ORDER BY ts").WithSpan(ast.over->span);
    ExprBinder binder(scope, functions_);
    std::vector<int> keys;
    for (const AstExprPtr& key : ast.over->partition_by) {
      SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, binder.Bind(*key));
      keys.push_back(before.Add(bound, fmt::format("key{}", keys.size())));
    }
    SEMEL_ASSIGN_OR_RETURN(ExprPtr order, binder.Bind(*ast.over->order_by));
    if (order->kind != plan::ExprKind::kInputRef || !order->type.is_rowtime())
      return Status::Invalid(kNotRowtime, "OVER must be ordered by an event-time column", "declare WATERMARK FOR the column in the table").WithSpan(ast.over->order_by->span);
    std::string text = fmt::format("{}/{}", order->input, ast.over->rows);
    for (int key : keys) text += fmt::format("/{}", key);
    if (!window_text.empty() && text != window_text)
      return Status::Invalid(kUnsupportedSql, "all OVER clauses of a SELECT must be the same", "use one partition and order, or a sub-query").WithSpan(ast.over->span);
    window_text = text;
    over.keys = keys;
    over.rowtime = order->input;
    over.frame = ast.over->rows ? plan::FrameKind::kRowsUnboundedPreceding : plan::FrameKind::kRangeUnboundedPreceding;
    ExprPtr argument;
    if (!(ast.args.size() == 1 && ast.args[0]->kind == AstKind::kStar)) {
      if (ast.args.size() != 1) return Status::Invalid(kTypeMismatch, fmt::format("{} takes one argument", ast.name), "SUM(amount)").WithSpan(ast.span);
      SEMEL_ASSIGN_OR_RETURN(argument, binder.Bind(*ast.args[0]));
    }
    SEMEL_ASSIGN_OR_RETURN(AggregateCall call, MakeAggregate(ast, argument));
    if (argument) call.argument = before.Add(argument, fmt::format("arg{}", over.aggregates.size()));
    over.aggregates.push_back(call);
    return Expr::InputRef(-static_cast<int>(over.aggregates.size()), call.type, ast.span);  // placed below
  };
  ExprBinder::Hook hook = [&](const AstExpr& ast) -> Result<std::optional<ExprPtr>> {
    if (!ast.over) return std::optional<ExprPtr>();
    SEMEL_ASSIGN_OR_RETURN(ExprPtr bound, add_over(ast));
    return std::optional<ExprPtr>(bound);
  };
  std::vector<ExprPtr> outputs;
  std::vector<std::string> names;
  for (size_t i = 0; i < items.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(scope, functions_, hook).Bind(*items[i].expr));
    outputs.push_back(std::move(expr));
    names.push_back(ItemName(items[i], i));
  }
  const int first_aggregate = static_cast<int>(before.exprs.size());
  std::function<ExprPtr(const ExprPtr&)> place = [&](const ExprPtr& expr) -> ExprPtr {
    auto copy = std::make_shared<Expr>(*expr);
    if (copy->kind == plan::ExprKind::kInputRef && copy->input < 0) copy->input = first_aggregate - copy->input - 1;
    for (ExprPtr& arg : copy->args) arg = place(arg);
    return copy;
  };
  for (ExprPtr& output : outputs) output = place(output);
  PhysicalPtr calc = MakeCalc(input.node, nullptr, before.exprs, before.names);
  PhysicalPtr exchange = MakeNode(plan::ExchangeSpec{over.keys}, {calc}, calc->schema, calc->mode);
  std::vector<columnar::Field> results;
  for (size_t c = 0; c < over.aggregates.size(); ++c) results.push_back({fmt::format("{}{}", over.aggregates[c].name, c), over.aggregates[c].type});
  PhysicalPtr node = MakeNode(over, {exchange}, Append(*calc->schema, std::move(results)));
  return Unqualified(MakeCalc(node, nullptr, std::move(outputs), std::move(names)));
}

Result<PhysicalPtr> QueryPlanner::PlanInsert(const Statement& s) {
  SEMEL_ASSIGN_OR_RETURN(const TableDefinition* target, session_.FindTable(s.name, s.name_span));
  SEMEL_RETURN_IF_ERROR(session_.CheckOptions(*target, false));
  SEMEL_ASSIGN_OR_RETURN(Relation query, PlanQuery(*s.query));
  const Schema& table = target->table->physical;
  const Schema& found = *query.node->schema;
  std::vector<int> places(table.size(), -1);
  if (s.insert_columns.empty()) {
    for (size_t i = 0; i < std::min(table.size(), found.size()); ++i) places[i] = static_cast<int>(i);
  }
  for (size_t i = 0; i < s.insert_columns.size(); ++i) {
    const int at = table.Find(s.insert_columns[i]);
    if (at < 0) return Status::Invalid(kUnknownColumn, fmt::format("'{}' has no column '{}'", target->table->name, s.insert_columns[i]), table.ToString()).WithSpan(s.name_span);
    places[static_cast<size_t>(at)] = static_cast<int>(i);
  }
  const size_t wanted = s.insert_columns.empty() ? table.size() : s.insert_columns.size();
  if (found.size() != wanted)
    return Status::Invalid(kColumnCount, fmt::format("'{}' takes {} columns, the query has {}", target->table->name, wanted, found.size()),
                           fmt::format("the table is {}", table.ToString()))
        .WithSpan(s.name_span);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < table.size(); ++i) {
    const DataType& to = table[i].type;
    names.push_back(table[i].name);
    if (places[i] < 0) {
      projections.push_back(Expr::Literal(columnar::NullColumn(to.WithNullable(true), 1)));
      continue;
    }
    const DataType& from = found[static_cast<size_t>(places[i])].type;
    if (!CanStoreAs(from, to))
      return Status::Invalid(kTypeMismatch, fmt::format("column '{}' is {}, the query gives {}", table[i].name, to.ToString(), from.ToString()), "CAST it in the query").WithSpan(s.query->span);
    projections.push_back(CoerceTo(Expr::InputRef(places[i], from), to));
  }
  PhysicalPtr input = MakeCalc(query.node, nullptr, std::move(projections), std::move(names));
  const connectors::Connector* connector = session_.connectors().Find(target->table->connector);
  auto accepts = [connector](const char* kind) {
    return std::find(connector->accepts_changelog.begin(), connector->accepts_changelog.end(), kind) != connector->accepts_changelog.end();
  };
  if ((input->mode.update_after && !accepts("UA")) || (input->mode.deletes && !accepts("D")))
    return Status::Invalid(kUpdatingIntoAppend, fmt::format("'{}' does not support consuming update changes of this query", target->table->name),
                           "aggregate per window (TUMBLE) or with OVER, whose results are final")
        .WithSpan(s.name_span);
  return MakeNode(plan::SinkSpec{target->table}, {input}, input->schema, input->mode);
}

}  // namespace semel::sql
