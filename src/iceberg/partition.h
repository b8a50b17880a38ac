// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Partition specs and their transforms (Iceberg specification, "Partitioning", "Partition Transforms", appendix B for
// the hash).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "columnar/column.h"
#include "parquet/parquet_file.h"

namespace semel::iceberg {

enum class TransformKind : uint8_t { kIdentity, kBucket, kTruncate, kYear, kMonth, kDay, kHour, kVoid };

struct PartitionField {
  std::string name;
  int field_id = 0;  // from 1000
  int column = -1;   // in the table's columns
  TransformKind transform = TransformKind::kIdentity;
  int64_t parameter = 0;  // buckets, or the width of TRUNCATE
  columnar::DataType source;
};

using PartitionSpec = std::vector<PartitionField>;

// The fields of a spec in a table's metadata. Invalid, by name, for transforms and types that Semel does not write.
Result<PartitionSpec> ParsePartitionSpec(const nlohmann::json& spec,
                                         const std::vector<parquet::ParquetColumn>& columns);
// Avro fields of the partition record in manifests.
nlohmann::json PartitionAvroFields(const PartitionSpec& spec);
// The partition of one row as a JSON object, as manifests have it: {"day": 20454, "bucket": 3}.
std::string PartitionOf(const PartitionSpec& spec, const columnar::Batch& batch, int64_t row);
// The rows of each partition, in order of first appearance. Without fields: one part with every row.
std::vector<std::pair<std::string, std::vector<uint32_t>>> SplitByPartition(const PartitionSpec& spec,
                                                                            const columnar::Batch& batch);
// The `partitions` of a manifest list's record: per field whether a NULL occurs, and the bounds.
nlohmann::json SummarizePartitions(const nlohmann::json& avro_fields, const std::vector<nlohmann::json>& entries);

}  // namespace semel::iceberg
