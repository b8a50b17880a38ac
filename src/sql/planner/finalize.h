// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The last passes over a script's plan: sharing of equal sub-plans, pruning of columns that nobody reads, stable
// identities.
#pragma once

#include <string>
#include <vector>

#include "functions/api/registry.h"
#include "plan/physical.h"

namespace semel::sql {

// What an operator's specification says, as one line with columns by index: for EXPLAIN as JSON, identities and
// fingerprints (readable.h says it for people).
std::string DescribeSpec(const plan::PhysicalNode& node);
// The same without what does not change results (addresses, start positions).
std::string SpecIdentity(const plan::PhysicalNode& node);

// Rewrites the sinks of a script: equal sub-plans become one, unread columns are pruned down to the scans, every node
// gets its id. Constants are folded, changelog modes and upsert keys inferred. A root that is no sink (EXPLAIN SELECT)
// keeps all its columns. The result is in the order of `sinks`. Invalid names a constant that cannot be computed.
Result<std::vector<plan::PhysicalPtr>> FinalizePlan(const std::vector<plan::PhysicalPtr>& sinks,
                                                    const functions::Registry& functions);

// The plan as an indented tree with names, sinks first; with `changelog` each node's kinds of row. Shared sub-plans are
// printed once.
std::string ExplainText(const std::vector<plan::PhysicalPtr>& sinks, bool changelog);
// The plan as a JSON array of nodes: id, operator, description, inputs (ids), columns, changelog, upsert keys.
std::string ExplainJson(const std::vector<plan::PhysicalPtr>& sinks);

}  // namespace semel::sql
