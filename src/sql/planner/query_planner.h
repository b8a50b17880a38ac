// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Queries → trees of physical nodes.
#pragma once

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
  struct Window {
    plan::WindowSpec spec;
    plan::PhysicalPtr base;  // the input of the window function; its columns come first
  };
  std::optional<Window> window;
};

// Plans the queries of one script. Tables read twice share one scan. One strand.
class QueryPlanner {
 public:
  QueryPlanner(Session& session, const functions::Registry& functions) : session_(session), functions_(functions) {}

  Result<Relation> PlanQuery(const AstQuery& query);
  // INSERT INTO: the query's columns brought to the table's types by position.
  Result<plan::PhysicalPtr> PlanInsert(const Statement& s);

 private:
  Result<Relation> PlanFrom(const AstFrom& from);
  Result<Relation> PlanTable(const std::vector<std::string>& name, SourceSpan span);
  Result<Relation> PlanTumble(const AstFrom& from);
  Result<Relation> PlanUnion(const AstQuery& query);
  Result<Relation> PlanSelect(const AstQuery& query);
  Result<Relation> PlanAggregate(const AstQuery& query, Relation input);
  Result<Relation> PlanOver(const AstQuery& query, Relation input);
  Result<Relation> PlanProjection(const AstQuery& query, Relation input);
  Result<plan::PhysicalPtr> PlanSource(const TableDefinition& definition);
  Result<plan::AggregateCall> MakeAggregate(const AstExpr& ast, const plan::ExprPtr& argument);
  Result<std::vector<AstSelectItem>> ExpandStars(const AstQuery& query, const Relation& input);

  Session& session_;
  const functions::Registry& functions_;
  std::map<std::string, plan::PhysicalPtr> sources_;
  int view_depth_ = 0;
};

// Building blocks shared with the rewriting passes.
plan::PhysicalPtr MakeNode(plan::OperatorSpec spec, std::vector<plan::PhysicalPtr> inputs, columnar::SchemaPtr schema, plan::ChangelogMode mode = {});
// Filter and projection over a node; two in a row become one.
plan::PhysicalPtr MakeCalc(plan::PhysicalPtr input, plan::ExprPtr condition, std::vector<plan::ExprPtr> projections, std::vector<std::string> names);
// The expression with every InputRef i replaced by with[i].
plan::ExprPtr Substitute(const plan::ExprPtr& expr, const std::vector<plan::ExprPtr>& with);
std::vector<plan::ExprPtr> IdentityProjections(const columnar::Schema& schema);
void CollectInputs(const plan::ExprPtr& expr, std::vector<bool>& used);

}  // namespace semel::sql
