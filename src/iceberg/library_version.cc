// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/library_version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace semel::iceberg {

std::string JsonLibraryVersion() {
  return fmt::format("nlohmann/json {}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                     NLOHMANN_JSON_VERSION_PATCH);
}

}  // namespace semel::iceberg
