// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "functions/api/registry.h"

namespace semel::functions {
void RegisterRows(Registry& registry);
}  // namespace semel::functions
