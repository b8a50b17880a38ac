// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// ROW(a, b, …): values → one nested value. Its fields are named EXPR$0, EXPR$1, … as in Flink.
#include "functions/api/kernels.h"
#include "functions/rows/register.h"

namespace semel::functions {

void RegisterRows(Registry& registry) {
  registry.Add({"ROW", "ROW(value, …)", "The values as the fields of one ROW, which is never NULL.", true,
                [](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
                  if (args.empty()) return WrongArguments("ROW(value, …)", args);
                  Resolution resolution;
                  std::vector<columnar::Field> fields;
                  for (const plan::ExprPtr& arg : args) {
                    if (arg->type.kind() == columnar::TypeKind::kNull) return WrongArguments("ROW(value, …)", args);
                    const DataType type = arg->type.WithRowtime(false);
                    resolution.argument_types.push_back(type);
                    fields.push_back({fmt::format("EXPR${}", fields.size()), type});
                  }
                  resolution.result = DataType::Row(std::move(fields), false);
                  return resolution;
                },
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows,
                   const DataType& result) -> Result<ColumnPtr> {
                  return std::make_shared<const Column>(result, rows, nullptr, std::make_shared<columnar::Buffer>(),
                                                        nullptr, std::vector<ColumnPtr>(args.begin(), args.end()));
                }});
}

}  // namespace semel::functions
