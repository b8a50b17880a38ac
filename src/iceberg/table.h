// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// An Iceberg table (format version 2, Apache Iceberg specification) in a catalog that is a SQLite file, in the layout of Iceberg's
// JdbcCatalog (schema V0 or V1), as Java, Flink and pyiceberg share it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "env/api/env.h"
#include "parquet/parquet_file.h"

namespace semel::iceberg {

struct CatalogOptions {
  std::string name;       // catalog_name in the database
  std::string database;   // path of the SQLite file
  std::string warehouse;  // local folder
};

// A data file that was written and is not (yet) part of the table.
struct DataFile {
  std::string path;  // as stored in manifests
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::string digest;
  std::string Encode() const;
  static Result<DataFile> Decode(std::string_view text);
};

// One version of a table, as loaded. Immutable but for the file caches of its owner.
class TableVersion;


enum class SwapOutcome : uint8_t { kApplied, kLost, kUnknown };

class Table {
 public:
  Table(env::Env& env, CatalogOptions catalog, std::string database, std::string table);
  ~Table();

  // Creates the namespace (with `create_database`) and the table with this schema if it is missing.
  Status CreateIfMissing(const columnar::Schema& schema, const std::map<std::string, std::string>& properties, bool create_database);
  // Reads the present version. kNotFound if there is no such table.
  Result<std::shared_ptr<const TableVersion>> Load();

  // Makes a version with the files added and the properties set, and swaps it in if `base` is still the present one. `properties` go
  // into the table, `summary` into the snapshot.
  Result<SwapOutcome> Append(const TableVersion& base, const std::vector<DataFile>& files, const std::map<std::string, std::string>& properties,
                             const std::map<std::string, std::string>& summary, const std::string& file_tag, std::string& snapshot_id);

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

  std::string DataFolder() const;
  std::string MetadataFolder() const;
  std::string FullName() const { return catalog_.name + "." + database_ + "." + table_; }
  env::Env& env() { return env_; }

 private:
  Result<env::SqlSession*> Session();
  Status EnsureCatalog();
  Result<std::string> BuildMetadata(const TableVersion& base, const std::vector<DataFile>& files, const std::map<std::string, std::string>& properties,
                                    const std::map<std::string, std::string>& summary, const std::string& file_tag, std::string& snapshot_id);

  env::Env& env_;
  const CatalogOptions catalog_;
  const std::string database_;
  const std::string table_;
  std::unique_ptr<env::SqlSession> session_;
};

// What a loaded version says.
struct TableVersionFacts {
  std::string metadata_location;
  std::string uuid;
  std::vector<parquet::ParquetColumn> columns;
  std::map<std::string, std::string> properties;
  int64_t current_snapshot = -1;
};
const TableVersionFacts& FactsOf(const TableVersion& version);
// Whether the snapshot is an ancestor of the present one, or no longer listed (expired).
bool IsAncestorOrExpired(const TableVersion& version, int64_t snapshot_id);
// The newest own snapshot in the history whose summary has this marker: its id, or nothing.
std::optional<int64_t> SnapshotOfMarker(const TableVersion& version, const std::string& marker_key, const std::string& marker);

// "file:/x", "file:///x" and "/x" → "/x".
std::string LocalPathOf(const std::string& location);

}  // namespace semel::iceberg
