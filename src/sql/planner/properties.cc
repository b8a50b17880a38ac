// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/properties.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "functions/api/evaluator.h"

namespace semel::sql {

using plan::Expr;
using plan::ExprKind;
using plan::ExprPtr;
using plan::PhysicalNode;
using plan::PhysicalPtr;

namespace {

// Copies the DAG bottom-up; `change` sees the copy, whose inputs are rewritten already, and the node it came from.
std::vector<PhysicalPtr> Transform(const std::vector<PhysicalPtr>& sinks,
                                   const std::function<void(PhysicalNode&, const PhysicalNode&)>& change) {
  std::map<const PhysicalNode*, PhysicalPtr> done;
  std::function<PhysicalPtr(const PhysicalPtr&)> copy = [&](const PhysicalPtr& node) -> PhysicalPtr {
    if (auto it = done.find(node.get()); it != done.end()) return it->second;
    auto fresh = std::make_shared<PhysicalNode>(*node);
    for (PhysicalPtr& input : fresh->inputs) input = copy(input);
    change(*fresh, *node);
    return done[node.get()] = fresh;
  };
  std::vector<PhysicalPtr> result;
  for (const PhysicalPtr& sink : sinks) result.push_back(copy(sink));
  return result;
}

void ProducersFirst(const PhysicalPtr& node, std::set<const PhysicalNode*>& seen,
                    std::vector<const PhysicalNode*>& order) {
  if (!seen.insert(node.get()).second) return;
  for (const PhysicalPtr& input : node->inputs) ProducersFirst(input, seen, order);
  order.push_back(node.get());
}

// Keys of the input that survive a projection, as output columns.
std::vector<std::vector<int>> ProjectKeys(const std::vector<std::vector<int>>& keys, const plan::CalcSpec& calc) {
  std::vector<std::vector<int>> result;
  for (const std::vector<int>& key : keys) {
    std::vector<int> projected;
    for (int column : key) {
      const auto at = std::find_if(calc.projections.begin(), calc.projections.end(), [column](const ExprPtr& e) {
        return e->kind == ExprKind::kInputRef && e->input == column;
      });
      if (at != calc.projections.end()) projected.push_back(static_cast<int>(at - calc.projections.begin()));
    }
    if (projected.size() == key.size()) result.push_back(std::move(projected));
  }
  return result;
}

std::vector<std::vector<int>> UpsertKeys(const PhysicalNode& node) {
  std::vector<int> key;
  if (const auto* scan = std::get_if<plan::ScanSpec>(&node.spec)) {
    for (const std::string& name : scan->table->primary_key) key.push_back(node.schema->Find(name));
    if (key.empty() || std::find(key.begin(), key.end(), -1) != key.end()) return {};
    return {key};
  }
  if (const auto* aggregate = std::get_if<plan::GroupAggregateSpec>(&node.spec)) {
    for (size_t k = 0; k < aggregate->keys.size(); ++k) key.push_back(static_cast<int>(k));
    return {key};
  }
  if (const auto* window = std::get_if<plan::WindowAggregateSpec>(&node.spec)) {
    for (size_t k = 0; k < window->keys.size(); ++k) key.push_back(static_cast<int>(k));
    const int start = static_cast<int>(window->keys.size() + window->aggregates.size());
    std::vector<int> by_end = key;
    key.push_back(start);
    by_end.push_back(start + 1);
    return {key, by_end};  // start and end determine each other
  }
  if (std::holds_alternative<plan::UnionSpec>(node.spec) || std::holds_alternative<plan::SinkSpec>(node.spec))
    return {};
  const PhysicalNode& input = *node.inputs[0];
  if (const auto* calc = std::get_if<plan::CalcSpec>(&node.spec)) return ProjectKeys(input.upsert_keys, *calc);
  return input.upsert_keys;
}

bool IsLocalTime(const columnar::DataType& type) {
  return type.kind() == columnar::TypeKind::kTimestampLtz ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const columnar::Field& field) { return IsLocalTime(field.type); });
}

// `failed` gets the first failure of a constant that every row computes; null inside what only some rows compute.
ExprPtr Fold(const ExprPtr& expr, const functions::Registry& functions, Status* failed) {
  if (!expr || expr->args.empty()) return expr;
  auto copy = std::make_shared<Expr>(*expr);
  const bool chooses = copy->kind == ExprKind::kCase || copy->kind == ExprKind::kCoalesce ||
                       copy->kind == ExprKind::kAnd || copy->kind == ExprKind::kOr;
  bool constant = true;
  for (ExprPtr& arg : copy->args) {
    arg = Fold(arg, functions, chooses && &arg != &copy->args[0] ? nullptr : failed);
    constant = constant && arg->kind == ExprKind::kLiteral && arg->type.kind() != columnar::TypeKind::kNull &&
               !IsLocalTime(arg->type);
  }
  constant = constant && !IsLocalTime(copy->type);  // the zone belongs to the run
  const functions::ScalarFunction* function = copy->kind == ExprKind::kCall ? functions.Find(copy->function) : nullptr;
  const bool foldable = copy->kind == ExprKind::kCast || copy->kind == ExprKind::kTryCast ||
                        (function != nullptr && function->deterministic);
  if (!constant || !foldable) return copy;
  const columnar::Batch one_row(std::make_shared<const columnar::Schema>(), 1, {});
  Result<columnar::ColumnPtr> value = functions::Evaluator(functions, {}).Evaluate(*copy, one_row);
  if (!value.ok() && value.status().is(StatusKind::kInvalid) && failed != nullptr && failed->ok())
    *failed = value.status().WithSpan(copy->span);
  if (!value.ok() || (*value)->length() != 1 || !(*value)->type().SameIgnoringNullability(copy->type)) return copy;
  return Expr::Literal(*value, copy->span);
}

}  // namespace

std::vector<PhysicalPtr> InferProperties(const std::vector<PhysicalPtr>& sinks) {
  std::set<const PhysicalNode*> seen;
  std::vector<const PhysicalNode*> order;
  for (const PhysicalPtr& sink : sinks) ProducersFirst(sink, seen, order);
  std::set<const PhysicalNode*> wants_before;  // whose consumers need −U
  for (const PhysicalPtr& sink : sinks)
    if (sink->mode.update_before) wants_before.insert(sink.get());
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const auto* calc = std::get_if<plan::CalcSpec>(&(*it)->spec);
    if (wants_before.count(*it) == 0 && (calc == nullptr || !calc->condition)) continue;
    for (const PhysicalPtr& input : (*it)->inputs) wants_before.insert(input.get());
  }
  return Transform(sinks, [&wants_before](PhysicalNode& node, const PhysicalNode& old) {
    if (std::holds_alternative<plan::GroupAggregateSpec>(node.spec)) {
      node.mode.update_before = wants_before.count(&old) > 0;
    } else if (!std::holds_alternative<plan::SinkSpec>(node.spec) && !node.inputs.empty() && !node.mode.append_only()) {
      node.mode.update_before = std::any_of(node.inputs.begin(), node.inputs.end(),
                                            [](const PhysicalPtr& input) { return input->mode.update_before; });
    }
    node.upsert_keys = UpsertKeys(node);
  });
}

bool FiltersUpdates(const PhysicalNode& node) {
  if (node.mode.append_only() || std::holds_alternative<plan::GroupAggregateSpec>(node.spec)) return false;
  const auto* calc = std::get_if<plan::CalcSpec>(&node.spec);
  if (calc != nullptr && calc->condition) return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const PhysicalPtr& input) { return FiltersUpdates(*input); });
}

Result<std::vector<PhysicalPtr>> FoldConstants(const std::vector<PhysicalPtr>& sinks,
                                               const functions::Registry& functions) {
  Status failed;
  std::vector<PhysicalPtr> folded = Transform(sinks, [&functions, &failed](PhysicalNode& node, const PhysicalNode&) {
    if (auto* calc = std::get_if<plan::CalcSpec>(&node.spec)) {
      calc->condition = Fold(calc->condition, functions, &failed);
      for (ExprPtr& projection : calc->projections) projection = Fold(projection, functions, &failed);
    } else if (auto* watermark = std::get_if<plan::WatermarkSpec>(&node.spec)) {
      watermark->watermark = Fold(watermark->watermark, functions, &failed);
    }
  });
  SEMEL_RETURN_IF_ERROR(failed);
  return folded;
}

}  // namespace semel::sql
