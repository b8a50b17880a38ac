// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// NOT. (AND, OR, CASE and COALESCE are no functions: they compute their later arguments only for rows that need them.)
#include "functions/api/kernels.h"
#include "functions/logic/register.h"

namespace semel::functions {

void RegisterLogic(Registry& registry) {
  registry.Add({"NOT", "NOT condition", "The opposite; NULL stays NULL.", true,
                FixedTypes("NOT condition", {DataType::Boolean()}, DataType::Boolean(false)),
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& result) {
                  return MapRows(args, rows, result, [&](int64_t i, columnar::ColumnBuilder& out) {
                    out.AppendBool(!args[0]->GetBool(i));
                    return Status::Ok();
                  });
                }});
}

}  // namespace semel::functions
