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

// Calls and casts of literals become literals, unless they fail: then the row that needs them does.
std::vector<plan::PhysicalPtr> FoldConstants(const std::vector<plan::PhysicalPtr>& sinks,
                                             const functions::Registry& functions);

}  // namespace semel::sql
