// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Partition specs and their transforms (Iceberg specification, "Partitioning", "Partition Transforms", appendix B for
// the hash).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/column.h"
#include "parquet/parquet_file.h"

namespace semel::iceberg {

enum class TransformKind : uint8_t { kIdentity, kBucket, kTruncate, kYear, kMonth, kDay, kHour, kVoid };

struct PartitionField {
  std::string name;
  std::string avro_name;  // in manifests: a name that Avro allows
  int field_id = 0;       // from 1000
  int source_id = 0;      // field id of the column
  int column = -1;        // in the columns of the batches; −1: they do not have it, it is NULL
  TransformKind transform = TransformKind::kIdentity;
  int64_t parameter = 0;  // buckets, or the width of TRUNCATE
  columnar::DataType source;
};

struct PartitionSpec {
  int id = 0;
  std::vector<PartitionField> fields;
};

// A spec in a table's metadata, for batches of these columns. Invalid, by name, for transforms and types that Semel
// does not write.
Result<PartitionSpec> ParsePartitionSpec(const nlohmann::json& spec,
                                         const std::vector<parquet::ParquetColumn>& columns);
// The same spec for batches of other columns; those that they do not have are NULL.
PartitionSpec PlacedIn(PartitionSpec spec, const std::vector<parquet::ParquetColumn>& columns);
// Avro fields of the partition record in manifests.
nlohmann::json PartitionAvroFields(const PartitionSpec& spec);
// The name as Avro allows it, by the rule of the Java library: "user-id" → "user_x2Did", "1st" → "_1st".
std::string AvroName(std::string_view name);
// The partition of one row as a JSON object: {"day": 20454, "bucket": 3}. Invalid: text that is not UTF-8.
Result<std::string> PartitionOf(const PartitionSpec& spec, const columnar::Batch& batch, int64_t row);
// The rows of each partition, in order of first appearance. Without fields: one part with every row.
Result<std::vector<std::pair<std::string, std::vector<uint32_t>>>> SplitByPartition(const PartitionSpec& spec,
                                                                                    const columnar::Batch& batch);
// A staged partition as manifests have it: by Avro name. Nothing: it is not one of this spec.
std::optional<nlohmann::json> PartitionRecord(const PartitionSpec& spec, const std::string& partition);
// The partition record of another writer's manifest as ours has it: its fields are found by their ids in the schema
// that the writer used (names are its own affair). Nothing: the fields are others, or of other types.
std::optional<nlohmann::json> AdoptPartition(const PartitionSpec& spec, const nlohmann::json& writer_schema,
                                             const nlohmann::json& partition);
// The `partitions` of a manifest list's record: per field whether a NULL occurs, and the bounds.
nlohmann::json SummarizePartitions(const nlohmann::json& avro_fields, const std::vector<nlohmann::json>& entries);

}  // namespace semel::iceberg
