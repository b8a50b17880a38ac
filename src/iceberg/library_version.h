// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>

namespace semel::iceberg {

// "nlohmann/json 3.11.2", the reader and writer of table metadata.
std::string JsonLibraryVersion();

}  // namespace semel::iceberg
