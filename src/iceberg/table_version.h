// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A loaded version of a table with its whole metadata; only for the files that read and make versions.
#pragma once

#include <nlohmann/json.hpp>

#include "iceberg/table.h"

namespace semel::iceberg {

class TableVersion {
 public:
  nlohmann::json metadata;
  TableVersionFacts facts;
};

// The snapshot with this id, or nothing.
const nlohmann::json* FindSnapshot(const nlohmann::json& metadata, int64_t id);
// The partition spec that new files are written with.
const nlohmann::json* DefaultSpec(const nlohmann::json& metadata);
// What is read of a table's metadata at every look; `facts.metadata_location` is set already.
Status ReadFacts(const nlohmann::json& metadata, const std::string& name, TableVersionFacts& facts);
// A random UUID, version 4.
std::string NewUuid(env::Env& env);

}  // namespace semel::iceberg
