// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Queries → trees of physical nodes.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "functions/api/registry.h"
#include "plan/physical.h"
#include "sql/binder/expr_binder.h"
#include "sql/planner/session.h"

namespace semel::sql {

// A planned relation: its node, who the columns belong to, and the window that is attached to it, if any.
struct Relation {
  plan::PhysicalPtr node;
  std::vector<std::string> qualifiers;  // one per column
  // The node is `origin` or one Calc above it.
  struct Window {
    plan::WindowSpec spec;       // rowtime: column of `origin`
    plan::PhysicalPtr origin;    // the window function or the window aggregation
    plan::PhysicalPtr base;      // the function's input, whose columns come first in origin; null above an aggregation
    std::array<int, 3> columns;  // window_start, window_end, window_time in `node`; -1: not selected
  };
  std::optional<Window> window;
};

// Plans the queries of one script. Tables read twice share one scan. One strand.
class QueryPlanner {
 public:
  QueryPlanner(Session& session, const functions::Registry& functions) : session_(session), functions_(functions) {}

  Result<Relation> PlanQuery(const AstQuery& query);
  // A definition has changed: views are planned anew when they are used next.
  void ForgetViews() { named_.clear(); }
  // INSERT INTO: the query's columns brought to the table's types by position.
  Result<plan::PhysicalPtr> PlanInsert(const Statement& s);
  // Plans a view's query; an error belongs to the definition, not to its first use.
  Status CheckView(const Statement& s);
  // Binds the computed columns and the watermark of a table that was just created.
  Status CheckTable(const Statement& s);
  // The columns of a table or view as a query sees them, computed ones included.
  Result<columnar::Schema> DescribeTable(const std::vector<std::string>& name, SourceSpan span);

 private:
  Result<Relation> PlanFrom(const AstFrom& from);
  Result<Relation> PlanTable(const std::vector<std::string>& name, SourceSpan span);
  Result<Relation> PlanTumble(const AstFrom& from);
  Result<Relation> PlanUnion(const AstQuery& query);
  Result<Relation> PlanSelect(const AstQuery& query);
  Result<Relation> PlanProjection(const AstQuery& query, Relation input);
  // The relation with its first columns renamed; `names` empty: as it is.
  Result<Relation> RenameColumns(Relation relation, const std::vector<std::string>& names, SourceSpan span);
  Result<Relation> PlanNamed(const AstQueryPtr& query, std::vector<std::pair<std::string, AstQueryPtr>> visible);
  Result<plan::PhysicalPtr> PlanSource(const TableDefinition& definition);
  Result<plan::PhysicalPtr> PlanScan(const TableDefinition& definition);
  Result<plan::PhysicalPtr> PlanWatermark(const TableDefinition& definition, plan::PhysicalPtr node);
  Result<std::vector<AstSelectItem>> ExpandStars(const AstQuery& query, const Relation& input);

  Session& session_;
  const functions::Registry& functions_;
  std::map<plan::TablePtr, plan::PhysicalPtr> sources_;
  std::map<AstQueryPtr, Relation> named_;                  // views and WITH queries, planned once
  std::vector<std::pair<std::string, AstQueryPtr>> with_;  // those in scope
  int depth_ = 0;
};

// Building blocks shared with the rewriting passes.
plan::PhysicalPtr MakeNode(plan::OperatorSpec spec, std::vector<plan::PhysicalPtr> inputs, columnar::SchemaPtr schema,
                           plan::ChangelogMode mode = {});
// Filter and projection over a node; two in a row become one.
plan::PhysicalPtr MakeCalc(plan::PhysicalPtr input, plan::ExprPtr condition, std::vector<plan::ExprPtr> projections,
                           std::vector<std::string> names);
// The expression with every InputRef i replaced by with[i].
plan::ExprPtr Substitute(const plan::ExprPtr& expr, const std::vector<plan::ExprPtr>& with);
std::vector<plan::ExprPtr> IdentityProjections(const columnar::Schema& schema);
void CollectInputs(const plan::ExprPtr& expr, std::vector<bool>& used);
Scope ScopeOf(const Relation& relation);
// A relation whose columns belong to the table of that name, or to none.
Relation Unqualified(plan::PhysicalPtr node, const std::string& qualifier = {});
// Filter and projection over a relation; its window stays attached as far as its columns are selected.
Relation Project(const Relation& input, plan::ExprPtr condition, std::vector<plan::ExprPtr> projections,
                 std::vector<std::string> names);
// The name of an unnamed select item is that of its column, else EXPR$n.
std::string ItemName(const AstSelectItem& item, size_t index);
columnar::SchemaPtr AppendFields(const columnar::Schema& schema, std::vector<columnar::Field> more);
// window_start, window_end, window_time for an event time of this type.
std::vector<columnar::Field> WindowFields(const columnar::DataType& rowtime);

}  // namespace semel::sql
