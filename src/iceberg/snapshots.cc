// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/snapshots.h"

#include <algorithm>
#include <map>
#include <set>

#include "iceberg/manifests.h"

namespace semel::iceberg {

using nlohmann::json;

namespace {

constexpr size_t kLeastKept = 10;

std::set<std::string> ManifestPaths(Table& table, const json& snapshot, bool& complete) {
  std::set<std::string> paths;
  Result<std::vector<json>> manifests = ReadManifestList(table, &snapshot);
  complete = complete && manifests.ok();
  if (manifests.ok())
    for (const json& manifest : *manifests) paths.insert(manifest.value("manifest_path", ""));
  return paths;
}

}  // namespace

Expired ExpireSnapshots(json& metadata, const std::map<std::string, std::string>& properties) {
  Expired expired;
  const auto property = properties.find(kKeepSnapshotsProperty);
  const size_t wanted = property == properties.end() ? 0 : std::strtoull(property->second.c_str(), nullptr, 10);
  if (wanted == 0) return expired;
  const json main = metadata["refs"].value("main", json::object());
  const size_t keep = std::max({wanted, kLeastKept, main.value("min-snapshots-to-keep", size_t{0})});
  json& snapshots = metadata["snapshots"];
  if (snapshots.size() <= keep + keep / 10) return expired;
  std::set<int64_t> named;
  for (const auto& [name, ref] : metadata["refs"].items()) named.insert(ref.value("snapshot-id", int64_t{-1}));
  json rest = json::array();
  const size_t most = snapshots.size() - keep;
  for (json& snapshot : snapshots) {
    const bool own = snapshot.value("summary", json::object()).value("engine-name", "") == "semel";
    if (own && expired.snapshots.size() < most && named.count(snapshot.value("snapshot-id", int64_t{-1})) == 0) {
      expired.snapshots.push_back(std::move(snapshot));
    } else {
      rest.push_back(std::move(snapshot));
    }
  }
  snapshots = std::move(rest);
  // The log of what was current may only name snapshots that are there, without a hole in its history.
  std::set<int64_t> gone;
  for (const json& snapshot : expired.snapshots) gone.insert(snapshot.value("snapshot-id", int64_t{-1}));
  json log = json::array();
  for (json& entry : metadata["snapshot-log"]) {
    if (gone.count(entry.value("snapshot-id", int64_t{-1})) > 0) {
      log.clear();
    } else {
      log.push_back(std::move(entry));
    }
  }
  metadata["snapshot-log"] = std::move(log);
  return expired;
}

namespace {

int64_t IdOf(const json& snapshot) { return snapshot.value("snapshot-id", int64_t{-1}); }

// The history of the present snapshot, newest first, with those that were just expired in their places.
struct Ancestor {
  const json* snapshot = nullptr;
  bool expired = false;
};
std::vector<Ancestor> HistoryOf(const Expired& expired, const json& metadata) {
  std::map<int64_t, Ancestor> by_id;
  for (const json& snapshot : metadata.at("snapshots")) by_id[IdOf(snapshot)] = {&snapshot, false};
  for (const json& snapshot : expired.snapshots) by_id[IdOf(snapshot)] = {&snapshot, true};
  std::vector<Ancestor> history;
  for (auto it = by_id.find(metadata.value("current-snapshot-id", int64_t{-1}));
       it != by_id.end() && history.size() < by_id.size();
       it = by_id.find(it->second.snapshot->value("parent-snapshot-id", int64_t{-1})))
    history.push_back(it->second);
  return history;
}

// Manifests of expired ancestors that no remaining snapshot lists. Along a history a manifest is listed without a gap,
// from the commit that wrote it to the one that merged it away: one that a remaining ancestor lists is listed by the
// nearest one, on that side. What is beside the history is looked at whole.
std::set<std::string> UnlistedManifests(Table& table, const Expired& expired, const json& metadata, bool& complete) {
  const std::vector<Ancestor> history = HistoryOf(expired, metadata);
  std::set<std::string> candidates;
  std::set<int64_t> distant;  // remaining ancestors with remaining neighbours
  for (size_t i = 0; i < history.size(); ++i) {
    const bool near_expired = (i > 0 && history[i - 1].expired) || (i + 1 < history.size() && history[i + 1].expired);
    if (history[i].expired) {
      candidates.merge(ManifestPaths(table, *history[i].snapshot, complete));
    } else if (!near_expired) {
      distant.insert(IdOf(*history[i].snapshot));
    }
  }
  for (const json& snapshot : metadata.at("snapshots"))
    if (distant.count(IdOf(snapshot)) == 0)
      for (const std::string& path : ManifestPaths(table, snapshot, complete)) candidates.erase(path);
  return candidates;
}

}  // namespace

void RemoveExpiredFiles(Table& table, const Expired& expired, const json& metadata) {
  if (expired.snapshots.empty()) return;
  bool complete = true;
  const std::set<std::string> unlisted = UnlistedManifests(table, expired, metadata, complete);
  for (const json& snapshot : expired.snapshots)
    (void)table.env().files().Remove(LocalPathOf(snapshot.value("manifest-list", "")));
  if (!complete) return;  // a list that cannot be read may need any of them
  for (const std::string& path : unlisted) (void)table.env().files().Remove(LocalPathOf(path));
}

}  // namespace semel::iceberg
