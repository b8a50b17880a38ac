// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Whether a snapshot is still part of the table's history: others may have rolled it back, and others may have expired
// what lies between. Only the first loses rows.
#include <algorithm>

#include "iceberg/table_version.h"

namespace semel::iceberg {

using nlohmann::json;

namespace {

int64_t SequenceOf(const json& snapshot) { return snapshot.value("sequence-number", int64_t{0}); }

enum class Descent : uint8_t { kYes, kNo, kUnknown };

// Whether `descendant` came after `ancestor`, by the parents that are listed. A chain may end at an expired parent
// (some writers take its id out too), which has a number between the two: without room for one the answer is certain.
Descent DescendsFrom(const json& metadata, int64_t descendant, const json& ancestor) {
  const auto wanted = ancestor.at("snapshot-id").get<int64_t>();
  const size_t most = metadata.at("snapshots").size();
  int64_t last_sequence = 0, id = descendant;
  for (size_t steps = 0; steps <= most; ++steps) {
    if (id == wanted) return Descent::kYes;
    const json* snapshot = FindSnapshot(metadata, id);
    if (snapshot == nullptr) break;
    last_sequence = SequenceOf(*snapshot);
    const auto parent = snapshot->find("parent-snapshot-id");
    if (parent == snapshot->end() || parent->is_null()) break;
    id = parent->get<int64_t>();
  }
  return last_sequence <= SequenceOf(ancestor) + 1 ? Descent::kNo : Descent::kUnknown;
}

// Whether the log of what was current says that the table was moved away from the snapshot: one that certainly does not
// descend from it was current later.
bool WasMovedAway(const json& metadata, const json& snapshot) {
  const json log = metadata.value("snapshot-log", json::array());
  const auto id = snapshot.at("snapshot-id");
  const auto last =
      std::find_if(log.rbegin(), log.rend(), [&id](const json& entry) { return entry.at("snapshot-id") == id; });
  if (last == log.rend()) return false;
  return std::any_of(last.base(), log.end(), [&](const json& entry) {
    const auto later = entry.at("snapshot-id").get<int64_t>();
    return FindSnapshot(metadata, later) != nullptr && DescendsFrom(metadata, later, snapshot) == Descent::kNo;
  });
}

}  // namespace

bool IsAncestorOrExpired(const TableVersion& version, int64_t snapshot_id) {
  const json* snapshot = FindSnapshot(version.metadata, snapshot_id);
  if (snapshot == nullptr) return true;  // expired: it was part of the history
  if (version.facts.current_snapshot == -1) return false;
  const Descent descent = DescendsFrom(version.metadata, version.facts.current_snapshot, *snapshot);
  return descent == Descent::kYes || (descent == Descent::kUnknown && !WasMovedAway(version.metadata, *snapshot));
}

std::optional<int64_t> SnapshotOfMarker(const TableVersion& version, const std::string& marker_key,
                                        const std::string& marker) {
  const auto snapshots = version.metadata.find("snapshots");
  if (snapshots == version.metadata.end()) return std::nullopt;
  for (auto it = snapshots->rbegin(); it != snapshots->rend(); ++it)
    if (it->value("summary", json::object()).value(marker_key, "") == marker)
      return it->value("snapshot-id", int64_t{-1});
  return std::nullopt;
}

}  // namespace semel::iceberg
