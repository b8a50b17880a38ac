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
#include "iceberg/partition.h"

namespace semel::iceberg {

class Table;

// What the manifests of one commit have in common.
struct ManifestContext {
  int64_t snapshot_id = 0;
  int64_t sequence_number = 0;
  nlohmann::json schema;    // the table's, as in its metadata
  std::string path_prefix;  // folder and tag: "<prefix>-m0.avro"
  std::string sync_marker;  // 16 bytes
};
// The partition spec of a manifest; it has one.
struct ManifestSpec {
  nlohmann::json json;  // as in the table's metadata
  PartitionSpec spec;
};

// Manifest files of a snapshot as records of its list; empty without a snapshot. What lists of format version 1 do not
// have is given as version 2 reads them: data, sequence numbers 0.
Result<std::vector<nlohmann::json>> ReadManifestList(Table& table, const nlohmann::json* snapshot);
struct Manifest {
  std::vector<nlohmann::json> entries;
  nlohmann::json schema;  // the writer's
};
Result<Manifest> ReadManifest(Table& table, const nlohmann::json& manifest);
// Counts what the manifest's record does not tell: they may be missing in lists of version 1, but not in ours.
Status FillCounts(Table& table, nlohmann::json& manifest);

// Writes the manifest of the files added, all of this spec; the record for the list. Corrupt: a file's partition is not
// one of the spec.
Result<nlohmann::json> WriteAddedManifest(Table& table, const ManifestContext& context, const ManifestSpec& spec,
                                          const std::vector<DataFile>& files, const std::string& path);

struct MergeOptions {
  bool enabled = true;
  size_t min_count = 100;           // commit.manifest.min-count-to-merge
  uint64_t target_bytes = 8 << 20;  // commit.manifest.target-size-bytes: larger ones stay as they are
};
MergeOptions MergeOptionsOf(const std::map<std::string, std::string>& properties);

// Merges data manifests of this spec where many of one size have gathered: 100 with fewer than 100 files, or ten
// of a greater size (sizes by powers of ten, so that each entry is rewritten a few times in a table's life). Entries
// keep their snapshot and sequence numbers. Manifests with content that Semel does not write, or whose partition fields
// are not all those of the spec, stay as they are.
Status MergeManifests(Table& table, const ManifestContext& context, const ManifestSpec& spec,
                      const MergeOptions& options, std::vector<nlohmann::json>& manifests);

}  // namespace semel::iceberg
