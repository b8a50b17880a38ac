// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// SELECT … aggregate(…) OVER (PARTITION BY … ORDER BY event time …) → an OVER aggregation.
#pragma once

#include <string>
#include <vector>

#include "sql/planner/aggregate_planner.h"

namespace semel::sql {

// Plans one SELECT with OVER over its input (WHERE is applied already). Used once.
class OverPlanner {
 public:
  OverPlanner(const AstQuery& query, const std::vector<AstSelectItem>& items, Relation input,
              const functions::Registry& functions)
      : query_(query), items_(items), input_(std::move(input)), functions_(functions), scope_(ScopeOf(input_)) {}
  // Invalid: an updating input, another order than the event time's, windows that differ, what is not supported yet.
  Result<Relation> Plan();

 private:
  // Sets the one window of the SELECT from the first OVER, and refuses another.
  Status BindWindow(const AstExpr& ast, ExprBinder& binder);
  // A reference to the call's result: -1 for the first one, until Place knows where they stand.
  Result<plan::ExprPtr> AddCall(const AstExpr& ast);
  Result<std::optional<plan::ExprPtr>> Hook(const AstExpr& ast);
  plan::ExprPtr Place(const plan::ExprPtr& expr) const;

  const AstQuery& query_;
  const std::vector<AstSelectItem>& items_;
  Relation input_;
  const functions::Registry& functions_;
  const Scope scope_;
  PreProjection before_;
  plan::OverAggregateSpec over_;
  std::string window_text_;
};

}  // namespace semel::sql
