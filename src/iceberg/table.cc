// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "codec/compression.h"
#include "iceberg/error_codes.h"
#include "iceberg/manifests.h"
#include "iceberg/properties.h"
#include "iceberg/schema_json.h"
#include "iceberg/snapshots.h"
#include "iceberg/table_version.h"

namespace semel::iceberg {

using env::SqlValue;
using nlohmann::json;

const TableVersionFacts& FactsOf(const TableVersion& version) { return version.facts; }

namespace {

constexpr int kKeptSnapshots = 500;             // semel.snapshots.keep of tables that Semel creates
constexpr int kKeptMetadata = 20;               // write.metadata.previous-versions-max of tables that Semel creates
constexpr size_t kMostMetadataBytes = 1 << 30;  // of a compressed file, unpacked

Status CheckSupported(const json& metadata, const std::string& name) {
  auto refuse = [&name](std::string_view what) {
    return Status::Invalid(kUnsupportedTable, fmt::format("table {} {}", name, what), "write to another table");
  };
  const int version = metadata.value("format-version", 0);
  if (version != 2) return refuse(fmt::format("has format version {}; only version 2 is supported", version));
  return Status::Ok();
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where new files go. Invalid: not on this machine.
Status ReadFolders(const std::string& location, const std::string& name, TableVersionFacts& facts) {
  auto folder = [&](const char* property, const char* below, std::string& out) -> Status {
    const auto own = facts.properties.find(property);
    std::string path = own == facts.properties.end() ? location + below : own->second;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (path.rfind('/', 0) != 0 && path.rfind("file:", 0) != 0)
      return Status::Invalid(kUnsupportedTable, fmt::format("table {} keeps its files in '{}'", name, path),
                             "tables in local folders are supported; write to another table");
    out = LocalPathOf(path);
    return Status::Ok();
  };
  SEMEL_RETURN_IF_ERROR(folder("write.data.path", "/data", facts.data_folder));
  return folder("write.metadata.path", "/metadata", facts.metadata_folder);
}

}  // namespace

const json* FindSnapshot(const json& metadata, int64_t id) {
  if (auto it = metadata.find("snapshots"); it != metadata.end())
    for (const json& snapshot : *it)
      if (snapshot.value("snapshot-id", int64_t{-1}) == id) return &snapshot;
  return nullptr;
}

const json* FindSpec(const json& metadata, int spec_id) {
  if (auto it = metadata.find("partition-specs"); it != metadata.end())
    for (const json& spec : *it)
      if (spec.value("spec-id", -1) == spec_id) return &spec;
  return nullptr;
}

Status BadMetadata(const std::string& where, std::string_view what) {
  return Status::Corrupt(kBadMetadata, fmt::format("{}: {}", where, what),
                         "the table's metadata was damaged or is of a kind that Semel does not know");
}

Result<PartitionSpec> PartitionSpecOf(const TableVersion& version, int spec_id) {
  return Guarded(version.facts.metadata_location, [&]() -> Result<PartitionSpec> {
    const json* spec = FindSpec(version.metadata, spec_id);
    if (spec == nullptr)
      return Status::Invalid(kUnsupportedTable,
                             fmt::format("{} has no partition spec {}", version.facts.metadata_location, spec_id),
                             "files were staged under it: restore it, or start over with --fresh");
    return ParsePartitionSpec(*spec, version.facts.columns);
  });
}

std::string NewUuid(env::Env& env) {
  const uint64_t a = env.Random(), b = env.Random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

namespace {

// What every look at the history reads (ancestry.cc) has the types that it should have; the library throws where not.
// Copies nothing: a commit passes here, and the history is the largest part of the metadata.
void CheckHistory(const json& metadata) {
  if (const auto snapshots = metadata.find("snapshots"); snapshots != metadata.end()) {
    for (const json& snapshot : *snapshots) {
      (void)snapshot.at("snapshot-id").get<int64_t>();
      (void)snapshot.value("sequence-number", int64_t{0});
      if (const auto parent = snapshot.find("parent-snapshot-id"); parent != snapshot.end() && !parent->is_null())
        (void)parent->get<int64_t>();
      if (const auto summary = snapshot.find("summary"); summary != snapshot.end())
        for (const auto& [key, value] : summary->get_ref<const json::object_t&>())
          (void)value.get_ref<const std::string&>();
    }
  }
  if (const auto log = metadata.find("snapshot-log"); log != metadata.end())
    for (const json& entry : *log) (void)entry.at("snapshot-id").get<int64_t>();
}

// The present snapshot. A table whose snapshot is not there is not an empty one: the next commit would lose its rows.
Status ReadCurrentSnapshot(const json& metadata, TableVersionFacts& facts) {
  const auto current = metadata.find("current-snapshot-id");
  facts.current_snapshot = current == metadata.end() || current->is_null() ? -1 : current->get<int64_t>();
  if (facts.current_snapshot != -1 && FindSnapshot(metadata, facts.current_snapshot) == nullptr)
    return BadMetadata(facts.metadata_location,
                       fmt::format("its current snapshot {} is not listed", facts.current_snapshot));
  const json refs = metadata.value("refs", json::object());
  const auto main = refs.find("main");
  if (main != refs.end() && main->at("snapshot-id") != facts.current_snapshot)
    return BadMetadata(facts.metadata_location, fmt::format("its current snapshot is {}, its branch main is at {}",
                                                            facts.current_snapshot, main->at("snapshot-id").dump()));
  return Status::Ok();
}

Status ReadSchemas(const json& metadata, TableVersionFacts& facts) {
  const int schema_id = metadata.value("current-schema-id", 0);
  const json schemas = metadata.value("schemas", json::array());
  for (const json& schema : schemas)
    if (schema.value("schema-id", 0) == schema_id) facts.schema = SchemaFromJson(schema);
  if (facts.schema.columns.empty() && facts.schema.unknown.empty())
    return BadMetadata(facts.metadata_location, "it names no current schema");
  facts.columns = facts.schema.columns;
  for (auto schema = schemas.rbegin(); schema != schemas.rend(); ++schema)
    AddColumns(facts.columns, SchemaFromJson(*schema).columns);
  return Status::Ok();
}

}  // namespace

// What is read of a table's metadata at every look.
Status ReadFacts(const json& metadata, const std::string& name, TableVersionFacts& facts) {
  return Guarded(facts.metadata_location, [&]() -> Status {
    if (metadata.is_discarded() || !metadata.is_object()) return BadMetadata(facts.metadata_location, "it is no JSON");
    SEMEL_RETURN_IF_ERROR(CheckSupported(metadata, name));
    for (const char* key : {"refs", "properties"})
      if (!metadata.value(key, json::object()).is_object())
        return BadMetadata(facts.metadata_location, fmt::format("'{}' is no object", key));
    facts.uuid = metadata.value("table-uuid", "");
    CheckHistory(metadata);
    SEMEL_RETURN_IF_ERROR(ReadCurrentSnapshot(metadata, facts));
    SEMEL_RETURN_IF_ERROR(ReadSchemas(metadata, facts));
    facts.default_spec = metadata.value("default-spec-id", 0);
    if (FindSpec(metadata, facts.default_spec) == nullptr)
      return BadMetadata(facts.metadata_location, "it names no partition spec");
    const json table_properties = metadata.value("properties", json::object());  // items() refers to it
    for (const auto& [key, value] : table_properties.items())
      if (value.is_string()) facts.properties[key] = value.get<std::string>();
    return ReadFolders(metadata.value("location", ""), name, facts);
  });
}

std::string LocalPathOf(const std::string& location) {
  std::string path = location;
  if (path.rfind("file:", 0) == 0) path = path.substr(5);
  while (path.rfind("//", 0) == 0) path.erase(0, 1);
  return path;
}

Table::Table(env::Env& env, CatalogOptions catalog, std::string database, std::string table)
    : env_(env), catalog_(std::move(catalog)), database_(std::move(database)), table_(std::move(table)) {}
Table::~Table() = default;

std::string Table::DataFolder() const {
  return present_ ? present_->facts.data_folder : fmt::format("{}/{}/{}/data", catalog_.warehouse, database_, table_);
}
std::string Table::MetadataFolder() const {
  return present_ ? present_->facts.metadata_folder
                  : fmt::format("{}/{}/{}/metadata", catalog_.warehouse, database_, table_);
}

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
  for (const char* sql : {"CREATE TABLE IF NOT EXISTS iceberg_tables(catalog_name VARCHAR(255) NOT "
                          "NULL,table_namespace VARCHAR(255) NOT NULL,table_name VARCHAR(255) NOT NULL,"
                          "metadata_location VARCHAR(1000),previous_metadata_location VARCHAR(1000), iceberg_type "
                          "VARCHAR(5),PRIMARY KEY (catalog_name, table_namespace, table_name))",
                          "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties(catalog_name VARCHAR(255) NOT "
                          "NULL,namespace VARCHAR(255) NOT NULL,property_key VARCHAR(255),"
                          "property_value VARCHAR(1000),PRIMARY KEY (catalog_name, namespace, property_key))"})
    SEMEL_RETURN_IF_ERROR(session_->Execute(sql, {}).status());
  return Status::Ok();
}

Status Table::WriteDurable(const std::string& path, std::string_view content) {
  env::FileSystem& files = env_.files();
  std::vector<std::string> missing;
  for (std::string folder = ParentOf(path); !files.Stat(folder).ok() && folder.size() > 1; folder = ParentOf(folder))
    missing.push_back(folder);
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

namespace {

// The metadata of a new table.
Result<std::string> FirstMetadata(env::Env& env, const std::string& location, const columnar::Schema& schema,
                                  const std::vector<std::string>& partitioned_by,
                                  const std::map<std::string, std::string>& properties) {
  SEMEL_ASSIGN_OR_RETURN(json iceberg_schema, SchemaToJson(schema));
  json partition_fields = json::array();
  for (const std::string& name : partitioned_by)
    for (const json& field : iceberg_schema.at("fields"))
      if (field.at("name") == name)
        partition_fields.push_back({{"name", name},
                                    {"transform", "identity"},
                                    {"source-id", field.at("id")},
                                    {"field-id", 1000 + static_cast<int>(partition_fields.size())}});
  json metadata = {{"format-version", 2},
                   {"table-uuid", NewUuid(env)},
                   {"location", location},
                   {"last-sequence-number", 0},
                   {"last-updated-ms", env.Now().millis()},
                   {"last-column-id", HighestFieldId(iceberg_schema)},
                   {"current-schema-id", 0},
                   {"schemas", {iceberg_schema}},
                   {"default-spec-id", 0},
                   {"partition-specs", {{{"spec-id", 0}, {"fields", partition_fields}}}},
                   {"last-partition-id", 999 + partitioned_by.size()},
                   {"default-sort-order-id", 0},
                   {"sort-orders", {{{"order-id", 0}, {"fields", json::array()}}}},
                   {"properties",
                    {{"write.parquet.compression-codec", "zstd"},
                     {"write.metadata.delete-after-commit.enabled", "true"},
                     {"write.metadata.previous-versions-max", std::to_string(kKeptMetadata)},
                     {kKeepSnapshotsProperty, std::to_string(kKeptSnapshots)}}},
                   {"current-snapshot-id", -1},
                   {"refs", json::object()},
                   {"snapshots", json::array()},
                   {"statistics", json::array()},
                   {"snapshot-log", json::array()},
                   {"metadata-log", json::array()}};
  for (const auto& [key, value] : properties) metadata["properties"][key] = value;
  return metadata.dump();
}

}  // namespace

Status Table::CreateIfMissing(const columnar::Schema& schema, const std::vector<std::string>& partitioned_by,
                              const std::map<std::string, std::string>& properties, bool create_database) {
  SEMEL_ASSIGN_OR_RETURN(const auto stored, StoredProperties(FullName(), properties));
  SEMEL_RETURN_IF_ERROR(EnsureCatalog());
  const SqlValue ns[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_)};
  SEMEL_ASSIGN_OR_RETURN(
      env::SqlResult found,
      session_->Execute("SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2", ns));
  if (found.rows.empty()) {
    if (!create_database)
      return Status::Invalid(kNoTable, fmt::format("catalog {} has no database '{}'", catalog_.name, database_),
                             fmt::format("CREATE DATABASE IF NOT EXISTS {}.{};", catalog_.name, database_));
    const Status inserted =
        session_->Execute("INSERT INTO iceberg_namespace_properties VALUES (?1, ?2, 'exists', 'true')", ns).status();
    if (!inserted.ok() && !inserted.is(StatusKind::kExists)) return inserted;
  }
  Result<std::shared_ptr<const TableVersion>> loaded = Load();
  if (!loaded.status().is(StatusKind::kNotFound)) return loaded.status();
  const std::string path = fmt::format("{}/00000-{}.metadata.json", MetadataFolder(), NewUuid(env_));
  SEMEL_ASSIGN_OR_RETURN(const std::string metadata, Guarded(path, [&] {
                           return FirstMetadata(env_, "file://" + ParentOf(DataFolder()), schema, partitioned_by,
                                                stored);
                         }));
  SEMEL_RETURN_IF_ERROR(WriteDurable(path, metadata));
  return InsertTable("file://" + path);
}

Status Table::InsertTable(const std::string& metadata_location) {
  const SqlValue row[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_), SqlValue::Text(table_),
                          SqlValue::Text(metadata_location)};
  // Catalogs of layout V0 (pyiceberg makes them) have no iceberg_type; they stay as they are, every reader takes a
  // missing type for a table.
  SEMEL_ASSIGN_OR_RETURN(
      env::SqlResult typed,
      session_->Execute("SELECT 1 FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'", {}));
  const Status inserted =
      session_
          ->Execute(fmt::format("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
                                "metadata_location, previous_metadata_location{}) VALUES (?1, ?2, ?3, ?4, NULL{})",
                                typed.rows.empty() ? "" : ", iceberg_type", typed.rows.empty() ? "" : ", 'TABLE'"),
                    row)
          .status();
  return inserted.is(StatusKind::kExists) ? Status::Ok() : inserted;
}

Result<std::shared_ptr<const TableVersion>> Table::Load() {
  const Status missing = Status::NotFound(kNoTable, fmt::format("there is no table {}", FullName()),
                                          "define it with CREATE TABLE IF NOT EXISTS in the script");
  if (!session_ && env_.files().Stat(catalog_.database).status().is(StatusKind::kNotFound)) return missing;
  SEMEL_ASSIGN_OR_RETURN(env::SqlSession * session, Session());
  const SqlValue key[] = {SqlValue::Text(catalog_.name), SqlValue::Text(database_), SqlValue::Text(table_)};
  SEMEL_ASSIGN_OR_RETURN(env::SqlResult rows,
                         session->Execute("SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ?1 AND "
                                          "table_namespace = ?2 AND table_name = ?3",
                                          key));
  if (rows.rows.empty()) return missing;
  if (present_ && present_->facts.metadata_location == rows.rows[0][0].text) return present_;
  auto version = std::make_shared<TableVersion>();
  TableVersionFacts& facts = version->facts;
  facts.metadata_location = rows.rows[0][0].text;
  Result<std::string> text = ReadFile(facts.metadata_location);
  if (text.status().is(StatusKind::kNotFound))
    return BadMetadata(facts.metadata_location, "the catalog names it, but it is missing");
  if (!text.ok()) return text.status();
  if (text->rfind("\x1f\x8b", 0) == 0) {  // gzip: write.metadata.compression-codec of another writer
    text = codec::Decompress(codec::Compression::kGzip, *text, kMostMetadataBytes);
    if (!text.ok()) return BadMetadata(facts.metadata_location, text.status().message());
  }
  version->metadata = json::parse(*text, nullptr, false);
  SEMEL_RETURN_IF_ERROR(ReadFacts(version->metadata, FullName(), facts));
  present_ = std::move(version);
  return present_;
}

Result<std::vector<std::string>> Table::LiveFiles(const TableVersion& version) {
  return Guarded(version.facts.metadata_location, [&] { return ReadLiveFiles(version); });
}

Result<std::vector<Table::AddedBySnapshot>> Table::History(const TableVersion& version) {
  return Guarded(version.facts.metadata_location, [&] { return ReadHistory(version); });
}

Result<std::vector<std::string>> Table::ReadLiveFiles(const TableVersion& version) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<json> manifests,
                         ReadManifestList(*this, FindSnapshot(version.metadata, version.facts.current_snapshot)));
  std::vector<std::string> paths;
  for (const json& manifest : manifests) {
    if (manifest.value("content", 0) != 0)
      return Status::Invalid(kUnsupportedTable,
                             fmt::format("{} has delete files, which Semel cannot read yet", FullName()),
                             "read it with another engine");
    SEMEL_ASSIGN_OR_RETURN(Manifest read, ReadManifest(*this, manifest));
    for (const json& entry : read.entries)
      if (entry.value("status", 0) != 2) paths.push_back(entry.at("data_file").value("file_path", ""));
  }
  return paths;
}

Result<std::vector<Table::AddedBySnapshot>> Table::ReadHistory(const TableVersion& version) {
  std::vector<AddedBySnapshot> history;
  for (const json& snapshot : version.metadata.value("snapshots", json::array())) {
    AddedBySnapshot added;
    added.snapshot_id = snapshot.value("snapshot-id", int64_t{-1});
    if (!IsAncestorOrExpired(version, added.snapshot_id)) continue;
    const json summary = snapshot.value("summary", json::object());  // items() refers to it
    for (const auto& [key, value] : summary.items())
      if (value.is_string()) added.summary[key] = value.get<std::string>();
    SEMEL_ASSIGN_OR_RETURN(std::vector<json> manifests, ReadManifestList(*this, &snapshot));
    for (const json& manifest : manifests) {
      if (manifest.value("added_snapshot_id", int64_t{-1}) != added.snapshot_id) continue;
      SEMEL_ASSIGN_OR_RETURN(Manifest read, ReadManifest(*this, manifest));
      for (const json& entry : read.entries)
        if (entry.value("status", 0) == 1) added.files.push_back(entry.at("data_file").value("file_path", ""));
    }
    history.push_back(std::move(added));
  }
  return history;
}

}  // namespace semel::iceberg
