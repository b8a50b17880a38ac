// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Just enough of Avro object container files (Apache Avro 1.11 specification) for Iceberg's manifests: writing with a
// given schema without compression, reading whatever schema the writer used (null and deflate).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace semel::iceberg {

// A container file. `records` are encoded record by record by WriteAvroValue; `metadata` goes into the header beside
// avro.schema.
std::string WriteAvroFile(const nlohmann::json& schema, const std::map<std::string, std::string>& metadata,
                          const std::vector<nlohmann::json>& records, std::string_view sync_marker);
struct AvroFile {
  std::map<std::string, std::string> metadata;
  std::vector<nlohmann::json> records;  // bytes as binary values, maps and records as objects
};
Result<AvroFile> ReadAvroFile(std::string_view file, std::string_view name);

}  // namespace semel::iceberg
