// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/iceberg/iceberg_sink.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "columnar/row_digest.h"
#include "connectors/iceberg/written_columns.h"
#include "iceberg/error_codes.h"
#include "iceberg/properties.h"
#include "iceberg/utf8.h"

namespace semel::connectors {

using checkpoint::CommitOutcome;
using checkpoint::CommitResult;
using checkpoint::Marker;
using columnar::Batch;
using iceberg::DataFile;
using iceberg::Table;
using iceberg::TableVersion;
using parquet::ParquetColumn;

namespace {

constexpr char kFilePrefix[] = "semel-";
constexpr uint64_t kMemoryPerFileByte = 2;  // columns in memory against zstd in the file, at the least
constexpr std::string_view kSqlitePrefix = "jdbc:sqlite:";

// semel-<lineage>-<epoch>-<generation>-<rest>: what a start may judge and discard.
std::string FileTag(const std::string& lineage, Epoch epoch, Generation generation) {
  return fmt::format("{}{}_{}_{}", kFilePrefix, lineage, epoch.value, generation.value);
}

std::optional<checkpoint::Committer::StagedAttempt> ParseFileTag(const std::string& name) {
  const size_t begin = name.find(kFilePrefix);
  if (begin == std::string::npos) return std::nullopt;
  const std::vector<std::string> parts = Split(name.substr(begin + sizeof(kFilePrefix) - 1), '_');
  if (parts.size() < 3) return std::nullopt;
  char* end = nullptr;
  const uint64_t epoch = std::strtoull(parts[1].c_str(), &end, 10);
  if (*end != '\0' || parts[1].empty()) return std::nullopt;
  const uint64_t generation = std::strtoull(parts[2].c_str(), &end, 10);
  if (end == parts[2].c_str() || (*end != '-' && *end != '\0')) return std::nullopt;
  return checkpoint::Committer::StagedAttempt{parts[0], Epoch(epoch), Generation(generation)};
}

// Rows of one data file to be.
struct FileRows {
  std::string partition;
  std::vector<Batch> batches;
};

// Groups an epoch's rows by partition, and each partition's into pieces that give files of about the target size.
Result<std::vector<FileRows>> PlanFiles(const iceberg::PartitionSpec& spec, const std::vector<Batch>& batches,
                                        uint64_t target_bytes) {
  std::vector<FileRows> files;
  std::map<std::string, std::pair<size_t, uint64_t>>
      open;  // partition → its present file and the bytes in memory there
  auto add = [&](const std::string& partition, Batch rows) {
    auto& [index, bytes] = open.try_emplace(partition, SIZE_MAX, 0).first->second;
    if (index == SIZE_MAX || bytes >= target_bytes * kMemoryPerFileByte) {
      index = files.size();
      bytes = 0;
      files.push_back({partition, {}});
    }
    bytes += rows.MemoryBytes();
    files[index].batches.push_back(std::move(rows));
  };
  for (const Batch& batch : batches) {
    if (spec.fields.empty()) {
      add("{}", batch);
      continue;
    }
    SEMEL_ASSIGN_OR_RETURN(const auto parts, iceberg::SplitByPartition(spec, batch));
    for (const auto& [partition, rows] : parts) add(partition, batch.Take(rows));
  }
  return files;
}

// What a writer knows of its table, as it was at the start: what others change is taken over by the next start.
struct WriterTable {
  std::shared_ptr<Table> table;
  std::vector<ParquetColumn> columns;  // of the batches
  iceberg::PartitionSpec spec;
  iceberg::WriteOptions options;
};

Result<DataFile> WriteDataFile(const WriterTable& to, const FileRows& rows, const std::string& path) {
  SEMEL_ASSIGN_OR_RETURN(parquet::EncodedParquet encoded,
                         parquet::EncodeParquet(to.columns, rows.batches, to.options.codec));
  DataFile file;
  file.path = "file://" + path;
  file.bytes = encoded.bytes.size();
  file.partition = rows.partition;
  file.spec_id = to.spec.id;
  file.split_offsets = std::move(encoded.row_group_offsets);
  for (const Batch& batch : rows.batches) file.rows += static_cast<uint64_t>(batch.length());
  iceberg::FileStats stats(to.columns);
  for (const Batch& batch : rows.batches) stats.Add(batch);
  file.columns = stats.Finish();
  for (iceberg::ColumnStats& column : file.columns) column.compressed_bytes = encoded.column_bytes[column.field_id];
  SEMEL_POINT(to.table->env(), "prepare.iceberg.data_file.before");
  SEMEL_RETURN_IF_ERROR(to.table->WriteDurable(path, encoded.bytes));
  SEMEL_POINT(to.table->env(), "prepare.iceberg.data_file.after");
  return file;
}

// Collects an epoch's batches; files are encoded and written off the worker.
class IcebergWriter final : public SinkWriter {
 public:
  IcebergWriter(WriterTable table, WriterContext context) : table_(std::move(table)), context_(std::move(context)) {}

  Status Write(const Batch& batch) override {
    for (size_t c = 0; c < table_.columns.size(); ++c)
      SEMEL_RETURN_IF_ERROR(iceberg::CheckText(*batch.column(c), table_.columns[c].name));
    rows_ += static_cast<uint64_t>(batch.length());
    batches_.push_back(batch);
    return Status::Ok();
  }

  Result<PrepareTask> Prepare(Epoch epoch) override {
    auto batches = std::make_shared<std::vector<Batch>>(std::move(batches_));
    batches_.clear();
    const uint64_t rows = std::exchange(rows_, 0);
    return PrepareTask([table = table_, context = context_, epoch, rows, batches]() -> Result<StagedOutput> {
      StagedOutput output{{}, rows, std::string(32, '0')};
      if (rows == 0) return output;
      columnar::RowDigest digest;
      for (const Batch& batch : *batches) digest.AddRows(batch);
      output.digest = digest.ToString();
      std::vector<DataFile> files;
      SEMEL_ASSIGN_OR_RETURN(const std::vector<FileRows> plan,
                             PlanFiles(table.spec, *batches, table.options.target_bytes));
      for (const FileRows& planned : plan) {
        const std::string path =
            fmt::format("{}/{}-{}-{}.parquet", table.table->DataFolder(),
                        FileTag(context.lineage, epoch, context.generation), context.worker, files.size());
        SEMEL_ASSIGN_OR_RETURN(files.emplace_back(), WriteDataFile(table, planned, path));
      }
      output.payload = iceberg::EncodeDataFiles(files);
      return output;
    });
  }

 private:
  const WriterTable table_;
  const WriterContext context_;
  std::vector<Batch> batches_;
  uint64_t rows_ = 0;
};

class IcebergView final : public checkpoint::SinkView {
 public:
  IcebergView(Table& table, std::shared_ptr<const TableVersion> version, std::string key, std::string uuid,
              std::optional<Marker> marker)
      : table_(table),
        version_(std::move(version)),
        key_(std::move(key)),
        uuid_(std::move(uuid)),
        marker_(std::move(marker)) {}

  const std::optional<Marker>& marker() const override { return marker_; }
  bool marker_is_live() const override {
    if (!marker_) return true;
    const std::optional<int64_t> snapshot = iceberg::SnapshotOfMarker(*version_, key_, marker_->ToString());
    return !snapshot || iceberg::IsAncestorOrExpired(*version_, *snapshot);
  }

  CommitResult Commit(const checkpoint::CommitPermit& permit, const checkpoint::Committable& committable) override {
    SEMEL_CHECK(permit.marker() == committable.marker, "a permit is for one attempt");
    CommitResult result;
    const Status status = TryCommit(committable, result);
    if (!status.ok()) {
      // Whatever failed before the swap was certainly not applied; a swap of unknown outcome has said so itself.
      result.outcome = status.is(StatusKind::kUnknown) ? CommitOutcome::kUnknown : CommitOutcome::kRejected;
      result.reason = status;
    }
    return result;
  }

 private:
  Status TryCommit(const checkpoint::Committable& committable, CommitResult& result) {
    if (iceberg::FactsOf(*version_).uuid != uuid_)
      return Status::Corrupt(iceberg::kTableReplaced,
                             fmt::format("{} was dropped and created again", table_.FullName()),
                             "start over with `semel run --fresh`, or restore the table");
    std::vector<DataFile> files;
    for (const std::string& payload : committable.payloads) {
      SEMEL_ASSIGN_OR_RETURN(std::vector<DataFile> staged, iceberg::DecodeDataFiles(payload));
      files.insert(files.end(), std::make_move_iterator(staged.begin()), std::make_move_iterator(staged.end()));
    }
    for (const DataFile& file : files) {
      Result<env::FileInfo> found = table_.env().files().Stat(iceberg::LocalPathOf(file.path));
      if (!found.ok() && !found.status().is(StatusKind::kNotFound)) return found.status();
      if (!found.ok() || found->size != file.bytes)
        return Status::Corrupt(iceberg::kStagedMissing,
                               fmt::format("staged file {} is missing or has another size", file.path),
                               "somebody removed it from the warehouse; restore it");
    }
    const Marker& marker = committable.marker;
    SEMEL_POINT(table_.env(), "commit.iceberg.build.before");
    std::string snapshot;
    SEMEL_ASSIGN_OR_RETURN(iceberg::SwapOutcome outcome,
                           table_.Append(*version_,
                                         {std::move(files),
                                          {{key_, marker.ToString()}},
                                          {{key_, marker.ToString()}},
                                          FileTag(marker.lineage, marker.epoch, marker.generation)},
                                         snapshot));
    if (outcome == iceberg::SwapOutcome::kUnknown)
      return Status::Unknown(iceberg::kConflict, fmt::format("the commit to {} gave no answer", table_.FullName()),
                             "the table is read again to find out");
    if (outcome == iceberg::SwapOutcome::kLost)
      return Status::Transient(iceberg::kConflict, fmt::format("another commit to {} came first", table_.FullName()),
                               "it is tried again on the new version");
    result.outcome = CommitOutcome::kCommitted;
    result.handle = "snapshot " + snapshot;
    return Status::Ok();
  }

  Table& table_;
  std::shared_ptr<const TableVersion> version_;
  const std::string key_;
  const std::string uuid_;
  const std::optional<Marker> marker_;
};

class IcebergCommitter final : public checkpoint::Committer {
 public:
  IcebergCommitter(std::unique_ptr<Table> table, std::string key, std::string uuid)
      : table_(std::move(table)), key_(std::move(key)), uuid_(std::move(uuid)) {}

  // Compare-and-swap on the version that was read keeps older processes out; nothing else is needed.
  Status Fence(Generation) override { return Status::Ok(); }

  Result<std::unique_ptr<checkpoint::SinkView>> Look() override {
    SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const TableVersion> version, table_->Load());
    std::optional<Marker> marker;
    const auto& properties = iceberg::FactsOf(*version).properties;
    if (auto it = properties.find(key_); it != properties.end()) {
      SEMEL_ASSIGN_OR_RETURN(marker, Marker::Parse(it->second));
    }
    return std::unique_ptr<checkpoint::SinkView>(
        std::make_unique<IcebergView>(*table_, std::move(version), key_, uuid_, std::move(marker)));
  }

  Status Discard(const std::string& lineage, Epoch epoch, Generation generation) override {
    SEMEL_RETURN_IF_ERROR(FindFolders());
    for (const std::string& folder : {table_->DataFolder(), table_->MetadataFolder()}) {
      SEMEL_ASSIGN_OR_RETURN(std::vector<env::FileInfo> files, List(folder));
      for (const env::FileInfo& file : files) {
        const std::optional<StagedAttempt> attempt = ParseFileTag(file.name);
        if (!attempt || attempt->lineage != lineage || attempt->epoch != epoch || attempt->generation != generation)
          continue;
        const Status removed = table_->env().files().Remove(folder + "/" + file.name);
        if (!removed.ok() && !removed.is(StatusKind::kNotFound)) return removed;
      }
    }
    return Status::Ok();
  }

  Result<std::vector<StagedAttempt>> ListStaged() override {
    SEMEL_RETURN_IF_ERROR(FindFolders());
    std::set<std::pair<std::string, std::pair<uint64_t, uint64_t>>> seen;
    SEMEL_ASSIGN_OR_RETURN(std::vector<env::FileInfo> files, List(table_->DataFolder()));
    std::vector<StagedAttempt> attempts;
    for (const env::FileInfo& file : files) {
      const std::optional<StagedAttempt> attempt = ParseFileTag(file.name);
      if (attempt && seen.insert({attempt->lineage, {attempt->epoch.value, attempt->generation.value}}).second)
        attempts.push_back(*attempt);
    }
    return attempts;
  }

 private:
  // The table says where its files are.
  Status FindFolders() {
    const Status loaded = table_->Load().status();
    return loaded.is(StatusKind::kNotFound) ? Status::Ok() : loaded;
  }
  Result<std::vector<env::FileInfo>> List(const std::string& folder) {
    Result<std::vector<env::FileInfo>> files = table_->env().files().List(folder);
    if (files.status().is(StatusKind::kNotFound)) return std::vector<env::FileInfo>{};
    return files;
  }

  std::unique_ptr<Table> table_;
  const std::string key_;
  const std::string uuid_;
};

class IcebergSink final : public Sink {
 public:
  IcebergSink(env::Env& env, plan::TablePtr table, std::string pipeline)
      : env_(env), table_(std::move(table)), pipeline_(std::move(pipeline)) {}

  std::string CommitId() const override { return "iceberg:" + table_->FullName(); }
  bool is_transactional() const override { return true; }

  Status Open() override {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<Table> table, OpenIcebergTable(env_, *table_));
    if (table_->options.count("create") > 0)
      SEMEL_RETURN_IF_ERROR(table->CreateIfMissing(table_->physical, table_->partitioned_by, DeclaredProperties(),
                                                   table_->options.count("create-database") > 0));
    return Inspect(*table);
  }

  Result<std::unique_ptr<SinkWriter>> CreateWriter(const WriterContext& context) override {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<Table> table, OpenIcebergTable(env_, *table_));
    SEMEL_RETURN_IF_ERROR(table->Load().status());  // where its files go; not looked at again by the writer's tasks
    return std::unique_ptr<SinkWriter>(
        std::make_unique<IcebergWriter>(WriterTable{std::move(table), columns_, spec_, write_options_}, context));
  }

  Result<std::unique_ptr<checkpoint::Committer>> CreateCommitter() override {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<Table> table, OpenIcebergTable(env_, *table_));
    return std::unique_ptr<checkpoint::Committer>(
        std::make_unique<IcebergCommitter>(std::move(table), MarkerKey(pipeline_), uuid_));
  }

  Result<std::string> Identity() override { return uuid_; }

  Status CheckReachable() override {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<Table> table, OpenIcebergTable(env_, *table_));
    SEMEL_RETURN_IF_ERROR(iceberg::StoredProperties(table->FullName(), DeclaredProperties()).status());
    Result<std::shared_ptr<const TableVersion>> version = table->Load();
    if (version.status().is(StatusKind::kNotFound) && table_->options.count("create") > 0)
      return Status::Ok();  // it would be created
    if (!version.ok()) return version.status();
    return Inspect(**version);
  }

 private:
  std::map<std::string, std::string> DeclaredProperties() const {
    std::map<std::string, std::string> properties;
    for (const auto& [key, value] : table_->options)
      if (key.rfind("table.", 0) == 0) properties[key.substr(6)] = value;
    return properties;
  }

  Status Inspect(Table& table) {
    SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const TableVersion> version, table.Load());
    return Inspect(*version);
  }

  // What the writers need to know. Invalid: the table is not one that the script can write.
  Status Inspect(const TableVersion& version) {
    const iceberg::TableVersionFacts& facts = iceberg::FactsOf(version);
    std::optional<std::vector<ParquetColumn>> columns = WrittenColumns(table_->physical, facts.schema);
    if (!columns) return OtherSchema(facts.schema);
    SEMEL_ASSIGN_OR_RETURN(iceberg::PartitionSpec spec, iceberg::PartitionSpecOf(version, facts.default_spec));
    SEMEL_ASSIGN_OR_RETURN(write_options_, iceberg::WriteOptionsOf(table_->FullName(), facts.properties));
    spec_ = iceberg::PlacedIn(std::move(spec), *columns);
    columns_ = *std::move(columns);
    uuid_ = facts.uuid;
    return Status::Ok();
  }

  Status OtherSchema(const iceberg::TableSchema& schema) const {
    std::string found;
    for (const ParquetColumn& column : schema.columns)
      found += fmt::format("{}{} {}", found.empty() ? "" : ", ", column.name, column.type.ToString());
    for (const auto& unknown : schema.unknown)
      found += fmt::format("{}{} {}{}", found.empty() ? "" : ", ", unknown.path, unknown.type,
                           unknown.required ? " NOT NULL" : "");
    return Status::Invalid(
        iceberg::kSchemaDiffers,
        fmt::format("table {} is ({}), the script declares {}", table_->FullName(), found, table_->physical.ToString()),
        "declare its columns as they are (all but nullable ones that are not written), or use another name");
  }

  env::Env& env_;
  const plan::TablePtr table_;
  const std::string pipeline_;
  std::vector<ParquetColumn> columns_;
  iceberg::PartitionSpec spec_;
  iceberg::WriteOptions write_options_;
  std::string uuid_;
};

}  // namespace

Status CheckTableProperty(const std::string& key, const std::string& value) {
  return iceberg::StoredProperties({}, {{key, value}}).status();
}

std::string MarkerKey(const std::string& pipeline) { return "semel." + pipeline + ".marker"; }

Status CheckCatalogOption(const std::string& key, const std::string& value) {
  const auto bad = [&](std::string hint) {
    return Status::Invalid(iceberg::kCatalogOption, fmt::format("'{}' = '{}' cannot be used", key, value),
                           std::move(hint));
  };
  if (key == "catalog-impl" && value != "org.apache.iceberg.jdbc.JdbcCatalog")
    return bad("'org.apache.iceberg.jdbc.JdbcCatalog' on SQLite is the one that is there");
  if (key == "uri" && (value.rfind(kSqlitePrefix, 0) != 0 || value.size() == kSqlitePrefix.size()))
    return bad("a SQLite file is expected: write 'jdbc:sqlite:/path/catalog.db'");
  if (key == "warehouse" && value.rfind("file:", 0) != 0 && value.rfind('/', 0) != 0)
    return bad("a local folder is expected: write 'file:///path/warehouse'");
  if (key == "jdbc.schema-version" && value != "V0" && value != "V1") return bad("'V0' or 'V1' is expected");
  return Status::Ok();
}

Result<std::unique_ptr<Table>> OpenIcebergTable(env::Env& env, const plan::TableDescriptor& table) {
  auto option = [&table](const std::string& key) {
    auto it = table.options.find("catalog." + key);
    return it == table.options.end() ? std::string() : it->second;
  };
  for (const char* key : {"catalog-impl", "uri", "warehouse"})
    SEMEL_RETURN_IF_ERROR(CheckCatalogOption(key, option(key)).WithContext(fmt::format("catalog '{}'", table.catalog)));
  const std::string uri = option("uri");
  const std::string warehouse = option("warehouse");
  std::string folder = iceberg::LocalPathOf(warehouse);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return std::make_unique<Table>(
      env, iceberg::CatalogOptions{table.catalog, iceberg::LocalPathOf(uri.substr(kSqlitePrefix.size())), folder},
      table.database, table.name);
}

Result<std::unique_ptr<Sink>> MakeIcebergSink(env::Env& env, plan::TablePtr table, const std::string& pipeline) {
  SEMEL_RETURN_IF_ERROR(OpenIcebergTable(env, *table).status());
  return std::unique_ptr<Sink>(std::make_unique<IcebergSink>(env, std::move(table), pipeline));
}

}  // namespace semel::connectors
