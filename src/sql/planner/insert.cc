// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// INSERT INTO: the query's columns brought to the table's types by position, and what the sink takes of a changelog.
#include <algorithm>

#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"
#include "sql/planner/query_planner.h"

namespace semel::sql {

using columnar::DataType;
using columnar::Schema;
using plan::Expr;
using plan::ExprPtr;
using plan::PhysicalPtr;

namespace {

bool IsNullLiteral(const PhysicalPtr& node, int column) {
  const auto* calc = std::get_if<plan::CalcSpec>(&node->spec);
  if (calc == nullptr) return false;
  const Expr& expr = *calc->projections[static_cast<size_t>(column)];
  return expr.kind == plan::ExprKind::kLiteral && expr.literal->IsNull(0);
}

// The select item of a column where it can be told, else the table's name.
SourceSpan ItemSpan(const Statement& s, int column) {
  const std::vector<AstSelectItem>& items = s.query->items;
  for (const AstSelectItem& item : items)
    if (item.expr->kind == AstKind::kStar) return item.expr->span;
  return column >= 0 && static_cast<size_t>(column) < items.size() ? items[static_cast<size_t>(column)].expr->span
                                                                   : s.name_span;
}

// For each column of the table the column of the query, −1 for none.
Result<std::vector<int>> PlaceColumns(const Statement& s, const TableDefinition& target, size_t found) {
  const Schema& table = target.table->physical;
  std::vector<int> places(table.size(), -1);
  if (s.insert_columns.empty()) {
    for (size_t i = 0; i < std::min(table.size(), found); ++i) places[i] = static_cast<int>(i);
  }
  for (size_t i = 0; i < s.insert_columns.size(); ++i) {
    const int at = table.Find(s.insert_columns[i]);
    if (at < 0)
      return Status::Invalid(kUnknownColumn,
                             fmt::format("'{}' has no column '{}'", target.table->name, s.insert_columns[i]),
                             table.ToString())
          .WithSpan(s.insert_column_spans[i]);
    if (places[static_cast<size_t>(at)] >= 0)
      return Status::Invalid(kDuplicateName, fmt::format("column '{}' is named twice", s.insert_columns[i]),
                             "name each column once")
          .WithSpan(s.insert_column_spans[i]);
    places[static_cast<size_t>(at)] = static_cast<int>(i);
  }
  const size_t wanted = s.insert_columns.empty() ? table.size() : s.insert_columns.size();
  if (found != wanted)
    return Status::Invalid(kColumnCount,
                           fmt::format("'{}' takes {} columns, the query has {}", target.table->name, wanted, found),
                           fmt::format("the table is {}", table.ToString()))
        .WithSpan(s.name_span);
  return places;
}

// A table that was looked up is known by the columns that the INSERT names, in its order: what others add to it, or
// move about in it, is none of the script's business.
plan::TablePtr WithListedColumns(const Statement& s, const plan::TablePtr& table) {
  auto listed = std::make_shared<plan::TableDescriptor>(*table);
  listed->physical.fields.clear();
  for (const std::string& name : s.insert_columns)
    listed->physical.fields.push_back(table->physical[static_cast<size_t>(table->physical.Find(name))]);
  return listed;
}

// What the column gets: the query's column `place` (−1: NULL) as the column's type.
Result<ExprPtr> ColumnValue(const Statement& s, const PhysicalPtr& query, const columnar::Field& column, int place) {
  const bool is_null = place < 0 || IsNullLiteral(query, place);
  if (is_null && !column.type.nullable())
    return Status::Invalid(kTypeMismatch, fmt::format("column '{}' is NOT NULL and gets no value", column.name),
                           "insert a value into it")
        .WithSpan(ItemSpan(s, place));
  if (place < 0) return Expr::Literal(columnar::NullColumn(column.type.WithNullable(true), 1));
  const DataType& from = (*query->schema)[static_cast<size_t>(place)].type;
  if (!CanStoreAs(from, column.type))
    return Status::Invalid(kTypeMismatch,
                           fmt::format("column '{}' is {}, the query gives {}", column.name, column.type.ToString(),
                                       from.ToString()),
                           "CAST it in the query")
        .WithSpan(ItemSpan(s, place));
  return CoerceTo(Expr::InputRef(place, from), column.type);
}

// The changes that reach the sink. Invalid: the sink cannot take those of the query.
Result<plan::ChangelogMode> TakenChanges(const Statement& s, const connectors::Connector& connector,
                                         const TableDefinition& target, plan::ChangelogMode mode) {
  auto accepts = [&connector](const char* kind) {
    return std::find(connector.accepts_changelog.begin(), connector.accepts_changelog.end(), kind) !=
           connector.accepts_changelog.end();
  };
  if ((mode.update_after && !accepts("UA")) || (mode.deletes && !accepts("D")))
    return Status::Invalid(
               kUpdatingIntoAppend,
               fmt::format("'{}' does not support consuming update changes of this query", target.table->name),
               "aggregate per window (TUMBLE) or with OVER, whose results are final")
        .WithSpan(s.name_span);
  mode.update_before = mode.update_before && accepts("UB");  // an upsert sink needs no retraction of the old row
  return mode;
}

}  // namespace

Result<PhysicalPtr> QueryPlanner::PlanInsert(const Statement& s) {
  SEMEL_ASSIGN_OR_RETURN(const TableDefinition* target, session_.FindTable(s.name, s.name_span));
  SEMEL_RETURN_IF_ERROR(session_.CheckOptions(*target, false));
  SEMEL_ASSIGN_OR_RETURN(Relation query, PlanQuery(*s.query));
  for (const auto& column : target->table->metadata)
    if (!column.is_virtual)
      return Status::Invalid(kUnsupportedSql,
                             fmt::format("writing the metadata column '{}' is not supported yet", column.name),
                             "declare it VIRTUAL to read it only")
          .WithSpan(s.name_span);
  SEMEL_ASSIGN_OR_RETURN(std::vector<int> places, PlaceColumns(s, *target, query.node->schema->size()));
  const Schema& table = target->table->physical;
  std::vector<ExprPtr> values;
  for (size_t i = 0; i < table.size(); ++i) {
    SEMEL_ASSIGN_OR_RETURN(values.emplace_back(), ColumnValue(s, query.node, table[i], places[i]));
  }
  const bool only_listed = target->is_looked_up && !s.insert_columns.empty();
  const plan::TablePtr written = only_listed ? WithListedColumns(s, target->table) : target->table;
  std::vector<ExprPtr> projections;
  std::vector<std::string> names;
  for (const columnar::Field& field : written->physical.fields) {
    projections.push_back(values[static_cast<size_t>(table.Find(field.name))]);
    names.push_back(field.name);
  }
  PhysicalPtr input = MakeCalc(query.node, nullptr, std::move(projections), std::move(names));
  const connectors::Connector* connector = session_.connectors().Find(target->table->connector);
  SEMEL_ASSIGN_OR_RETURN(plan::ChangelogMode taken, TakenChanges(s, *connector, *target, input->mode));
  return MakeNode(plan::SinkSpec{written}, {input}, input->schema, taken);
}

}  // namespace semel::sql
