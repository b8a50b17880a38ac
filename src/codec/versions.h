// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>
#include <vector>

namespace semel::codec {

// "zstd 1.5.4" and so on: every library behind this folder, as it runs.
std::vector<std::string> LibraryVersions();

}  // namespace semel::codec
