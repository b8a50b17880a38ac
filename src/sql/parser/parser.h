// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text of a script → statements. Recursive descent, expressions by precedence climbing (Pratt 1973); nesting is
// bounded.
#pragma once

#include <string_view>
#include <vector>

#include "sql/syntax/ast.h"

namespace semel::sql {

// Statements of the script in order; EXECUTE STATEMENT SET gives its INSERTs one by one. Invalid with a span names the
// first error.
Result<std::vector<Statement>> ParseScript(std::string_view script);
Result<AstExprPtr> ParseExpression(std::string_view text);

}  // namespace semel::sql
