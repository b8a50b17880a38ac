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
// The partition spec with this id as the metadata have it, or nothing.
const nlohmann::json* FindSpec(const nlohmann::json& metadata, int spec_id);
// The error for metadata that cannot be understood.
Status BadMetadata(const std::string& where, std::string_view what);
// What `read` gives; kBadMetadata if something in the metadata has another type than it should have, of which the
// library throws.
template <typename Read>
auto Guarded(const std::string& where, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const nlohmann::json::exception& e) {
    return BadMetadata(where, e.what());
  }
}
// What is read of a table's metadata at every look; `facts.metadata_location` is set already.
Status ReadFacts(const nlohmann::json& metadata, const std::string& name, TableVersionFacts& facts);
// A random UUID, version 4.
std::string NewUuid(env::Env& env);

}  // namespace semel::iceberg
