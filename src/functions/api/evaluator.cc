// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "functions/api/evaluator.h"

#include <cstring>

#include "functions/api/literal.h"

namespace semel::functions {

using columnar::Batch;
using columnar::Buffer;
using columnar::ColumnBuilder;
using plan::Expr;
using plan::ExprKind;

namespace {

// `rows` copies of a literal.
Result<ColumnPtr> Repeat(const ColumnPtr& literal, int64_t rows) {
  const int width = literal->type().byte_width();
  const bool is_binary = literal->type().physical() == columnar::PhysicalKind::kBinary && literal->IsValid(0);
  if (is_binary && rows > 0 && literal->GetString(0).size() > columnar::kMaxTextBytes / static_cast<size_t>(rows))
    return TextTooLong();
  if (literal->IsNull(0) || width == 0) {
    ColumnBuilder builder(literal->type());
    builder.Reserve(rows);
    for (int64_t i = 0; i < rows; ++i) builder.AppendFrom(*literal, 0);
    return builder.Finish();
  }
  auto values = std::make_shared<Buffer>(static_cast<size_t>(rows) * static_cast<size_t>(width));
  const uint8_t* value = literal->values_buffer()->data();
  for (int64_t i = 0; i < rows; ++i) std::memcpy(values->mutable_data() + i * width, value, static_cast<size_t>(width));
  return ColumnPtr(std::make_shared<const Column>(literal->type(), rows, nullptr, std::move(values)));
}

// Writes the values of `part` to the places `rows` of a column that is put together piece by piece.
class Scatter {
 public:
  Scatter(const DataType& type, int64_t rows)
      : type_(type), source_(static_cast<size_t>(rows), -1), index_(static_cast<size_t>(rows), 0) {}
  void Put(const ColumnPtr& part, const std::vector<uint32_t>& rows) {
    parts_.push_back(part);
    for (size_t i = 0; i < rows.size(); ++i) {
      source_[rows[i]] = static_cast<int>(parts_.size()) - 1;
      index_[rows[i]] = static_cast<int64_t>(i);
    }
  }
  Result<ColumnPtr> Finish() {
    ColumnBuilder builder(type_);
    builder.Reserve(static_cast<int64_t>(source_.size()));
    const bool is_binary = type_.physical() == columnar::PhysicalKind::kBinary;
    for (size_t i = 0; i < source_.size(); ++i) {
      if (source_[i] < 0) {
        builder.AppendNull();
      } else {
        const Column& part = *parts_[static_cast<size_t>(source_[i])];
        if (is_binary && !builder.HasRoomFor(part.GetString(index_[i]).size())) return TextTooLong();
        builder.AppendFrom(part, index_[i]);
      }
    }
    return builder.Finish();
  }

 private:
  DataType type_;
  std::vector<ColumnPtr> parts_;
  std::vector<int> source_;
  std::vector<int64_t> index_;
};

std::vector<uint32_t> AllRows(int64_t n) {
  std::vector<uint32_t> rows(static_cast<size_t>(n));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<uint32_t>(i);
  return rows;
}

}  // namespace

Result<ColumnPtr> Evaluator::Evaluate(const Expr& expr, const Batch& batch) const {
  switch (expr.kind) {
    case ExprKind::kInputRef:
      return batch.column(static_cast<size_t>(expr.input));
    case ExprKind::kLiteral:
      return Repeat(expr.literal, batch.length());
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return EvaluateLogic(expr, batch);
    case ExprKind::kCase:
      return EvaluateCase(expr, batch);
    case ExprKind::kCoalesce:
      return EvaluateCoalesce(expr, batch);
    case ExprKind::kCast:
    case ExprKind::kTryCast: {
      SEMEL_ASSIGN_OR_RETURN(ColumnPtr arg, Evaluate(*expr.args[0], batch));
      return CastColumn(context_, *arg, expr.type, expr.kind == ExprKind::kTryCast);
    }
    case ExprKind::kFieldAccess: {
      SEMEL_ASSIGN_OR_RETURN(ColumnPtr row, Evaluate(*expr.args[0], batch));
      return columnar::FieldOf(*row, static_cast<size_t>(expr.input));
    }
    case ExprKind::kCall:
      break;
  }
  const ScalarFunction* function = registry_.Find(expr.function);
  if (function == nullptr) return Status::Internal("unknown function " + expr.function);
  std::vector<ColumnPtr> args;
  for (const plan::ExprPtr& arg : expr.args) {
    SEMEL_ASSIGN_OR_RETURN(ColumnPtr column, Evaluate(*arg, batch));
    args.push_back(std::move(column));
  }
  return function->kernel(context_, args, batch.length(), expr.type);
}

Result<std::vector<uint32_t>> Evaluator::Filter(const Expr& condition, const Batch& batch) const {
  SEMEL_ASSIGN_OR_RETURN(ColumnPtr truth, Evaluate(condition, batch));
  std::vector<uint32_t> rows;
  rows.reserve(static_cast<size_t>(batch.length()));
  for (int64_t i = 0; i < batch.length(); ++i)
    if (truth->IsValid(i) && truth->GetBool(i)) rows.push_back(static_cast<uint32_t>(i));
  return rows;
}

// Three-valued: FALSE decides AND, TRUE decides OR, whatever the others are; later arguments are computed for undecided
// rows only.
Result<ColumnPtr> Evaluator::EvaluateLogic(const Expr& expr, const Batch& batch) const {
  const bool decides = expr.kind == ExprKind::kOr;
  std::vector<int8_t> state(static_cast<size_t>(batch.length()), decides ? 0 : 1);  // 0, 1, or 2 for unknown
  std::vector<uint32_t> open = AllRows(batch.length());
  for (const plan::ExprPtr& arg : expr.args) {
    if (open.empty()) break;
    const bool all = static_cast<int64_t>(open.size()) == batch.length();
    SEMEL_ASSIGN_OR_RETURN(ColumnPtr truth, Evaluate(*arg, all ? batch : batch.Take(open)));
    std::vector<uint32_t> still_open;
    for (size_t i = 0; i < open.size(); ++i) {
      const int64_t at = static_cast<int64_t>(i);
      if (truth->IsNull(at)) {
        state[open[i]] = 2;
      } else if (truth->GetBool(at) == decides) {
        state[open[i]] = decides ? 1 : 0;
        continue;
      }
      still_open.push_back(open[i]);
    }
    open = std::move(still_open);
  }
  ColumnBuilder builder(expr.type);
  builder.Reserve(batch.length());
  for (int8_t s : state) {
    if (s == 2) {
      builder.AppendNull();
    } else {
      builder.AppendBool(s == 1);
    }
  }
  return builder.Finish();
}

Result<ColumnPtr> Evaluator::EvaluateCase(const Expr& expr, const Batch& batch) const {
  Scatter scatter(expr.type.WithNullable(true), batch.length());
  std::vector<uint32_t> open = AllRows(batch.length());
  for (size_t a = 0; a + 1 < expr.args.size() && !open.empty(); a += 2) {
    const Batch rest = batch.Take(open);
    SEMEL_ASSIGN_OR_RETURN(ColumnPtr truth, Evaluate(*expr.args[a], rest));
    std::vector<uint32_t> taken, still_open;
    for (size_t i = 0; i < open.size(); ++i) {
      const int64_t at = static_cast<int64_t>(i);
      (truth->IsValid(at) && truth->GetBool(at) ? taken : still_open).push_back(open[i]);
    }
    if (!taken.empty()) {
      SEMEL_ASSIGN_OR_RETURN(ColumnPtr value, Evaluate(*expr.args[a + 1], batch.Take(taken)));
      scatter.Put(value, taken);
    }
    open = std::move(still_open);
  }
  if (!open.empty()) {
    SEMEL_ASSIGN_OR_RETURN(ColumnPtr value, Evaluate(*expr.args.back(), batch.Take(open)));
    scatter.Put(value, open);
  }
  return scatter.Finish();
}

Result<ColumnPtr> Evaluator::EvaluateCoalesce(const Expr& expr, const Batch& batch) const {
  Scatter scatter(expr.type.WithNullable(true), batch.length());
  std::vector<uint32_t> open = AllRows(batch.length());
  for (const plan::ExprPtr& arg : expr.args) {
    if (open.empty()) break;
    SEMEL_ASSIGN_OR_RETURN(ColumnPtr value, Evaluate(*arg, batch.Take(open)));
    scatter.Put(value, open);
    std::vector<uint32_t> still_open;
    for (size_t i = 0; i < open.size(); ++i)
      if (value->IsNull(static_cast<int64_t>(i))) still_open.push_back(open[i]);
    open = std::move(still_open);
  }
  return scatter.Finish();
}

}  // namespace semel::functions
