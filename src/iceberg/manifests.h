// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Manifests: the entries of an append, and the merging that keeps a table's list of manifests short however long it is
// written to (Iceberg specification, "Manifests", "Manifest Lists", "Sequence Number Inheritance").
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "iceberg/data_file.h"

namespace semel::iceberg {

class Table;

// What the manifests of one commit have in common.
struct ManifestContext {
  int64_t snapshot_id = 0;
  int64_t sequence_number = 0;
  nlohmann::json schema;           // the table's, as in its metadata
  nlohmann::json partition_spec;   // of the table's metadata
  nlohmann::json partition_types;  // Avro types of the partition fields, in the spec's order
  std::string path_prefix;         // folder and tag: "<prefix>-m0.avro"
  std::string sync_marker;         // 16 bytes
};

// Manifest files of a snapshot as records of its list; empty without a snapshot.
Result<std::vector<nlohmann::json>> ReadManifestList(Table& table, const nlohmann::json* snapshot);
Result<std::vector<nlohmann::json>> ReadManifest(Table& table, const nlohmann::json& manifest);

// Writes the manifest of the files added; the record for the list.
Result<nlohmann::json> WriteAddedManifest(Table& table, const ManifestContext& context,
                                          const std::vector<DataFile>& files);

struct MergeOptions {
  bool enabled = true;
  size_t min_count = 100;           // commit.manifest.min-count-to-merge
  uint64_t target_bytes = 8 << 20;  // commit.manifest.target-size-bytes: larger ones stay as they are
};
MergeOptions MergeOptionsOf(const std::map<std::string, std::string>& properties);

// Merges data manifests of the present spec where many of one size have gathered: 100 with fewer than 100 files, or ten
// of a greater size (sizes by powers of ten, so that each entry is rewritten a few times in a table's life). Entries
// keep their snapshot and sequence numbers. Manifests with content that Semel does not write stay as they are.
Status MergeManifests(Table& table, const ManifestContext& context, const MergeOptions& options,
                      std::vector<nlohmann::json>& manifests);

}  // namespace semel::iceberg
