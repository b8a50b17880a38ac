// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/manifests.h"

#include <algorithm>

#include "iceberg/avro.h"
#include "iceberg/error_codes.h"
#include "iceberg/schema_json.h"
#include "iceberg/table.h"

namespace semel::iceberg {

using nlohmann::json;

namespace {

constexpr size_t kGreaterMinCount = 10;

// A number that may be missing or NULL.
int64_t NumberOr(const json& record, const char* key, int64_t otherwise) {
  const auto it = record.find(key);
  return it == record.end() || it->is_null() ? otherwise : it->get<int64_t>();
}

int64_t FilesIn(const json& manifest) {
  return NumberOr(manifest, "added_files_count", 0) + NumberOr(manifest, "existing_files_count", 0);
}

// Manifests of one size class are merged with each other: below 100 files, below 1,000, …
int SizeClass(const json& manifest) {
  int size_class = 0;
  for (int64_t files = FilesIn(manifest); files >= 100; files /= 10) ++size_class;
  return size_class;
}

// Whether every field of the entry is one that Semel writes too, so that nothing is lost by writing it again.
bool IsPlain(const json& entry, const json& schema) {
  json known = json::object();
  for (const json& field : schema.at("fields"))
    if (field.at("name") == "data_file")
      for (const json& inner : field.at("type").at("fields")) known[inner.at("name").get<std::string>()] = true;
  const json& data_file = entry.at("data_file");
  return NumberOr(data_file, "content", 0) == 0 &&
         std::all_of(data_file.items().begin(), data_file.items().end(),
                     [&known](const auto& item) { return item.value().is_null() || known.contains(item.key()); });
}

Result<json> WriteManifest(Table& table, const ManifestContext& context, const ManifestSpec& spec,
                           const std::vector<json>& entries, const std::string& path) {
  const json partition_fields = PartitionAvroFields(spec.spec);
  const json schema = ManifestEntrySchema(partition_fields);
  const std::map<std::string, std::string> metadata = {
      {"schema", context.schema.dump()},
      {"schema-id", std::to_string(context.schema.value("schema-id", 0))},
      {"partition-spec", spec.json.value("fields", json::array()).dump()},
      {"partition-spec-id", std::to_string(spec.spec.id)},
      {"format-version", "2"},
      {"content", "data"}};
  const std::string file = WriteAvroFile(schema, metadata, entries, context.sync_marker);
  SEMEL_RETURN_IF_ERROR(table.WriteDurable(path, file));
  json record = {{"manifest_path", "file://" + path},
                 {"manifest_length", file.size()},
                 {"partition_spec_id", spec.spec.id},
                 {"content", 0},
                 {"sequence_number", context.sequence_number},
                 {"added_snapshot_id", context.snapshot_id},
                 {"deleted_files_count", 0},
                 {"deleted_rows_count", 0},
                 {"partitions", SummarizePartitions(partition_fields, entries)}};
  int64_t least = context.sequence_number;
  int64_t added_files = 0, added_rows = 0, kept_files = 0, kept_rows = 0;
  for (const json& entry : entries) {
    const bool added = entry.at("status") == 1;
    const auto rows = entry.at("data_file").at("record_count").get<int64_t>();
    (added ? added_files : kept_files) += 1;
    (added ? added_rows : kept_rows) += rows;
    if (!added) least = std::min(least, entry.at("sequence_number").get<int64_t>());
  }
  record["min_sequence_number"] = least;
  record["added_files_count"] = added_files;
  record["added_rows_count"] = added_rows;
  record["existing_files_count"] = kept_files;
  record["existing_rows_count"] = kept_rows;
  return record;
}

// The live entries of a manifest as they stand in another one; nothing if one of them must not be rewritten.
Result<std::optional<std::vector<json>>> EntriesToKeep(Table& table, const json& manifest, const PartitionSpec& spec) {
  SEMEL_ASSIGN_OR_RETURN(Manifest read, ReadManifest(table, manifest));
  const json schema = ManifestEntrySchema(PartitionAvroFields(spec));
  std::vector<json> kept;
  for (json& entry : read.entries) {
    if (entry.value("status", 0) == 2) continue;  // deleted by the snapshot that wrote the manifest
    json& data_file = entry.at("data_file");
    std::optional<json> partition = AdoptPartition(spec, read.schema, data_file.at("partition"));
    if (!partition || !IsPlain(entry, schema)) return std::optional<std::vector<json>>();
    data_file["partition"] = *std::move(partition);
    if (entry["snapshot_id"].is_null()) entry["snapshot_id"] = manifest.at("added_snapshot_id");
    for (const char* number : {"sequence_number", "file_sequence_number"})
      if (!entry.contains(number) || entry[number].is_null()) entry[number] = manifest.at("sequence_number");
    entry["status"] = 0;
    kept.push_back(std::move(entry));
  }
  return std::optional<std::vector<json>>(std::move(kept));
}

}  // namespace

Result<std::vector<json>> ReadManifestList(Table& table, const json* snapshot) {
  if (snapshot == nullptr) return std::vector<json>{};
  const std::string list = snapshot->value("manifest-list", "");
  if (list.empty())
    return Status::Invalid(
        kUnsupportedTable,
        fmt::format("table {} has a snapshot of format version 1 without a manifest list", table.FullName()),
        "append or rewrite something with another engine, which writes a list");
  SEMEL_ASSIGN_OR_RETURN(std::string file, table.ReadFile(list));
  SEMEL_ASSIGN_OR_RETURN(AvroFile avro, ReadAvroFile(file, list));
  for (json& record : avro.records) {
    // Older writers used other names for the counts.
    for (const char* kind : {"added", "existing", "deleted"}) {
      const std::string now = fmt::format("{}_files_count", kind), before = fmt::format("{}_data_files_count", kind);
      if (!record.contains(now) && record.contains(before)) record[now] = record[before];
    }
    for (const char* number : {"content", "sequence_number", "min_sequence_number"})
      record[number] = NumberOr(record, number, 0);
  }
  return std::move(avro.records);
}

Result<Manifest> ReadManifest(Table& table, const json& manifest) {
  const std::string path = manifest.value("manifest_path", "");
  SEMEL_ASSIGN_OR_RETURN(std::string file, table.ReadFile(path));
  SEMEL_ASSIGN_OR_RETURN(AvroFile avro, ReadAvroFile(file, path));
  return Manifest{std::move(avro.records), json::parse(avro.metadata["avro.schema"])};
}

Status FillCounts(Table& table, json& manifest) {
  static constexpr std::pair<const char*, const char*> kCounts[] = {
      {"existing_files_count", "existing_rows_count"},  // in the order of the entries' status
      {"added_files_count", "added_rows_count"},
      {"deleted_files_count", "deleted_rows_count"}};
  bool complete = true;
  for (const auto& [files, rows] : kCounts)
    complete = complete && NumberOr(manifest, files, -1) >= 0 && NumberOr(manifest, rows, -1) >= 0;
  if (complete) return Status::Ok();
  SEMEL_ASSIGN_OR_RETURN(Manifest read, ReadManifest(table, manifest));
  for (const auto& [files, rows] : kCounts) manifest[files] = manifest[rows] = int64_t{0};
  for (const json& entry : read.entries) {
    const auto& [files, rows] = kCounts[entry.at("status").get<size_t>() % std::size(kCounts)];
    manifest[files] = manifest[files].get<int64_t>() + 1;
    manifest[rows] = manifest[rows].get<int64_t>() + entry.at("data_file").at("record_count").get<int64_t>();
  }
  return Status::Ok();
}

Result<json> WriteAddedManifest(Table& table, const ManifestContext& context, const ManifestSpec& spec,
                                const std::vector<DataFile>& files, const std::string& path) {
  std::vector<json> entries;
  for (const DataFile& file : files) {
    json data_file = file.ToManifest();
    std::optional<json> partition = PartitionRecord(spec.spec, file.partition);
    if (!partition)
      return Status::Corrupt(kBadMetadata,
                             fmt::format("{} was staged for the partition {}, which is none of spec {} of table {}",
                                         file.path, file.partition, spec.spec.id, table.FullName()),
                             "restore the table's partition spec, or start over with --fresh");
    data_file["partition"] = *std::move(partition);
    entries.push_back({{"status", 1}, {"snapshot_id", context.snapshot_id}, {"data_file", std::move(data_file)}});
  }
  return WriteManifest(table, context, spec, entries, path);
}

MergeOptions MergeOptionsOf(const std::map<std::string, std::string>& properties) {
  MergeOptions options;
  auto number = [&properties](const char* key, uint64_t otherwise) {
    auto it = properties.find(key);
    const uint64_t v = it == properties.end() ? 0 : std::strtoull(it->second.c_str(), nullptr, 10);
    return v > 0 ? v : otherwise;
  };
  auto enabled = properties.find("commit.manifest-merge.enabled");
  options.enabled = enabled == properties.end() || enabled->second != "false";
  options.min_count = std::max<size_t>(2, number("commit.manifest.min-count-to-merge", options.min_count));
  options.target_bytes = number("commit.manifest.target-size-bytes", options.target_bytes);
  return options;
}

Status MergeManifests(Table& table, const ManifestContext& context, const ManifestSpec& spec,
                      const MergeOptions& options, std::vector<json>& manifests) {
  if (!options.enabled) return Status::Ok();
  std::map<int, std::vector<size_t>> classes;
  for (size_t i = 0; i < manifests.size(); ++i) {
    const json& manifest = manifests[i];
    const bool same_spec = manifest.value("partition_spec_id", -1) == spec.spec.id;
    const bool own = manifest.at("added_snapshot_id") == context.snapshot_id;
    if (manifest.value("content", 0) == 0 && same_spec && !own &&
        manifest.value("manifest_length", uint64_t{0}) < options.target_bytes)
      classes[SizeClass(manifest)].push_back(i);
  }
  std::vector<json> merged;
  std::vector<size_t> replaced;
  for (const auto& [size_class, members] : classes) {
    if (members.size() < (size_class == 0 ? options.min_count : std::min(options.min_count, kGreaterMinCount)))
      continue;
    std::vector<json> entries;
    size_t taken = 0;
    for (const size_t i : members) {
      SEMEL_ASSIGN_OR_RETURN(std::optional<std::vector<json>> kept, EntriesToKeep(table, manifests[i], spec.spec));
      if (!kept) continue;
      entries.insert(entries.end(), std::make_move_iterator(kept->begin()), std::make_move_iterator(kept->end()));
      replaced.push_back(i);
      ++taken;
    }
    if (taken == 0) continue;
    if (entries.empty()) continue;
    SEMEL_ASSIGN_OR_RETURN(json record, WriteManifest(table, context, spec, entries,
                                                      fmt::format("{}-m{}.avro", context.path_prefix, size_class + 1)));
    merged.push_back(std::move(record));
  }
  if (merged.empty()) return Status::Ok();
  std::vector<json> rest;
  for (size_t i = 0; i < manifests.size(); ++i)
    if (std::find(replaced.begin(), replaced.end(), i) == replaced.end()) rest.push_back(std::move(manifests[i]));
  // The newest stand first, as every writer keeps it.
  const auto newest = std::find_if(rest.begin(), rest.end(), [&context](const json& manifest) {
    return manifest.at("added_snapshot_id") != context.snapshot_id;
  });
  rest.insert(newest, merged.begin(), merged.end());
  manifests = std::move(rest);
  return Status::Ok();
}

}  // namespace semel::iceberg
