// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Nodes and calcs: the pieces that planning and rewriting share.
#include <algorithm>

#include "sql/planner/query_planner.h"

namespace semel::sql {

using plan::Expr;
using plan::ExprKind;
using plan::ExprPtr;
using plan::PhysicalPtr;

PhysicalPtr MakeNode(plan::OperatorSpec spec, std::vector<PhysicalPtr> inputs, columnar::SchemaPtr schema,
                     plan::ChangelogMode mode) {
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

namespace {

constexpr size_t kSmallExpression = 2000, kMaxMergedSize = 100'000;

// Nodes of the expression after substitution, where sizes[i] stands for the input i; capped.
size_t MergedSize(const ExprPtr& expr, const std::vector<size_t>& sizes) {
  if (expr->kind == ExprKind::kInputRef) return sizes.empty() ? 1 : sizes[static_cast<size_t>(expr->input)];
  size_t size = 1;
  for (const ExprPtr& arg : expr->args) size = std::min(kMaxMergedSize + 1, size + MergedSize(arg, sizes));
  return size;
}

// Merging copies the lower expression into each use, so x + x stacked n times would become 2^n terms.
bool MergeStaysSmall(const plan::CalcSpec& below, const ExprPtr& condition, const std::vector<ExprPtr>& projections) {
  std::vector<size_t> sizes;
  size_t own = 0, merged = 0;
  for (const ExprPtr& projection : below.projections) sizes.push_back(MergedSize(projection, {}));
  for (const ExprPtr& projection : projections) {
    own += MergedSize(projection, {});
    merged += MergedSize(projection, sizes);
  }
  if (condition) own += MergedSize(condition, {}), merged += MergedSize(condition, sizes);
  for (size_t size : sizes) own += size;
  return merged <= kSmallExpression || (merged <= own && merged <= kMaxMergedSize);
}

}  // namespace

PhysicalPtr MakeCalc(PhysicalPtr input, ExprPtr condition, std::vector<ExprPtr> projections,
                     std::vector<std::string> names) {
  const auto* below = std::get_if<plan::CalcSpec>(&input->spec);
  if (below != nullptr && MergeStaysSmall(*below, condition, projections)) {
    if (condition) condition = Substitute(condition, below->projections);
    for (ExprPtr& projection : projections) projection = Substitute(projection, below->projections);
    if (below->condition)
      condition = condition
                      ? Expr::Special(ExprKind::kAnd, {below->condition, condition}, columnar::DataType::Boolean())
                      : below->condition;
    input = input->inputs[0];
  }
  auto schema = std::make_shared<columnar::Schema>();
  bool identity = !condition && projections.size() == input->schema->size();
  for (size_t i = 0; i < projections.size(); ++i) {
    schema->fields.push_back({names[i], projections[i]->type});
    identity = identity && projections[i]->kind == ExprKind::kInputRef &&
               projections[i]->input == static_cast<int>(i) && names[i] == (*input->schema)[i].name;
  }
  if (identity) return input;
  const plan::ChangelogMode mode = input->mode;
  return MakeNode(plan::CalcSpec{std::move(condition), std::move(projections)}, {std::move(input)}, std::move(schema),
                  mode);
}

Relation Project(const Relation& input, ExprPtr condition, std::vector<ExprPtr> projections,
                 std::vector<std::string> names) {
  Relation result;
  result.qualifiers.assign(projections.size(), "");
  result.window = input.window;
  if (result.window) {
    for (int& column : result.window->columns) {
      int to = -1;
      for (size_t i = 0; i < projections.size() && to < 0 && column >= 0; ++i)
        if (projections[i]->kind == ExprKind::kInputRef && projections[i]->input == column) to = static_cast<int>(i);
      column = to;
    }
  }
  result.node = MakeCalc(input.node, std::move(condition), std::move(projections), std::move(names));
  // A Calc that did not merge stands between: the window is no longer directly below.
  if (result.window && result.node != result.window->origin && result.node->inputs[0] != result.window->origin)
    result.window.reset();
  return result;
}

Scope ScopeOf(const Relation& relation) {
  Scope scope;
  for (size_t i = 0; i < relation.node->schema->size(); ++i) {
    const columnar::Field& field = (*relation.node->schema)[i];
    scope.columns.push_back({relation.qualifiers[i], field.name, field.type});
  }
  return scope;
}

std::string ItemName(const AstSelectItem& item, size_t index) {
  if (!item.alias.empty()) return item.alias;
  if (item.expr->kind == AstKind::kColumn) return item.expr->parts.back();
  return fmt::format("EXPR${}", index);
}

columnar::SchemaPtr AppendFields(const columnar::Schema& schema, std::vector<columnar::Field> more) {
  auto extended = std::make_shared<columnar::Schema>(schema);
  for (columnar::Field& field : more) extended->fields.push_back(std::move(field));
  return extended;
}

std::vector<columnar::Field> WindowFields(const columnar::DataType& rowtime) {
  const bool local = rowtime.kind() == columnar::TypeKind::kTimestampLtz;
  const columnar::DataType time =
      local ? columnar::DataType::TimestampLtz(3, false) : columnar::DataType::Timestamp(3, false);
  return {{"window_start", columnar::DataType::Timestamp(3, false)},
          {"window_end", columnar::DataType::Timestamp(3, false)},
          {"window_time", time.WithRowtime(true)}};
}

}  // namespace semel::sql
