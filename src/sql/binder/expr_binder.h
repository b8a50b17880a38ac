// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Expressions of the syntax tree → bound, typed expressions over the columns in scope.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "functions/api/registry.h"
#include "plan/expr.h"
#include "sql/syntax/ast.h"

namespace semel::sql {

// The columns that names may mean, in the order of the operator's input.
struct Scope {
  struct Column {
    std::string qualifier;  // table name or alias; may be empty
    std::string name;
    columnar::DataType type;
  };
  std::vector<Column> columns;
};

// Binds over one scope. `hook` sees every node first and may bind it itself (group keys, aggregates). One strand,
// short-lived.
class ExprBinder {
 public:
  using Hook = std::function<Result<std::optional<plan::ExprPtr>>(const AstExpr&)>;
  ExprBinder(const Scope& scope, const functions::Registry& functions, Hook hook = {})
      : scope_(scope), functions_(functions), hook_(std::move(hook)) {}

  Result<plan::ExprPtr> Bind(const AstExpr& ast);
  // As Bind; a result that is no BOOLEAN is an error.
  Result<plan::ExprPtr> BindCondition(const AstExpr& ast);

 private:
  Result<plan::ExprPtr> BindColumn(const AstExpr& ast);
  Result<plan::ExprPtr> BindNumber(const AstExpr& ast);
  Result<plan::ExprPtr> BindInterval(const AstExpr& ast);
  Result<plan::ExprPtr> BindTyped(const AstExpr& ast);
  Result<plan::ExprPtr> BindCase(const AstExpr& ast);
  Result<plan::ExprPtr> BindLogic(const AstExpr& ast);
  Result<plan::ExprPtr> BindIn(const AstExpr& ast);
  Result<plan::ExprPtr> BindBetween(const AstExpr& ast);
  Result<plan::ExprPtr> BindCast(const AstExpr& ast);
  Result<plan::ExprPtr> BindCall(const AstExpr& ast);
  Result<plan::ExprPtr> Call(const std::string& name, std::vector<plan::ExprPtr> args, SourceSpan span);

  const Scope& scope_;
  const functions::Registry& functions_;
  Hook hook_;
};

// True for COUNT, SUM, AVG, MIN, MAX.
const std::vector<std::string>& AggregateNames();
bool IsAggregateName(const std::string& name);
// The error for a function with OVER, DISTINCT or FILTER that does not exist.
Status NoAggregate(const std::string& name, SourceSpan span);
// True if the expression or something in it is an aggregate call without OVER.
bool ContainsAggregate(const AstExpr& ast);
bool ContainsOver(const AstExpr& ast);

// The same expression as `type`: unchanged, a typed NULL, or an implicit cast.
plan::ExprPtr CoerceTo(const plan::ExprPtr& expr, const columnar::DataType& type);
// The type that values of both can be brought to without loss of range (CASE, COALESCE, UNION ALL, IN); nothing if
// there is none.
std::optional<columnar::DataType> CommonType(const columnar::DataType& a, const columnar::DataType& b);
// Whether an INSERT may bring `from` into a column of type `to` without a CAST being written.
bool CanStoreAs(const columnar::DataType& from, const columnar::DataType& to);

// An interval literal in microseconds; Invalid for other expressions and for months.
Result<int64_t> IntervalMicros(const AstExpr& ast);

}  // namespace semel::sql
