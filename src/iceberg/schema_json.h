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
// What Semel knows of a table's schema. Columns of types that it does not write are named apart, fields of structs too.
struct TableSchema {
  std::vector<parquet::ParquetColumn> columns;
  struct Unknown {
    std::string path;  // "column" or "column.field"
    std::string type;
    bool required = false;
  };
  std::vector<Unknown> unknown;
};
TableSchema SchemaFromJson(const nlohmann::json& schema);
// Adds the columns, and fields of structs, whose ids are not there yet.
void AddColumns(std::vector<parquet::ParquetColumn>& columns, const std::vector<parquet::ParquetColumn>& more);
// `partition_fields`: Avro fields of the partition record (partition.h).
nlohmann::json ManifestEntrySchema(const nlohmann::json& partition_fields);
nlohmann::json ManifestListSchema();

}  // namespace semel::iceberg
