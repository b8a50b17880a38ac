// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Commits: a version made from another one and swapped in.
#include <algorithm>

#include "iceberg/avro.h"
#include "iceberg/manifests.h"
#include "iceberg/schema_json.h"
#include "iceberg/snapshots.h"
#include "iceberg/table_version.h"

namespace semel::iceberg {

using env::SqlValue;
using nlohmann::json;

namespace {

// Totals of the snapshot after; one that the parent does not tell is left out.
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

json SummaryOf(const AppendRequest& request, const json* parent) {
  uint64_t rows = 0, bytes = 0;
  std::vector<std::string> partitions;
  for (const DataFile& file : request.files) {
    rows += file.rows;
    bytes += file.bytes;
    partitions.push_back(file.partition);
  }
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  json summary = TotalsAfter(parent, request.files.size(), rows, bytes);
  summary["operation"] = "append";
  summary["added-data-files"] = std::to_string(request.files.size());
  summary["added-records"] = std::to_string(rows);
  summary["added-files-size"] = std::to_string(bytes);
  summary["changed-partition-count"] = std::to_string(partitions.size());
  summary["engine-name"] = "semel";
  for (const auto& [key, value] : request.summary) summary[key] = value;
  return summary;
}

const json& CurrentSchema(const json& metadata) {
  for (const json& schema : metadata.at("schemas"))
    if (schema.value("schema-id", 0) == metadata.value("current-schema-id", 0)) return schema;
  SEMEL_CHECK(false, "a loaded version has its schema");
  return metadata;
}

// Keeps the newest entries of the log; the files that fall out of it may go once the commit has won.
std::vector<std::string> TrimMetadataLog(json& log, const std::map<std::string, std::string>& properties) {
  const auto property = properties.find("write.metadata.previous-versions-max");
  const size_t keep =
      property == properties.end() ? 100 : std::max<size_t>(1, std::strtoull(property->second.c_str(), nullptr, 10));
  std::vector<std::string> dropped;
  if (log.size() <= keep) return dropped;
  const size_t too_many = log.size() - keep;
  for (size_t i = 0; i < too_many; ++i) dropped.push_back(log[i].value("metadata-file", ""));
  log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(too_many));
  return dropped;
}

// The spec that a file was staged under. Older builds did not write it down: the present one, if its fields are those.
int SpecIdOf(const DataFile& file, int default_spec) { return file.spec_id.value_or(default_spec); }

Result<ManifestSpec> ManifestSpecOf(const TableVersion& version, int spec_id) {
  ManifestSpec spec;
  SEMEL_ASSIGN_OR_RETURN(spec.spec, PartitionSpecOf(version, spec_id));
  spec.json = *FindSpec(version.metadata, spec_id);
  return spec;
}

}  // namespace

// The manifests of the next snapshot: one for each partition spec that files were staged under (it may no longer be the
// table's present one), then those of the base.
Result<std::vector<json>> Table::WriteManifests(const TableVersion& base, const AppendRequest& request,
                                                const ManifestContext& context) {
  std::map<int, std::vector<DataFile>> by_spec;
  for (const DataFile& file : request.files) by_spec[SpecIdOf(file, base.facts.default_spec)].push_back(file);
  std::vector<json> manifests;
  for (const auto& [spec_id, files] : by_spec) {
    SEMEL_ASSIGN_OR_RETURN(const ManifestSpec spec, ManifestSpecOf(base, spec_id));
    const std::string number = manifests.empty() ? "" : fmt::format("-{}", manifests.size());
    SEMEL_ASSIGN_OR_RETURN(json added, WriteAddedManifest(*this, context, spec, files,
                                                          fmt::format("{}-m0{}.avro", context.path_prefix, number)));
    manifests.push_back(std::move(added));
  }
  SEMEL_ASSIGN_OR_RETURN(std::vector<json> before,
                         ReadManifestList(*this, FindSnapshot(base.metadata, base.facts.current_snapshot)));
  for (json& manifest : before) {
    SEMEL_RETURN_IF_ERROR(FillCounts(*this, manifest));
    manifests.push_back(std::move(manifest));
  }
  // Of a spec that Semel does not write nothing is merged.
  if (const Result<ManifestSpec> present = ManifestSpecOf(base, base.facts.default_spec); present.ok())
    SEMEL_RETURN_IF_ERROR(MergeManifests(*this, context, *present, MergeOptionsOf(base.facts.properties), manifests));
  return manifests;
}

// Writes the manifests and the list of the new snapshot and puts it into `metadata`, which is the base's.
Status Table::AddSnapshot(const TableVersion& base, const AppendRequest& request, const std::string& tag,
                          json& metadata, int64_t& snapshot_id) {
  const int64_t parent_id = base.facts.current_snapshot;
  const json* parent = FindSnapshot(base.metadata, parent_id);
  snapshot_id = static_cast<int64_t>(env_.Random() >> 1) | 1;
  const int64_t sequence = metadata.value("last-sequence-number", int64_t{0}) + 1;
  const int64_t now = std::max<int64_t>(env_.Now().millis(), metadata.value("last-updated-ms", int64_t{0}) + 1);
  ManifestContext context;
  context.snapshot_id = snapshot_id;
  context.sequence_number = sequence;
  context.schema = CurrentSchema(metadata);
  context.path_prefix = fmt::format("{}/{}", MetadataFolder(), tag);
  context.sync_marker = NewUuid(env_).substr(0, 16);
  SEMEL_ASSIGN_OR_RETURN(const std::vector<json> manifests, WriteManifests(base, request, context));
  const std::string list_path = fmt::format("{}/snap-{}-{}.avro", MetadataFolder(), snapshot_id, tag);
  const std::string list =
      WriteAvroFile(ManifestListSchema(),
                    {{"snapshot-id", std::to_string(snapshot_id)},
                     {"parent-snapshot-id", parent == nullptr ? "null" : std::to_string(parent_id)},
                     {"sequence-number", std::to_string(sequence)},
                     {"format-version", "2"}},
                    manifests, context.sync_marker);
  SEMEL_RETURN_IF_ERROR(WriteDurable(list_path, list));
  json snapshot = {{"snapshot-id", snapshot_id},
                   {"sequence-number", sequence},
                   {"timestamp-ms", now},
                   {"manifest-list", "file://" + list_path},
                   {"summary", SummaryOf(request, parent)},
                   {"schema-id", context.schema.value("schema-id", 0)}};
  if (parent != nullptr) snapshot["parent-snapshot-id"] = parent_id;
  metadata["snapshots"].push_back(std::move(snapshot));
  metadata["current-snapshot-id"] = snapshot_id;
  json& main = metadata["refs"]["main"];  // with the retention policy that somebody gave it
  main["snapshot-id"] = snapshot_id;
  main["type"] = "branch";
  metadata["last-sequence-number"] = sequence;
  metadata["metadata-log"].push_back(
      {{"timestamp-ms", metadata.value("last-updated-ms", now)}, {"metadata-file", base.facts.metadata_location}});
  metadata["last-updated-ms"] = now;
  metadata["snapshot-log"].push_back({{"timestamp-ms", now}, {"snapshot-id", snapshot_id}});
  for (const auto& [key, value] : request.properties) metadata["properties"][key] = value;
  return Status::Ok();
}

struct Table::NextVersion {
  std::shared_ptr<TableVersion> version = std::make_shared<TableVersion>();
  int64_t snapshot_id = 0;
  Expired expired;
  std::vector<std::string> dropped;  // metadata files that fell out of the log
};

Status Table::WriteNext(const TableVersion& base, const AppendRequest& request, const std::string& tag,
                        NextVersion& next) {
  return Guarded(base.facts.metadata_location, [&]() -> Status {
    json& metadata = next.version->metadata;
    metadata = base.metadata;
    SEMEL_RETURN_IF_ERROR(AddSnapshot(base, request, tag, metadata, next.snapshot_id));
    next.expired = ExpireSnapshots(metadata, base.facts.properties);
    next.dropped = TrimMetadataLog(metadata["metadata-log"], base.facts.properties);
    const std::string number = base.facts.metadata_location.substr(base.facts.metadata_location.find_last_of('/') + 1);
    const std::string path =
        fmt::format("{}/{:05}-{}.metadata.json", MetadataFolder(), std::strtoul(number.c_str(), nullptr, 10) + 1, tag);
    next.version->facts.metadata_location = "file://" + path;
    return WriteDurable(path, metadata.dump());
  });
}

// After a commit: what nobody refers to any more may go. The commit stands whatever happens here.
void Table::CleanUp(const TableVersion& base, const NextVersion& next) {
  const auto delete_property = base.facts.properties.find("write.metadata.delete-after-commit.enabled");
  if (delete_property != base.facts.properties.end() && delete_property->second == "true")
    for (const std::string& location : next.dropped)
      if (!location.empty()) (void)env_.files().Remove(LocalPathOf(location));
  (void)Guarded(next.version->facts.metadata_location, [&]() -> Status {
    RemoveExpiredFiles(*this, next.expired, next.version->metadata);
    return Status::Ok();
  });
}

Result<SwapOutcome> Table::Append(const TableVersion& base, const AppendRequest& request, std::string& snapshot_id) {
  const std::string tag = fmt::format("{}-{:016x}", request.file_tag, env_.Random());
  NextVersion next;
  if (const Status written = WriteNext(base, request, tag, next); !written.ok()) {
    RemoveTry(tag);
    return written;
  }
  snapshot_id = std::to_string(next.snapshot_id);
  SEMEL_POINT(env_, "commit.iceberg.swap.before");
  const Result<SwapOutcome> outcome = Swap(base.facts.metadata_location, next.version->facts.metadata_location);
  if (!outcome.ok() || *outcome == SwapOutcome::kLost) RemoveTry(tag);
  if (!outcome.ok() || *outcome == SwapOutcome::kUnknown) return outcome;
  SEMEL_POINT(env_, "commit.iceberg.swap.after");
  if (*outcome == SwapOutcome::kLost) return outcome;
  CleanUp(base, next);
  if (ReadFacts(next.version->metadata, FullName(), next.version->facts).ok()) present_ = std::move(next.version);
  return outcome;
}

void Table::RemoveTry(const std::string& tag) {
  const Result<std::vector<env::FileInfo>> files = env_.files().List(MetadataFolder());
  if (!files.ok()) return;
  for (const env::FileInfo& file : *files)
    if (file.name.find(tag) != std::string::npos) (void)env_.files().Remove(MetadataFolder() + "/" + file.name);
}

// The compare-and-swap on the catalog's row. A failure is certain: what is not is kUnknown.
Result<SwapOutcome> Table::Swap(const std::string& from, const std::string& to) {
  SEMEL_ASSIGN_OR_RETURN(env::SqlSession * session, Session());
  const SqlValue args[] = {SqlValue::Text(to), SqlValue::Text(from), SqlValue::Text(catalog_.name),
                           SqlValue::Text(database_), SqlValue::Text(table_)};
  Result<env::SqlResult> swapped = session->Execute(
      "UPDATE iceberg_tables SET metadata_location = ?1, previous_metadata_location = ?2 WHERE catalog_name = ?3 AND "
      "table_namespace = ?4 AND table_name = ?5 AND metadata_location = ?2",
      args);
  if (swapped.status().is(StatusKind::kUnknown)) return SwapOutcome::kUnknown;
  if (!swapped.ok()) return swapped.status();
  return swapped->affected_rows == 0 ? SwapOutcome::kLost : SwapOutcome::kApplied;
}

}  // namespace semel::iceberg
