// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "functions/api/registry.h"

namespace semel::functions {
void RegisterTime(Registry& registry);
// Parts of RegisterTime.
void RegisterRounding(Registry& registry);
void RegisterNow(Registry& registry);
}  // namespace semel::functions
