// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Scalar functions: how they are declared, resolved by the binder and called by the evaluator. A family of functions is
// one folder below functions/ with one register function; the list of families is generated at configure time.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "columnar/time_zone.h"
#include "plan/expr.h"

namespace semel::functions {

using columnar::Column;
using columnar::ColumnPtr;
using columnar::DataType;

// What a kernel may ask about its surroundings. Created per task; one strand.
struct EvalContext {
  columnar::TimeZone local_time_zone;   // table.local-time-zone
  std::function<int64_t()> now_micros;  // wall clock, for CURRENT_TIMESTAMP and its kin
};

// Computes `rows` values of `result` type from argument columns of that length. Errors name the value that failed.
using Kernel = std::function<Result<ColumnPtr>(const EvalContext&, std::span<const ColumnPtr> args, int64_t rows,
                                               const DataType& result)>;

// The outcome of overload resolution: arguments are cast to `argument_types` (implicit casts) before the call.
struct Resolution {
  std::vector<DataType> argument_types;
  DataType result;
};

// A scalar function of one name. `resolve` gets the bound arguments (so that literal arguments can decide types) and
// either gives the types or an Invalid status that says what the function accepts.
struct ScalarFunction {
  std::string name;         // canonical, upper case; operators by their symbol: "+", "=", "||"
  std::string signature;    // for people: "UPPER(string)"
  std::string description;  // one sentence
  bool deterministic = true;
  std::function<Result<Resolution>(std::span<const plan::ExprPtr>)> resolve;
  Kernel kernel;
};

// All functions known to the engine. Filled once at start, then read-only and shared between threads.
class Registry {
 public:
  void Add(ScalarFunction function);  // REQUIRES: the name is new
  // Null if there is none. Names are matched without regard to case.
  const ScalarFunction* Find(std::string_view name) const;
  // The known name nearest to `name`, for "did you mean"; empty if none is near.
  std::string Nearest(std::string_view name) const;
  std::vector<const ScalarFunction*> All() const;

 private:
  std::map<std::string, ScalarFunction, std::less<>> functions_;
};

}  // namespace semel::functions
