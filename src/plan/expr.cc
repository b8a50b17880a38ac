// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "plan/expr.h"

#include <algorithm>
#include <cctype>

#include "columnar/value_text.h"

namespace semel::plan {

namespace {

// What is inside cannot be taken for what stands around it: identities are made of this text.
std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

std::string Name(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '$' || c >= 0x80;
  });
  return plain ? name : Quoted(name, '`');
}

}  // namespace

ExprPtr Expr::InputRef(int input, DataType type, SourceSpan span) {
  return std::make_shared<const Expr>(Expr{ExprKind::kInputRef, std::move(type), span, input, nullptr, {}, {}});
}

ExprPtr Expr::Literal(columnar::ColumnPtr value, SourceSpan span) {
  SEMEL_CHECK(value && value->length() == 1, "a literal is a column of one value");
  DataType type = value->type().WithNullable(value->IsNull(0) || value->type().kind() == columnar::TypeKind::kNull);
  return std::make_shared<const Expr>(Expr{ExprKind::kLiteral, std::move(type), span, -1, std::move(value), {}, {}});
}

ExprPtr Expr::Call(std::string function, std::vector<ExprPtr> args, DataType type, SourceSpan span) {
  return std::make_shared<const Expr>(
      Expr{ExprKind::kCall, std::move(type), span, -1, nullptr, std::move(function), std::move(args)});
}

ExprPtr Expr::Special(ExprKind kind, std::vector<ExprPtr> args, DataType type, SourceSpan span) {
  return std::make_shared<const Expr>(Expr{kind, std::move(type), span, -1, nullptr, {}, std::move(args)});
}

ExprPtr Expr::FieldAccess(ExprPtr row, int field, SourceSpan span) {
  const DataType& row_type = row->type;
  SEMEL_CHECK(field >= 0 && static_cast<size_t>(field) < row_type.fields().size());
  DataType type = row_type.fields()[static_cast<size_t>(field)].type;
  if (row_type.nullable()) type = type.WithNullable(true);
  return std::make_shared<const Expr>(
      Expr{ExprKind::kFieldAccess, std::move(type), span, field, nullptr, {}, {std::move(row)}});
}

std::string Expr::ToString() const {
  auto join = [this] {
    std::string text;
    for (const ExprPtr& a : args) text += (text.empty() ? "" : ", ") + a->ToString();
    return text;
  };
  switch (kind) {
    case ExprKind::kInputRef:
      return fmt::format("#{}", input);
    case ExprKind::kLiteral: {
      // Intervals as their number: the text of a plan names operators and stays.
      const bool is_interval =
          type.kind() == columnar::TypeKind::kInterval || type.kind() == columnar::TypeKind::kIntervalMonths;
      const std::string text = is_interval && literal->IsValid(0) ? columnar::DecimalToString(literal->GetInt(0), 0)
                                                                  : columnar::ValueToString(*literal, 0);
      return fmt::format("{}:{}", type.is_text() && !literal->IsNull(0) ? Quoted(text, '\'') : text, type.ToString());
    }
    case ExprKind::kCall:
      return fmt::format("{}({})", function, join());
    case ExprKind::kCast:
      return fmt::format("CAST({} AS {})", join(), type.ToString());
    case ExprKind::kTryCast:
      return fmt::format("TRY_CAST({} AS {})", join(), type.ToString());
    case ExprKind::kAnd:
      return fmt::format("AND({})", join());
    case ExprKind::kOr:
      return fmt::format("OR({})", join());
    case ExprKind::kCase:
      return fmt::format("CASE({})", join());
    case ExprKind::kCoalesce:
      return fmt::format("COALESCE({})", join());
    case ExprKind::kFieldAccess:
      return fmt::format("{}.{}", join(), Name(args[0]->type.fields()[static_cast<size_t>(input)].name));
  }
  return "?";
}

}  // namespace semel::plan
