// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Plans as people read them: columns by their names, expressions as SQL. For EXPLAIN only; identities and fingerprints
// are made of DescribeSpec's indices, which do not change with a name.
#pragma once

#include <string>
#include <vector>

#include "plan/physical.h"

namespace semel::sql {

// What each output column of a node is called; columns that the planner made up are said by what they hold:
// "SUM(amount)".
std::vector<std::string> ColumnLabels(const plan::PhysicalNode& node);
// An expression over columns of these names.
std::string ReadableExpr(const plan::Expr& expr, const std::vector<std::string>& columns);
// What the node does, in one line.
std::string ReadableSpec(const plan::PhysicalNode& node);

}  // namespace semel::sql
