// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "formats/api/registry.h"

namespace semel::formats {
void RegisterJson(Registry& registry);
}  // namespace semel::formats
