// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "iceberg/avro.h"
#include "iceberg/error_codes.h"
#include "iceberg/schema_json.h"

namespace semel::iceberg {

using env::SqlValue;
using nlohmann::json;

class TableVersion {
 public:
  json metadata;
  TableVersionFacts facts;
};

const TableVersionFacts& FactsOf(const TableVersion& version) { return version.facts; }

namespace {

constexpr int kKeptMetadata = 20;  // write.metadata.previous-versions-max of tables that Semel creates

std::string NewUuid(env::Env& env) {
  const uint64_t a = env.Random(), b = env.Random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

Status BadMetadata(const std::string& where, std::string_view what) {
  return Status::Corrupt(kBadMetadata, fmt::format("{}: {}", where, what), "the table's metadata was damaged or is of a kind that Semel does not know");
}

const json* FindSnapshot(const json& metadata, int64_t id) {
  if (auto it = metadata.find("snapshots"); it != metadata.end())
    for (const json& snapshot : *it)
      if (snapshot.value("snapshot-id", int64_t{-1}) == id) return &snapshot;
  return nullptr;
}

Status CheckSupported(const json& metadata, const std::string& name) {
  auto refuse = [&name](std::string_view what) { return Status::Invalid(kUnsupportedTable, fmt::format("table {} {}", name, what), "write to another table"); };
  const int version = metadata.value("format-version", 0);
  if (version != 2) return refuse(fmt::format("has format version {}; only version 2 is supported", version));
  for (const json& spec : metadata.value("partition-specs", json::array()))
    if (spec.value("spec-id", 0) == metadata.value("default-spec-id", 0) && !spec.value("fields", json::array()).empty())
      return refuse("is partitioned, which is not supported yet");
  return Status::Ok();
}

// What is read of a table's metadata at every look. The library throws where a field has another type than it should have.
Status ReadFacts(const json& metadata, const std::string& name, TableVersionFacts& facts) {
  try {
    if (metadata.is_discarded() || !metadata.is_object()) return BadMetadata(facts.metadata_location, "it is no JSON");
    SEMEL_RETURN_IF_ERROR(CheckSupported(metadata, name));
    facts.uuid = metadata.value("table-uuid", "");
    facts.current_snapshot = metadata.contains("current-snapshot-id") && metadata["current-snapshot-id"].is_number() ? metadata["current-snapshot-id"].get<int64_t>() : -1;
    const int schema_id = metadata.value("current-schema-id", 0);
    for (const json& schema : metadata.value("schemas", json::array())) {
      if (schema.value("schema-id", 0) != schema_id) continue;
      SEMEL_ASSIGN_OR_RETURN(facts.columns, SchemaFromJson(schema));
    }
    if (facts.columns.empty()) return BadMetadata(facts.metadata_location, "it names no current schema");
    const json table_properties = metadata.value("properties", json::object());  // items() refers to it
    for (const auto& [name, value] : table_properties.items())
      if (value.is_string()) facts.properties[name] = value.get<std::string>();
    return Status::Ok();
  } catch (const json::exception& e) {
    return BadMetadata(facts.metadata_location, e.what());
  }
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

std::string LocalPathOf(const std::string& location) {
  std::string path = location;
  if (path.rfind("file:", 0) == 0) path = path.substr(5);
  while (path.rfind("//", 0) == 0) path.erase(0, 1);
  return path;
}

std::string DataFile::Encode() const { return fmt::format("{}\n{}\n{}\n{}", path, rows, bytes, digest); }

Result<DataFile> DataFile::Decode(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '\n');
  if (parts.size() != 4) return BadMetadata("checkpoint", "a staged data file is unreadable");
  return DataFile{parts[0], std::strtoull(parts[1].c_str(), nullptr, 10), std::strtoull(parts[2].c_str(), nullptr, 10), parts[3]};
}

bool IsAncestorOrExpired(const TableVersion& version, int64_t snapshot_id) {
  if (FindSnapshot(version.metadata, snapshot_id) == nullptr) return true;  // expired: it was part of the history
  for (int64_t id = version.facts.current_snapshot; id > 0;) {
    if (id == snapshot_id) return true;
    const json* snapshot = FindSnapshot(version.metadata, id);
    if (snapshot == nullptr) return false;
    id = snapshot->value("parent-snapshot-id", int64_t{-1});
  }
  return false;
}

std::optional<int64_t> SnapshotOfMarker(const TableVersion& version, const std::string& marker_key, const std::string& marker) {
  const auto snapshots = version.metadata.find("snapshots");
  if (snapshots == version.metadata.end()) return std::nullopt;
  for (auto it = snapshots->rbegin(); it != snapshots->rend(); ++it)
    if (it->value("summary", json::object()).value(marker_key, "") == marker) return it->value("snapshot-id", int64_t{-1});
  return std::nullopt;
}

Table::Table(env::Env& env, CatalogOptions catalog, std::string database, std::string table)
    : env_(env), catalog_(std::move(catalog)), database_(std::move(database)), table_(std::move(table)) {}
Table::~Table() = default;

std::string Table::DataFolder() const { return fmt::format("{}/{}/{}/data", catalog_.warehouse, database_, table_); }
std::string Table::MetadataFolder() const { return fmt::format("{}/{}/{}/metadata", catalog_.warehouse, database_, table_); }

Result<env::SqlSession*> Table::Session() {
  if (!session_) {
    SEMEL_ASSIGN_OR_RETURN(session_, env_.OpenSqlite({catalog_.database, false, false, Micros(5'000'000)}));
  }
  return session_.get();
}

Status Table::EnsureCatalog() {
  if (!session_) {
    SEMEL_ASSIGN_OR_RETURN(session_, env_.OpenSqlite({catalog_.database, true, false, Micros(5'000'000)}));
  }
  for (const char* sql :
       {"CREATE TABLE IF NOT EXISTS iceberg_tables(catalog_name VARCHAR(255) NOT NULL,table_namespace VARCHAR(255) NOT NULL,table_name VARCHAR(255) NOT NULL,"
        "metadata_location VARCHAR(1000),previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),PRIMARY KEY (catalog_name, table_namespace, table_name))",
        "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties(catalog_name VARCHAR(255) NOT NULL,namespace VARCHAR(255) NOT NULL,property_key VARCHAR(255),"
        "property_value VARCHAR(1000),PRIMARY KEY (catalog_name, namespace, property_key))"})
    SEMEL_RETURN_IF_ERROR(session_->Execute(sql, {}).status());
  return Status::Ok();
}

Status Table::WriteDurable(const std::string& path, std::string_view content) {
  env::FileSystem& files = env_.files();
  std::vector<std::string> missing;
  for (std::string folder = ParentOf(path); !files.Stat(folder).ok() && folder.size() > 1; folder = ParentOf(folder)) missing.push_back(folder);
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    const Status made = files.MakeDirectory(*it);
    if (!made.ok() && !made.is(StatusKind::kExists)) return made;
    SEMEL_RETURN_IF_ERROR(files.SyncDirectory(ParentOf(*it)));
  }
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, files.CreateExclusive(path));
  SEMEL_RETURN_IF_ERROR(file->Append(content));
  SEMEL_RETURN_IF_ERROR(file->Sync());
  return files.SyncDirectory(ParentOf(path));
}

Result<std::string> Table::ReadFile(const std::string& location) {
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, env_.files().OpenRead(LocalPathOf(location)));
  SEMEL_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  return file->ReadAt(0, size);
}

Status Table::CreateIfMissing(const columnar::Schema& schema, const std::map<std::string, std::string>& properties, bool create_database) {
  SEMEL_RETURN_IF_ERROR(EnsureCatalog());
  const SqlValue ns[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_)};
  SEMEL_ASSIGN_OR_RETURN(env::SqlResult found, session_->Execute("SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2", ns));
  if (found.rows.empty()) {
    if (!create_database)
      return Status::Invalid(kNoTable, fmt::format("catalog {} has no database '{}'", catalog_.name, database_), fmt::format("CREATE DATABASE IF NOT EXISTS {}.{};", catalog_.name, database_));
    const Status inserted = session_->Execute("INSERT INTO iceberg_namespace_properties VALUES (?1, ?2, 'exists', 'true')", ns).status();
    if (!inserted.ok() && !inserted.is(StatusKind::kExists)) return inserted;
  }
  Result<std::shared_ptr<const TableVersion>> loaded = Load();
  if (!loaded.status().is(StatusKind::kNotFound)) return loaded.status();
  SEMEL_ASSIGN_OR_RETURN(json iceberg_schema, SchemaToJson(schema));
  json metadata = {{"format-version", 2},
                   {"table-uuid", NewUuid(env_)},
                   {"location", "file://" + ParentOf(DataFolder())},
                   {"last-sequence-number", 0},
                   {"last-updated-ms", env_.Now().millis()},
                   {"last-column-id", static_cast<int>(schema.size())},
                   {"current-schema-id", 0},
                   {"schemas", {iceberg_schema}},
                   {"default-spec-id", 0},
                   {"partition-specs", {{{"spec-id", 0}, {"fields", json::array()}}}},
                   {"last-partition-id", 999},
                   {"default-sort-order-id", 0},
                   {"sort-orders", {{{"order-id", 0}, {"fields", json::array()}}}},
                   {"properties", {{"write.parquet.compression-codec", "zstd"}, {"write.metadata.delete-after-commit.enabled", "true"}, {"write.metadata.previous-versions-max", std::to_string(kKeptMetadata)}}},
                   {"current-snapshot-id", -1},
                   {"refs", json::object()},
                   {"snapshots", json::array()},
                   {"statistics", json::array()},
                   {"snapshot-log", json::array()},
                   {"metadata-log", json::array()}};
  for (const auto& [key, value] : properties) metadata["properties"][key] = value;
  const std::string path = fmt::format("{}/00000-{}.metadata.json", MetadataFolder(), NewUuid(env_));
  SEMEL_RETURN_IF_ERROR(WriteDurable(path, metadata.dump()));
  const SqlValue row[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_), SqlValue::Text(table_), SqlValue::Text("file://" + path)};
  const Status inserted =
      session_->Execute("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, previous_metadata_location, iceberg_type) VALUES (?1, ?2, ?3, ?4, NULL, 'TABLE')", row)
          .status();
  return inserted.is(StatusKind::kExists) ? Status::Ok() : inserted;
}

Result<std::shared_ptr<const TableVersion>> Table::Load() {
  const Status missing = Status::NotFound(kNoTable, fmt::format("there is no table {}", FullName()), "define it with CREATE TABLE IF NOT EXISTS in the script");
  if (!session_ && env_.files().Stat(catalog_.database).status().is(StatusKind::kNotFound)) return missing;
  SEMEL_ASSIGN_OR_RETURN(env::SqlSession * session, Session());
  const SqlValue key[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_), SqlValue::Text(table_)};
  SEMEL_ASSIGN_OR_RETURN(env::SqlResult rows, session->Execute("SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3", key));
  if (rows.rows.empty()) return missing;
  auto version = std::make_shared<TableVersion>();
  TableVersionFacts& facts = version->facts;
  facts.metadata_location = rows.rows[0][0].text;
  Result<std::string> text = ReadFile(facts.metadata_location);
  if (text.status().is(StatusKind::kNotFound)) return BadMetadata(facts.metadata_location, "the catalog names it, but it is missing");
  if (!text.ok()) return text.status();
  version->metadata = json::parse(*text, nullptr, false);
  SEMEL_RETURN_IF_ERROR(ReadFacts(version->metadata, FullName(), facts));
  return std::shared_ptr<const TableVersion>(std::move(version));
}

namespace {

// The manifests of a snapshot, as records that can be written again.
Result<std::vector<json>> ManifestsOf(Table& table, const json& metadata, int64_t snapshot_id) {
  const json* snapshot = FindSnapshot(metadata, snapshot_id);
  if (snapshot == nullptr) return std::vector<json>{};
  const std::string list = snapshot->value("manifest-list", "");
  SEMEL_ASSIGN_OR_RETURN(std::string file, table.ReadFile(list));
  SEMEL_ASSIGN_OR_RETURN(AvroFile avro, ReadAvroFile(file, list));
  for (json& record : avro.records) {
    // Older writers used other names for the counts.
    for (const char* kind : {"added", "existing", "deleted"}) {
      const std::string now = fmt::format("{}_files_count", kind), before = fmt::format("{}_data_files_count", kind);
      if (!record.contains(now) && record.contains(before)) record[now] = record[before];
    }
  }
  return std::move(avro.records);
}

json TotalsAfter(const json* parent, uint64_t files, uint64_t rows, uint64_t bytes) {
  json totals = json::object();
  auto total = [&](const char* key, uint64_t added) {
    if (parent == nullptr) {
      totals[key] = std::to_string(added);
    } else if (const json summary = parent->value("summary", json::object()); summary.contains(key)) {
      totals[key] = std::to_string(std::strtoull(summary.value(key, "0").c_str(), nullptr, 10) + added);
    }
  };
  total("total-records", rows);
  total("total-data-files", files);
  total("total-files-size", bytes);
  total("total-delete-files", 0);
  total("total-position-deletes", 0);
  total("total-equality-deletes", 0);
  return totals;
}

}  // namespace

Result<std::string> Table::BuildMetadata(const TableVersion& base, const std::vector<DataFile>& files, const std::map<std::string, std::string>& properties,
                                         const std::map<std::string, std::string>& summary, const std::string& file_tag, std::string& snapshot_id) {
  json metadata = base.metadata;
  const int64_t parent_id = base.facts.current_snapshot;
  const json* parent = FindSnapshot(base.metadata, parent_id);
  const int64_t id = static_cast<int64_t>(env_.Random() >> 1) | 1;
  const int64_t sequence = metadata.value("last-sequence-number", int64_t{0}) + 1;
  const int64_t now = std::max<int64_t>(env_.Now().millis(), metadata.value("last-updated-ms", int64_t{0}) + 1);
  const std::string sync = NewUuid(env_).substr(0, 16);
  json entries = json::array();
  uint64_t rows = 0, bytes = 0;
  std::vector<json> records;
  for (const DataFile& file : files) {
    rows += file.rows, bytes += file.bytes;
    records.push_back({{"status", 1}, {"snapshot_id", id}, {"data_file", {{"content", 0}, {"file_path", file.path}, {"file_format", "PARQUET"}, {"partition", json::object()}, {"record_count", file.rows}, {"file_size_in_bytes", file.bytes}}}});
  }
  json schema;
  for (const json& s : metadata["schemas"])
    if (s.value("schema-id", 0) == metadata.value("current-schema-id", 0)) schema = s;
  const int spec_id = metadata.value("default-spec-id", 0);
  const std::string manifest = WriteAvroFile(ManifestEntrySchema(), {{"schema", schema.dump()}, {"schema-id", std::to_string(schema.value("schema-id", 0))}, {"partition-spec", "[]"}, {"partition-spec-id", std::to_string(spec_id)}, {"format-version", "2"}, {"content", "data"}}, records, sync);
  const std::string manifest_path = fmt::format("{}/{}-m0.avro", MetadataFolder(), file_tag);
  SEMEL_RETURN_IF_ERROR(WriteDurable(manifest_path, manifest));
  std::vector<json> manifests = {{{"manifest_path", "file://" + manifest_path}, {"manifest_length", manifest.size()}, {"partition_spec_id", spec_id}, {"content", 0}, {"sequence_number", sequence}, {"min_sequence_number", sequence}, {"added_snapshot_id", id}, {"added_files_count", files.size()}, {"existing_files_count", 0}, {"deleted_files_count", 0}, {"added_rows_count", rows}, {"existing_rows_count", 0}, {"deleted_rows_count", 0}, {"partitions", json::array()}}};
  SEMEL_ASSIGN_OR_RETURN(std::vector<json> older, ManifestsOf(*this, base.metadata, parent_id));
  manifests.insert(manifests.end(), older.begin(), older.end());
  const std::string list_path = fmt::format("{}/snap-{}-{}.avro", MetadataFolder(), id, file_tag);
  const std::string list = WriteAvroFile(ManifestListSchema(), {{"snapshot-id", std::to_string(id)}, {"parent-snapshot-id", parent == nullptr ? "null" : std::to_string(parent_id)}, {"sequence-number", std::to_string(sequence)}, {"format-version", "2"}}, manifests, sync);
  SEMEL_RETURN_IF_ERROR(WriteDurable(list_path, list));
  json snapshot_summary = TotalsAfter(parent, files.size(), rows, bytes);
  snapshot_summary["operation"] = "append";
  snapshot_summary["added-data-files"] = std::to_string(files.size());
  snapshot_summary["added-records"] = std::to_string(rows);
  snapshot_summary["added-files-size"] = std::to_string(bytes);
  snapshot_summary["changed-partition-count"] = "1";
  snapshot_summary["engine-name"] = "semel";
  for (const auto& [key, value] : summary) snapshot_summary[key] = value;
  json snapshot = {{"snapshot-id", id}, {"sequence-number", sequence}, {"timestamp-ms", now}, {"manifest-list", "file://" + list_path}, {"summary", snapshot_summary}, {"schema-id", schema.value("schema-id", 0)}};
  if (parent != nullptr) snapshot["parent-snapshot-id"] = parent_id;
  metadata["snapshots"].push_back(snapshot);
  metadata["current-snapshot-id"] = id;
  metadata["refs"]["main"] = {{"snapshot-id", id}, {"type", "branch"}};
  metadata["last-sequence-number"] = sequence;
  metadata["metadata-log"].push_back({{"timestamp-ms", metadata.value("last-updated-ms", now)}, {"metadata-file", base.facts.metadata_location}});
  metadata["last-updated-ms"] = now;
  metadata["snapshot-log"].push_back({{"timestamp-ms", now}, {"snapshot-id", id}});
  for (const auto& [key, value] : properties) metadata["properties"][key] = value;
  snapshot_id = std::to_string(id);
  return metadata.dump();
}

Result<SwapOutcome> Table::Append(const TableVersion& base, const std::vector<DataFile>& files, const std::map<std::string, std::string>& properties,
                                  const std::map<std::string, std::string>& summary, const std::string& file_tag, std::string& snapshot_id) {
  const std::string tag = fmt::format("{}-{:016x}", file_tag, env_.Random());
  SEMEL_ASSIGN_OR_RETURN(std::string text, BuildMetadata(base, files, properties, summary, tag, snapshot_id));
  json metadata = json::parse(text);
  // The log keeps the newest entries; files that fall out of it may go once this commit has won.
  std::vector<std::string> dropped;
  json& log = metadata["metadata-log"];
  const auto& props = base.facts.properties;
  const auto max_property = props.find("write.metadata.previous-versions-max");
  const size_t keep = max_property == props.end() ? 100 : std::max<size_t>(1, std::strtoull(max_property->second.c_str(), nullptr, 10));
  while (log.size() > keep) {
    dropped.push_back(log[0].value("metadata-file", ""));
    log.erase(log.begin());
  }
  const std::string number = base.facts.metadata_location.substr(base.facts.metadata_location.find_last_of('/') + 1);
  const unsigned long version = std::strtoul(number.c_str(), nullptr, 10) + 1;
  const std::string path = fmt::format("{}/{:05}-{}.metadata.json", MetadataFolder(), version, tag);
  SEMEL_RETURN_IF_ERROR(WriteDurable(path, metadata.dump()));
  SEMEL_POINT(env_, "commit.iceberg.swap.before");
  SEMEL_ASSIGN_OR_RETURN(env::SqlSession * session, Session());
  const SqlValue args[] = {SqlValue::Text("file://" + path),      SqlValue::Text(base.facts.metadata_location), SqlValue::Text(catalog_.name), SqlValue::Text(database_),
                           SqlValue::Text(table_)};
  Result<env::SqlResult> swapped = session->Execute(
      "UPDATE iceberg_tables SET metadata_location = ?1, previous_metadata_location = ?2 WHERE catalog_name = ?3 AND table_namespace = ?4 AND table_name = ?5 AND metadata_location = ?2", args);
  if (!swapped.ok()) {
    if (swapped.status().is(StatusKind::kUnknown)) return SwapOutcome::kUnknown;
    return swapped.status();
  }
  SEMEL_POINT(env_, "commit.iceberg.swap.after");
  if (swapped->affected_rows == 0) {
    (void)env_.files().Remove(path);  // certainly lost: nobody refers to it
    return SwapOutcome::kLost;
  }
  const auto delete_property = props.find("write.metadata.delete-after-commit.enabled");
  if (delete_property != props.end() && delete_property->second == "true")
    for (const std::string& location : dropped)
      if (!location.empty()) (void)env_.files().Remove(LocalPathOf(location));
  return SwapOutcome::kApplied;
}

Result<std::vector<std::string>> Table::LiveFiles(const TableVersion& version) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<json> manifests, ManifestsOf(*this, version.metadata, version.facts.current_snapshot));
  std::vector<std::string> paths;
  for (const json& manifest : manifests) {
    const std::string path = manifest.value("manifest_path", "");
    if (manifest.value("content", 0) != 0) return Status::Invalid(kUnsupportedTable, fmt::format("{} has delete files, which Semel cannot read yet", FullName()), "read it with another engine");
    SEMEL_ASSIGN_OR_RETURN(std::string file, ReadFile(path));
    SEMEL_ASSIGN_OR_RETURN(AvroFile avro, ReadAvroFile(file, path));
    for (const json& entry : avro.records)
      if (entry.value("status", 0) != 2) paths.push_back(entry["data_file"].value("file_path", ""));
  }
  return paths;
}

Result<std::vector<Table::AddedBySnapshot>> Table::History(const TableVersion& version) {
  std::vector<AddedBySnapshot> history;
  for (const json& snapshot : version.metadata.value("snapshots", json::array())) {
    AddedBySnapshot added;
    added.snapshot_id = snapshot.value("snapshot-id", int64_t{-1});
    if (!IsAncestorOrExpired(version, added.snapshot_id)) continue;
    const json summary = snapshot.value("summary", json::object());  // items() refers to it
    for (const auto& [key, value] : summary.items())
      if (value.is_string()) added.summary[key] = value.get<std::string>();
    SEMEL_ASSIGN_OR_RETURN(std::vector<json> manifests, ManifestsOf(*this, version.metadata, added.snapshot_id));
    for (const json& manifest : manifests) {
      if (manifest.value("added_snapshot_id", int64_t{-1}) != added.snapshot_id) continue;
      const std::string path = manifest.value("manifest_path", "");
      SEMEL_ASSIGN_OR_RETURN(std::string file, ReadFile(path));
      SEMEL_ASSIGN_OR_RETURN(AvroFile avro, ReadAvroFile(file, path));
      for (const json& entry : avro.records)
        if (entry.value("status", 0) == 1) added.files.push_back(entry["data_file"].value("file_path", ""));
    }
    history.push_back(std::move(added));
  }
  return history;
}

}  // namespace semel::iceberg
