// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Nodes and calcs: the pieces that planning and rewriting share.
#include "sql/planner/query_planner.h"

namespace semel::sql {

using plan::Expr;
using plan::ExprKind;
using plan::ExprPtr;
using plan::PhysicalPtr;

PhysicalPtr MakeNode(plan::OperatorSpec spec, std::vector<PhysicalPtr> inputs, columnar::SchemaPtr schema, plan::ChangelogMode mode) {
  auto node = std::make_shared<plan::PhysicalNode>();
  node->spec = std::move(spec);
  node->inputs = std::move(inputs);
  node->schema = std::move(schema);
  node->mode = mode;
  return node;
}

ExprPtr Substitute(const ExprPtr& expr, const std::vector<ExprPtr>& with) {
  if (expr->kind == ExprKind::kInputRef) return with[static_cast<size_t>(expr->input)];
  if (expr->args.empty()) return expr;
  auto copy = std::make_shared<Expr>(*expr);
  for (ExprPtr& arg : copy->args) arg = Substitute(arg, with);
  return copy;
}

std::vector<ExprPtr> IdentityProjections(const columnar::Schema& schema) {
  std::vector<ExprPtr> projections;
  for (size_t i = 0; i < schema.size(); ++i) projections.push_back(Expr::InputRef(static_cast<int>(i), schema[i].type));
  return projections;
}

void CollectInputs(const ExprPtr& expr, std::vector<bool>& used) {
  if (!expr) return;
  if (expr->kind == ExprKind::kInputRef) used[static_cast<size_t>(expr->input)] = true;
  for (const ExprPtr& arg : expr->args) CollectInputs(arg, used);
}

PhysicalPtr MakeCalc(PhysicalPtr input, ExprPtr condition, std::vector<ExprPtr> projections, std::vector<std::string> names) {
  if (const auto* below = std::get_if<plan::CalcSpec>(&input->spec)) {
    if (condition) condition = Substitute(condition, below->projections);
    for (ExprPtr& projection : projections) projection = Substitute(projection, below->projections);
    if (below->condition)
      condition = condition ? Expr::Special(ExprKind::kAnd, {below->condition, condition}, columnar::DataType::Boolean()) : below->condition;
    input = input->inputs[0];
  }
  auto schema = std::make_shared<columnar::Schema>();
  bool identity = !condition && projections.size() == input->schema->size();
  for (size_t i = 0; i < projections.size(); ++i) {
    schema->fields.push_back({names[i], projections[i]->type});
    identity = identity && projections[i]->kind == ExprKind::kInputRef && projections[i]->input == static_cast<int>(i) &&
               names[i] == (*input->schema)[i].name;
  }
  if (identity) return input;
  const plan::ChangelogMode mode = input->mode;
  return MakeNode(plan::CalcSpec{std::move(condition), std::move(projections)}, {std::move(input)}, std::move(schema), mode);
}

}  // namespace semel::sql
