// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bound expressions over batches.
#pragma once

#include "functions/api/registry.h"

namespace semel::functions {

// Computes expressions. The registry must outlive it; one strand.
class Evaluator {
 public:
  Evaluator(const Registry& registry, EvalContext context) : registry_(registry), context_(std::move(context)) {}

  // One value per row of the batch.
  Result<ColumnPtr> Evaluate(const plan::Expr& expr, const columnar::Batch& batch) const;
  // Indices of the rows for which the condition is TRUE.
  Result<std::vector<uint32_t>> Filter(const plan::Expr& condition, const columnar::Batch& batch) const;
  const EvalContext& context() const { return context_; }

 private:
  Result<ColumnPtr> EvaluateLogic(const plan::Expr& expr, const columnar::Batch& batch) const;
  Result<ColumnPtr> EvaluateCase(const plan::Expr& expr, const columnar::Batch& batch) const;
  Result<ColumnPtr> EvaluateCoalesce(const plan::Expr& expr, const columnar::Batch& batch) const;

  const Registry& registry_;
  EvalContext context_;
};

}  // namespace semel::functions
