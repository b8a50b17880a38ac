// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// WHERE and the select list: keeps the rows for which the condition is TRUE and computes the projections.
#include "operators/calc/register.h"

namespace semel::operators {

namespace {

class Calc final : public Operator {
 public:
  explicit Calc(const OperatorContext& context)
      : spec_(std::get<plan::CalcSpec>(context.node->spec)),
        schema_(context.node->schema),
        evaluator_(*context.evaluator) {}

  Status Process(const columnar::Batch& batch, Output& out) override {
    counters.rows_in += batch.length();
    columnar::Batch rows = batch;
    if (spec_.condition) {
      SEMEL_ASSIGN_OR_RETURN(std::vector<uint32_t> kept, evaluator_.Filter(*spec_.condition, batch));
      if (kept.empty()) return Status::Ok();
      if (static_cast<int64_t>(kept.size()) < batch.length()) rows = batch.Take(kept);
    }
    std::vector<columnar::ColumnPtr> columns;
    for (const plan::ExprPtr& projection : spec_.projections) {
      SEMEL_ASSIGN_OR_RETURN(columnar::ColumnPtr column, evaluator_.Evaluate(*projection, rows));
      columns.push_back(std::move(column));
    }
    return out.Emit(columnar::Batch(schema_, rows.length(), std::move(columns), rows.kinds()));
  }

 private:
  const plan::CalcSpec& spec_;
  columnar::SchemaPtr schema_;
  const functions::Evaluator& evaluator_;
};

}  // namespace

void RegisterCalc(Registry& registry) {
  registry.Add("Calc", [](const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<Calc>(context));
  });
}

}  // namespace semel::operators
