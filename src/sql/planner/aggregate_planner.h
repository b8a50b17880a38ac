// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// GROUP BY → an aggregation per window or a changelog, and what it shares with OVER.
#pragma once

#include <string>
#include <vector>

#include "sql/planner/query_planner.h"

namespace semel::sql {

// Collects expressions that are computed before an operator, each once.
struct PreProjection {
  std::vector<plan::ExprPtr> exprs;
  std::vector<std::string> names;
  int Add(const plan::ExprPtr& expr, const std::string& name);
};

// The call with its result type, argument and filter not yet placed; `argument` is null for COUNT(*). Types as in Flink
// (LogicalTypeMerging.findSumAggType, findAvgAggType): COUNT BIGINT NOT NULL; SUM of DECIMAL(p, s) is DECIMAL(38, s),
// of others their own; AVG of integers their own type, of DECIMAL(p, s) DECIMAL(38, max(s, 6)).
Result<plan::AggregateCall> ResolveAggregate(const AstExpr& ast, const plan::ExprPtr& argument);

// Binds the one argument of an aggregate call; null for COUNT(*).
Result<plan::ExprPtr> BindAggregateArgument(const AstExpr& ast, ExprBinder& binder);

// Plans one grouped SELECT over its input (WHERE is applied already). Used once.
class AggregatePlanner {
 public:
  AggregatePlanner(const AstQuery& query, const std::vector<AstSelectItem>& items, Relation input,
                   const functions::Registry& functions)
      : query_(query), items_(items), input_(std::move(input)), functions_(functions), scope_(ScopeOf(input_)) {}
  Result<Relation> Plan();

 private:
  Status BindGroup();
  // Which of window_start, window_end, window_time the expression is; -1: none.
  int WindowPart(const plan::ExprPtr& expr) const;
  Result<plan::ExprPtr> AddCall(const AstExpr& ast);
  Result<std::optional<plan::ExprPtr>> Hook(const AstExpr& ast);
  plan::ExprPtr Place(const plan::ExprPtr& expr) const;
  columnar::SchemaPtr KeysAndCalls() const;
  plan::PhysicalPtr WindowInput(plan::WindowSpec& window);
  plan::PhysicalPtr MakeWindowAggregate();
  Result<plan::PhysicalPtr> MakeGroupAggregate();

  const AstQuery& query_;
  const std::vector<AstSelectItem>& items_;
  Relation input_;
  const functions::Registry& functions_;
  const Scope scope_;
  std::vector<plan::ExprPtr> group_;
  std::vector<int> key_outputs_;  // where a group key stands in the aggregation's output; window parts: unused
  bool grouped_window_[3] = {false, false, false};
  bool windowed_ = false;
  PreProjection before_;
  std::vector<int> keys_;
  std::vector<plan::AggregateCall> calls_;
  std::vector<std::string> call_texts_;
};

}  // namespace semel::sql
