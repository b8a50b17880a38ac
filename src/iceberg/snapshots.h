// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Expiry of Semel's own old snapshots, so that a table's metadata do not grow with its age. Data files are never
// touched: an append-only writer's files all stay live, and what others removed is theirs to clean.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "iceberg/table.h"

namespace semel::iceberg {

// How many snapshots a table keeps at least; by the table's property semel.snapshots.keep (0 or absent: nothing is
// expired).
inline constexpr char kKeepSnapshotsProperty[] = "semel.snapshots.keep";

// What an expiry leaves behind for removal once its commit has won.
struct Expired {
  std::vector<nlohmann::json> snapshots;
};

// Takes the oldest own snapshots out of `metadata`, if there are clearly more than are to be kept (a tenth more, so
// that it happens now and then). Snapshots that a branch or tag names and snapshots of others stay.
Expired ExpireSnapshots(nlohmann::json& metadata, const std::map<std::string, std::string>& properties);
// Removes the manifest lists of expired snapshots, and the manifests that no remaining snapshot refers to. Best effort:
// a file that is left costs room only.
void RemoveExpiredFiles(Table& table, const Expired& expired, const nlohmann::json& metadata);

}  // namespace semel::iceberg
