// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "connectors/api/registry.h"

namespace semel::connectors {
void RegisterDatagen(Registry& registry);
}  // namespace semel::connectors
