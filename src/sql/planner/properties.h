// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the plan's nodes say about their rows: kinds of change, keys that identify a row; and expressions whose value is
// known already.
#pragma once

#include <vector>

#include "functions/api/registry.h"
#include "plan/physical.h"

namespace semel::sql {

// Changelog modes and upsert keys as Flink infers them: −U is only made where a sink, or a filter above the
// aggregation, needs it (a filter may let the new row of an update through and not the old one, FLINK-9528). A sink's
// mode says on entry what the sink asks for.
std::vector<plan::PhysicalPtr> InferProperties(const std::vector<plan::PhysicalPtr>& sinks);

// Whether an update of a row may pass a filter on its way to this node, so that the old row and the new one fare
// differently.
bool FiltersUpdates(const plan::PhysicalNode& node);

// Calls and casts of literals become literals. One that fails is an error at its place, but for those that not every
// row computes (behind CASE, COALESCE, AND, OR): there the row that needs it fails.
Result<std::vector<plan::PhysicalPtr>> FoldConstants(const std::vector<plan::PhysicalPtr>& sinks,
                                                     const functions::Registry& functions);

}  // namespace semel::sql
