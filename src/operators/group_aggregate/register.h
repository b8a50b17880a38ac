// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "operators/api/registry.h"

namespace semel::operators {
void RegisterGroupAggregate(Registry& registry);
}  // namespace semel::operators
