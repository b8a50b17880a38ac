// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// TABLE(TUMBLE(…)) by itself: every row with the window it falls into.
#include "operators/api/error_codes.h"
#include "operators/api/windows.h"
#include "operators/window_table_function/register.h"

namespace semel::operators {

namespace {

class WindowTableFunction final : public Operator {
 public:
  explicit WindowTableFunction(const OperatorContext& context)
      : spec_(std::get<plan::WindowTableFunctionSpec>(context.node->spec)), schema_(context.node->schema) {}

  Status Process(const columnar::Batch& batch, Output& out) override {
    counters.rows_in += batch.length();
    const columnar::Column& time = *batch.column(static_cast<size_t>(spec_.window.rowtime));
    std::vector<columnar::ColumnBuilder> added;
    for (size_t i = batch.num_columns(); i < schema_->size(); ++i) added.emplace_back((*schema_)[i].type);
    for (int64_t row = 0; row < batch.length(); ++row) {
      if (time.IsNull(row)) return NullEventTime();
      const int64_t end = TumbleEnd(spec_.window, time.values<int64_t>()[row]);
      added[0].Append<int64_t>(end - spec_.window.size_micros);
      added[1].Append<int64_t>(end);
      added[2].Append<int64_t>(end - 1000);
    }
    std::vector<columnar::ColumnPtr> columns = batch.columns();
    for (columnar::ColumnBuilder& builder : added) columns.push_back(builder.Finish());
    return out.Emit(columnar::Batch(schema_, batch.length(), std::move(columns), batch.kinds()));
  }

 private:
  const plan::WindowTableFunctionSpec& spec_;
  columnar::SchemaPtr schema_;
};

}  // namespace

void RegisterWindowTableFunction(Registry& registry) {
  registry.Add("WindowTableFunction", [](const OperatorContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<WindowTableFunction>(context));
  });
}

}  // namespace semel::operators
