// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bound expressions: names resolved to input columns, functions resolved to implementations, every node typed. The
// binder makes them, the optimiser rewrites them, functions/api's evaluator computes them over batches. Immutable,
// shared.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columnar/column.h"

namespace semel::plan {

using columnar::DataType;

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

enum class ExprKind : uint8_t {
  kInputRef,  // column `input` of the operator's input
  kLiteral,   // `literal`: a column of length 1
  kCall,      // `function`(args): strict evaluation of all args
  kCast,      // CAST(args[0] AS type): fails on a value that does not fit
  kTryCast,   // TRY_CAST(args[0] AS type): NULL instead
  kAnd,       // special forms: the right side is only evaluated for rows that need it
  kOr,
  kCase,         // args: when1, then1, when2, then2, …, else (else always present)
  kCoalesce,     // the first non-NULL argument
  kFieldAccess,  // field `input` of the ROW args[0]
};

struct Expr {
  ExprKind kind;
  DataType type;
  SourceSpan span;
  int input = -1;               // kInputRef, kFieldAccess
  columnar::ColumnPtr literal;  // kLiteral
  std::string function;         // kCall: canonical upper-case name as registered, e.g. "+", "UPPER"
  std::vector<ExprPtr> args;

  static ExprPtr InputRef(int input, DataType type, SourceSpan span = {});
  static ExprPtr Literal(columnar::ColumnPtr value, SourceSpan span = {});
  static ExprPtr Call(std::string function, std::vector<ExprPtr> args, DataType type, SourceSpan span = {});
  static ExprPtr Special(ExprKind kind, std::vector<ExprPtr> args, DataType type, SourceSpan span = {});
  static ExprPtr FieldAccess(ExprPtr row, int field, SourceSpan span = {});

  // "+(#1, 5)": stable, used by EXPLAIN and fingerprints (spans are left out).
  std::string ToString() const;
  bool Equals(const Expr& other) const { return ToString() == other.ToString(); }
};

}  // namespace semel::plan
