// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Iceberg types and Avro schemas of manifests (specification, "Schemas and Data Types", "Manifests", "Manifest Lists").
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "parquet/parquet_file.h"

namespace semel::iceberg {

// An Iceberg schema object with field ids from 1; a ROW is a struct.
Result<nlohmann::json> SchemaToJson(const columnar::Schema& schema);
// Of a schema object, the fields of structs included.
int HighestFieldId(const nlohmann::json& schema);
Result<std::vector<parquet::ParquetColumn>> SchemaFromJson(const nlohmann::json& schema);
// `partition_fields`: Avro fields of the partition record (partition.h).
nlohmann::json ManifestEntrySchema(const nlohmann::json& partition_fields);
nlohmann::json ManifestListSchema();

}  // namespace semel::iceberg
