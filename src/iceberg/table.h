// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// An Iceberg table (format version 2, Apache Iceberg specification) in a catalog that is a SQLite file, in the layout
// of Iceberg's JdbcCatalog (schema V0 or V1), as Java, Flink and pyiceberg share it.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "env/api/env.h"
#include "iceberg/data_file.h"
#include "iceberg/partition.h"
#include "iceberg/schema_json.h"
#include "parquet/parquet_file.h"

namespace semel::iceberg {

struct CatalogOptions {
  std::string name;       // catalog_name in the database
  std::string database;   // path of the SQLite file
  std::string warehouse;  // local folder
};

// One version of a table, as loaded. Immutable but for the file caches of its owner.
class TableVersion;
struct ManifestContext;

enum class SwapOutcome : uint8_t { kApplied, kLost, kUnknown };

// What one append adds.
struct AppendRequest {
  std::vector<DataFile> files;
  std::map<std::string, std::string> properties;  // into the table
  std::map<std::string, std::string> summary;     // into the snapshot
  std::string file_tag;                           // begins the names of the metadata files that are written
};

class Table {
 public:
  Table(env::Env& env, CatalogOptions catalog, std::string database, std::string table);
  ~Table();

  // Creates the namespace (with `create_database`) and the table with this schema, partitioned by the values of the
  // named columns, if it is missing. Invalid: properties that Semel does not honour (properties.h).
  Status CreateIfMissing(const columnar::Schema& schema, const std::vector<std::string>& partitioned_by,
                         const std::map<std::string, std::string>& properties, bool create_database);
  // Reads the present version (a version's file is read once: it never changes). kNotFound if there is no such table.
  Result<std::shared_ptr<const TableVersion>> Load();

  // Makes a version with the files added, old manifests merged and old own snapshots expired where the table's
  // properties say so, and swaps it in if `base` is still the present one.
  Result<SwapOutcome> Append(const TableVersion& base, const AppendRequest& request, std::string& snapshot_id);

  // Data files of the present snapshot.
  Result<std::vector<std::string>> LiveFiles(const TableVersion& version);
  // Files that each snapshot added, oldest first, with the snapshot's own summary.
  struct AddedBySnapshot {
    int64_t snapshot_id = 0;
    std::map<std::string, std::string> summary;
    std::vector<std::string> files;
  };
  Result<std::vector<AddedBySnapshot>> History(const TableVersion& version);
  Result<std::string> ReadFile(const std::string& location);
  Status WriteDurable(const std::string& path, std::string_view content);

  // Where the version that was loaded last wants new files: its location, or what its properties write.data.path and
  // write.metadata.path say; below the warehouse as long as none was loaded.
  std::string DataFolder() const;
  std::string MetadataFolder() const;
  std::string FullName() const { return catalog_.name + "." + database_ + "." + table_; }
  env::Env& env() { return env_; }

 private:
  Result<env::SqlSession*> Session();
  Status EnsureCatalog();
  Result<std::vector<std::string>> ReadLiveFiles(const TableVersion& version);
  Result<std::vector<AddedBySnapshot>> ReadHistory(const TableVersion& version);
  Status InsertTable(const std::string& metadata_location);
  Result<std::vector<nlohmann::json>> WriteManifests(const TableVersion& base, const AppendRequest& request,
                                                     const ManifestContext& context);
  Status AddSnapshot(const TableVersion& base, const AppendRequest& request, const std::string& tag,
                     nlohmann::json& metadata, int64_t& snapshot_id);
  // The next version's metadata in a file, not yet swapped in.
  struct NextVersion;
  Status WriteNext(const TableVersion& base, const AppendRequest& request, const std::string& tag, NextVersion& next);
  void CleanUp(const TableVersion& base, const NextVersion& next);
  Result<SwapOutcome> Swap(const std::string& from, const std::string& to);
  // Removes the metadata files of a try that was certainly not applied: nobody refers to them.
  void RemoveTry(const std::string& tag);

  env::Env& env_;
  const CatalogOptions catalog_;
  const std::string database_;
  const std::string table_;
  std::unique_ptr<env::SqlSession> session_;
  std::shared_ptr<const TableVersion> present_;  // loaded or made last
};

// What a loaded version says.
struct TableVersionFacts {
  std::string metadata_location;
  std::string data_folder, metadata_folder;  // local paths for new files
  std::string uuid;
  TableSchema schema;                           // the present one
  std::vector<parquet::ParquetColumn> columns;  // of every schema that the table had, as the newest has them
  std::map<std::string, std::string> properties;
  int64_t current_snapshot = -1;  // listed, or −1
  int default_spec = 0;           // id of the partition spec for new files
};
const TableVersionFacts& FactsOf(const TableVersion& version);
// A partition spec of the table, for batches of all its columns. Invalid: the table has none with this id, or Semel
// does not write it.
Result<PartitionSpec> PartitionSpecOf(const TableVersion& version, int spec_id);
// False if the snapshot is certainly no ancestor of the present one: somebody rolled the table back. True where it is
// one, or where expiry left nothing to tell by.
bool IsAncestorOrExpired(const TableVersion& version, int64_t snapshot_id);
// The newest own snapshot in the history whose summary has this marker: its id, or nothing.
std::optional<int64_t> SnapshotOfMarker(const TableVersion& version, const std::string& marker_key,
                                        const std::string& marker);

// "file:/x", "file:///x" and "/x" → "/x".
std::string LocalPathOf(const std::string& location);

}  // namespace semel::iceberg
