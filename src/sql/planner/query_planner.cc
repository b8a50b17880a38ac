// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/query_planner.h"

#include <algorithm>

#include "base/text.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"
#include "sql/planner/aggregate_planner.h"
#include "sql/planner/over_planner.h"

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

constexpr int kMaxPlanDepth = 150;

}  // namespace

Relation Unqualified(PhysicalPtr node, const std::string& qualifier) {
  Relation relation;
  relation.qualifiers.assign(node->schema->size(), qualifier);
  relation.node = std::move(node);
  return relation;
}

Result<Relation> QueryPlanner::PlanQuery(const AstQuery& query) {
  if (++depth_ > kMaxPlanDepth)
    return Status::Invalid(kUnsupportedSql, "queries and views nest too deeply", "write fewer levels")
        .WithSpan(query.span);
  const size_t in_scope = with_.size();
  with_.insert(with_.end(), query.with.begin(), query.with.end());
  Result<Relation> relation = query.union_all.empty() ? PlanSelect(query) : PlanUnion(query);
  with_.resize(in_scope);
  --depth_;
  return relation;
}

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
      return Status::Invalid(kColumnCount, fmt::format("UNION ALL of {} and {} columns", types.size(), schema.size()),
                             "select the same columns in both")
          .WithSpan(query.union_all[p]->span);
    for (size_t i = 0; i < types.size(); ++i) {
      const std::optional<DataType> common = CommonType(types[i], schema[i].type);
      if (!common)
        return Status::Invalid(
                   kTypeMismatch,
                   fmt::format("column {} is {} and {}", i + 1, types[i].ToString(), schema[i].type.ToString()),
                   "CAST one of them")
            .WithSpan(query.union_all[p]->span);
      types[i] = common->WithRowtime(types[i].is_rowtime() && schema[i].type.is_rowtime());
    }
  }
  std::vector<PhysicalPtr> inputs;
  std::vector<std::string> names;
  auto schema = std::make_shared<Schema>();
  plan::ChangelogMode mode;
  for (size_t i = 0; i < types.size(); ++i)
    names.push_back(first[i].name), schema->fields.push_back({first[i].name, types[i]});
  for (Relation& part : parts) {
    std::vector<ExprPtr> projections = IdentityProjections(*part.node->schema);
    for (size_t i = 0; i < projections.size(); ++i) projections[i] = CoerceTo(projections[i], types[i]);
    mode.update_before |= part.node->mode.update_before, mode.update_after |= part.node->mode.update_after,
        mode.deletes |= part.node->mode.deletes;
    inputs.push_back(MakeCalc(part.node, nullptr, std::move(projections), names));
  }
  return Unqualified(MakeNode(plan::UnionSpec{}, std::move(inputs), std::move(schema), mode));
}

// Scan and computed columns, in declared order.
Result<PhysicalPtr> QueryPlanner::PlanScan(const TableDefinition& definition) {
  const plan::TableDescriptor& table = *definition.table;
  plan::ScanSpec scan;
  scan.table = definition.table;
  auto scanned = std::make_shared<Schema>();
  for (size_t i = 0; i < table.physical.size(); ++i) {
    scan.columns.push_back(static_cast<int>(i));
    scanned->fields.push_back(table.physical[i]);
  }
  for (size_t i = 0; i < table.metadata.size(); ++i) {
    scan.metadata.push_back(static_cast<int>(i));
    scanned->fields.push_back({table.metadata[i].name, table.metadata[i].type});
  }
  PhysicalPtr node = MakeNode(std::move(scan), {}, scanned);
  const Relation relation = Unqualified(node, table.name);
  const Scope scope = ScopeOf(relation);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (const AstColumn& column : definition.columns) {
    names.push_back(column.name);
    if (column.kind == AstColumn::Kind::kComputed) {
      SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(scope, functions_).Bind(*column.expr));
      if (expr->type.kind() == TypeKind::kNull)
        return Status::Invalid(kTypeMismatch, "an untyped NULL cannot be a column", "CAST(NULL AS …)")
            .WithSpan(column.span);
      projections.push_back(std::move(expr));
      continue;
    }
    const int at = scanned->Find(column.name);
    ExprPtr value = Expr::InputRef(at, (*scanned)[static_cast<size_t>(at)].type);
    projections.push_back(column.kind == AstColumn::Kind::kMetadata ? CoerceTo(value, column.type) : value);
  }
  return MakeCalc(node, nullptr, std::move(projections), std::move(names));
}

Result<PhysicalPtr> QueryPlanner::PlanSource(const TableDefinition& definition) {
  if (auto it = sources_.find(definition.table); it != sources_.end()) return it->second;
  SEMEL_RETURN_IF_ERROR(session_.CheckOptions(definition, true));
  SEMEL_ASSIGN_OR_RETURN(PhysicalPtr node, PlanScan(definition));
  SEMEL_ASSIGN_OR_RETURN(node, PlanWatermark(definition, std::move(node)));
  return sources_[definition.table] = node;
}

Result<PhysicalPtr> QueryPlanner::PlanWatermark(const TableDefinition& definition, PhysicalPtr node) {
  if (!definition.watermark) return node;
  const SourceSpan place = definition.watermark->span;
  const int rowtime = node->schema->Find(definition.watermark_column);
  std::vector<std::string> columns;
  for (const columnar::Field& field : node->schema->fields) columns.push_back(field.name);
  const std::string near = NearestName(definition.watermark_column, columns);
  if (rowtime < 0)
    return Status::Invalid(kUnknownColumn,
                           fmt::format("WATERMARK FOR '{}': there is no such column", definition.watermark_column),
                           near.empty() ? "name a column of the table" : fmt::format("did you mean `{}`?", near))
        .WithSpan(definition.watermark_span);
  const DataType& type = (*node->schema)[static_cast<size_t>(rowtime)].type;
  if (!type.is_time_point() || type.precision() > 3)
    return Status::Invalid(kNotRowtime,
                           fmt::format("event time must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), '{}' is {}",
                                       definition.watermark_column, type.ToString()),
                           type.is_time_point() ? "declare it with at most 3 digits"
                                                : "name a column with the time, or compute one: ts AS "
                                                  "TO_TIMESTAMP(text)")
        .WithSpan(definition.watermark_span);
  const Relation relation = Unqualified(node, definition.table->name);
  const Scope scope = ScopeOf(relation);
  SEMEL_ASSIGN_OR_RETURN(ExprPtr watermark, ExprBinder(scope, functions_).Bind(*definition.watermark));
  if (watermark->type.kind() != type.kind())
    return Status::Invalid(
               kNotRowtime,
               fmt::format("the watermark of a {} column is {}", type.ToString(), watermark->type.ToString()),
               fmt::format("write {} - INTERVAL '5' SECOND", definition.watermark_column))
        .WithSpan(place);
  auto schema = std::make_shared<Schema>(*node->schema);
  schema->fields[static_cast<size_t>(rowtime)].type = type.WithRowtime(true);
  return MakeNode(plan::WatermarkSpec{rowtime, std::move(watermark)}, {node}, std::move(schema));
}

Status QueryPlanner::CheckView(const Statement& s) {
  SEMEL_ASSIGN_OR_RETURN(Relation relation, PlanQuery(*s.query));
  return RenameColumns(std::move(relation), s.view_columns, s.name_span).status();
}

Status QueryPlanner::CheckTable(const Statement& s) {
  const TableDefinition& definition = session_.DefinedBy(s);
  SEMEL_ASSIGN_OR_RETURN(PhysicalPtr node, PlanScan(definition));
  return PlanWatermark(definition, std::move(node)).status();
}

Result<Relation> QueryPlanner::RenameColumns(Relation relation, const std::vector<std::string>& names,
                                             SourceSpan span) {
  if (names.empty()) return relation;
  if (names.size() != relation.node->schema->size())
    return Status::Invalid(kColumnCount,
                           fmt::format("{} names for {} columns", names.size(), relation.node->schema->size()),
                           fmt::format("the columns are {}", relation.node->schema->ToString()))
        .WithSpan(span);
  for (size_t i = 0; i < names.size(); ++i)
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i))
      return Status::Invalid(kDuplicateName, fmt::format("column '{}' is named twice", names[i]), "rename one of them")
          .WithSpan(span);
  std::vector<std::string> qualifiers = relation.qualifiers;
  Relation renamed = Project(relation, nullptr, IdentityProjections(*relation.node->schema), names);
  renamed.qualifiers = std::move(qualifiers);
  return renamed;
}

// A view or WITH query: planned once, in the scope of its definition.
Result<Relation> QueryPlanner::PlanNamed(const AstQueryPtr& query,
                                         std::vector<std::pair<std::string, AstQueryPtr>> visible) {
  if (auto it = named_.find(query); it != named_.end()) return it->second;
  with_.swap(visible);
  Result<Relation> relation = PlanQuery(*query);
  with_.swap(visible);
  if (relation.ok()) named_.emplace(query, *relation);
  return relation;
}

Result<Relation> QueryPlanner::PlanTable(const std::vector<std::string>& name, SourceSpan span) {
  std::optional<Result<Relation>> named;
  for (size_t i = with_.size(); i > 0 && name.size() == 1 && !named; --i)
    if (with_[i - 1].first == name[0])
      named = PlanNamed(with_[i - 1].second, {with_.begin(), with_.begin() + static_cast<ptrdiff_t>(i) - 1});
  if (const ViewDefinition* view = named ? nullptr : session_.FindView(name)) {
    Namespace outer = session_.Enter(view->where);
    named = PlanNamed(view->query, {});
    if (named->ok()) named = RenameColumns(*std::move(*named), view->columns, span);
    session_.Enter(std::move(outer));
  }
  if (named) {
    if (named->ok()) (*named)->qualifiers.assign((*named)->node->schema->size(), name.back());
    return *named;
  }
  SEMEL_ASSIGN_OR_RETURN(const TableDefinition* definition, session_.FindTable(name, span));
  SEMEL_ASSIGN_OR_RETURN(PhysicalPtr node, PlanSource(*definition));
  return Unqualified(std::move(node), name.back());
}

Result<Schema> QueryPlanner::DescribeTable(const std::vector<std::string>& name, SourceSpan span) {
  if (session_.FindView(name) != nullptr) {
    SEMEL_ASSIGN_OR_RETURN(Relation relation, PlanTable(name, span));
    return *relation.node->schema;
  }
  SEMEL_ASSIGN_OR_RETURN(const TableDefinition* definition, session_.FindTable(name, span));
  SEMEL_ASSIGN_OR_RETURN(PhysicalPtr node, PlanScan(*definition));
  return *node->schema;
}

Result<Relation> QueryPlanner::PlanTumble(const AstFrom& from) {
  SEMEL_ASSIGN_OR_RETURN(Relation base, PlanTable(from.table, from.span));
  plan::WindowSpec window;
  window.rowtime = base.node->schema->Find(from.rowtime);
  if (window.rowtime < 0 || !(*base.node->schema)[static_cast<size_t>(window.rowtime)].type.is_rowtime())
    return Status::Invalid(kNotRowtime, fmt::format("'{}' is no event-time column", from.rowtime),
                           "declare WATERMARK FOR it in the table")
        .WithSpan(from.span);
  if (!base.node->mode.append_only())
    return Status::Invalid(kUnsupportedSql, "a window over an updating query is not supported yet",
                           "aggregate per window first")
        .WithSpan(from.span);
  const DataType rowtime = (*base.node->schema)[static_cast<size_t>(window.rowtime)].type;
  const auto zone = session_.settings.find("table.local-time-zone");
  if (rowtime.kind() == TypeKind::kTimestampLtz && (zone == session_.settings.end() || zone->second != "UTC"))
    return Status::Invalid(kUnsupportedSql, "windows on TIMESTAMP_LTZ in a zone other than UTC are not supported yet",
                           "SET 'table.local-time-zone' = 'UTC', or declare the event time as TIMESTAMP(3)")
        .WithSpan(from.span);
  SEMEL_ASSIGN_OR_RETURN(window.size_micros, IntervalMicros(*from.size));
  if (from.offset) {
    SEMEL_ASSIGN_OR_RETURN(window.offset_micros, IntervalMicros(*from.offset));
  }
  if (window.size_micros <= 0 || window.size_micros % 1000 != 0)
    return Status::Invalid(kTypeMismatch, "a window needs a size of whole milliseconds, at least one",
                           "INTERVAL '10' SECOND")
        .WithSpan(from.size->span);
  if (window.offset_micros % 1000 != 0 || std::abs(window.offset_micros) >= window.size_micros)
    return Status::Invalid(kTypeMismatch, "a window's offset is whole milliseconds and smaller than its size",
                           "INTERVAL '1' SECOND")
        .WithSpan(from.offset->span);
  // The old rowtime is an ordinary column behind a window function; window_time takes its place.
  auto schema = std::make_shared<Schema>(*base.node->schema);
  for (columnar::Field& field : schema->fields) field.type = field.type.WithRowtime(false);
  const int at = static_cast<int>(schema->size());
  Relation relation;
  relation.node = MakeNode(plan::WindowTableFunctionSpec{window}, {base.node},
                           AppendFields(*schema, WindowFields(rowtime)), base.node->mode);
  relation.window = Relation::Window{window, relation.node, base.node, {at, at + 1, at + 2}};
  relation.qualifiers = base.qualifiers;
  relation.qualifiers.resize(relation.node->schema->size(), from.table.back());
  return relation;
}

Result<Relation> QueryPlanner::PlanFrom(const AstFrom& from) {
  Result<Relation> relation = from.kind == AstFromKind::kQuery    ? PlanQuery(*from.query)
                              : from.kind == AstFromKind::kTumble ? PlanTumble(from)
                                                                  : PlanTable(from.table, from.span);
  if (!relation.ok() || from.alias.empty()) return relation;
  relation->qualifiers.assign(relation->qualifiers.size(), from.alias);
  return RenameColumns(std::move(relation).value(), from.column_aliases, from.span);
}

Result<std::vector<AstSelectItem>> QueryPlanner::ExpandStars(const AstQuery& query, const Relation& input) {
  std::vector<AstSelectItem> items;
  for (const AstSelectItem& item : query.items) {
    if (item.expr->kind != AstKind::kStar) {
      items.push_back(item);
      continue;
    }
    const size_t before = items.size();
    for (size_t i = 0; i < input.node->schema->size(); ++i) {
      if (!item.expr->parts.empty() && input.qualifiers[i] != item.expr->parts.back()) continue;
      auto column = std::make_shared<AstExpr>();
      column->kind = AstKind::kColumn;
      column->span = item.expr->span;
      column->parts = {(*input.node->schema)[i].name};
      items.push_back({column, {}});
    }
    if (items.size() == before)
      return Status::Invalid(kUnknownTable,
                             fmt::format("'{}.*': there is no such table in FROM", Join(item.expr->parts, ".")),
                             "use the table's alias")
          .WithSpan(item.expr->span);
  }
  return items;
}

Result<Relation> QueryPlanner::PlanSelect(const AstQuery& query) {
  if (!query.from)
    return Status::Invalid(kUnsupportedSql, "SELECT without FROM is not supported yet", "select from a table")
        .WithSpan(query.span);
  SEMEL_ASSIGN_OR_RETURN(Relation input, PlanFrom(*query.from));
  if (query.where) {
    const Scope scope = ScopeOf(input);
    SEMEL_ASSIGN_OR_RETURN(ExprPtr condition, ExprBinder(scope, functions_).BindCondition(*query.where));
    std::vector<std::string> names;
    for (const columnar::Field& field : input.node->schema->fields) names.push_back(field.name);
    const std::vector<std::string> qualifiers = input.qualifiers;
    input = Project(input, condition, IdentityProjections(*input.node->schema), std::move(names));
    input.qualifiers = qualifiers;
  }
  const bool aggregates = !query.group_by.empty() || query.having ||
                          std::any_of(query.items.begin(), query.items.end(),
                                      [](const AstSelectItem& item) { return ContainsAggregate(*item.expr); });
  const bool over = std::any_of(query.items.begin(), query.items.end(),
                                [](const AstSelectItem& item) { return ContainsOver(*item.expr); });
  if (!aggregates && !over) return PlanProjection(query, std::move(input));
  SEMEL_ASSIGN_OR_RETURN(std::vector<AstSelectItem> items, ExpandStars(query, input));
  if (aggregates) return AggregatePlanner(query, items, std::move(input), functions_).Plan();
  return OverPlanner(query, items, std::move(input), functions_).Plan();
}

Result<Relation> QueryPlanner::PlanProjection(const AstQuery& query, Relation input) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<AstSelectItem> items, ExpandStars(query, input));
  const Scope scope = ScopeOf(input);
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < items.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(ExprPtr expr, ExprBinder(scope, functions_).Bind(*items[i].expr));
    if (expr->type.kind() == TypeKind::kNull)
      return Status::Invalid(kTypeMismatch, "an untyped NULL cannot be a column", "CAST(NULL AS …)")
          .WithSpan(items[i].expr->span);
    projections.push_back(std::move(expr));
    names.push_back(ItemName(items[i], i));
  }
  return Project(input, nullptr, std::move(projections), std::move(names));
}

}  // namespace semel::sql
