// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Models of the outside, no kinder than reality: an object store with conditional puts whose answers get lost or whose effects come late,
// and a table in a catalog that is changed by compare-and-swap, also by others.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/api/committer.h"
#include "checkpoint/api/store.h"
#include "env/api/env.h"
#include "sim/world.h"

namespace semel::sim {

// Objects as S3 gives them: strongly consistent, If-None-Match: *, every stored object durable.
class ObjectStoreModel {
 public:
  std::map<std::string, std::string> objects;
  std::unique_ptr<checkpoint::Store> OpenFor(World& world, Process* process);
};

// One output row of the toy pipeline.
struct Row {
  int split = 0;
  int64_t index = 0;  // of the record within its split
  int64_t sum = 0;    // running sum of the record's key
  auto operator<=>(const Row&) const = default;
};

// What went wrong, by the number of the invariant.
struct Violations {
  std::vector<std::string> found;
  void Add(std::string what) { found.push_back(std::move(what)); }
};

// A table: data files that writers stage, and versions that a compare-and-swap makes.
class TableModel {
 public:
  TableModel(World& world, Violations& violations) : world_(world), violations_(violations) {}

  std::unique_ptr<checkpoint::Committer> OpenFor(env::Env& env, Process* process);
  // A writer's file. The name carries the attempt, so that void ones can be found.
  void Stage(const std::string& file, std::vector<Row> rows) { staged[file] = std::move(rows); }
  static std::string FileName(const std::string& lineage, uint64_t epoch, uint64_t generation);

  // Somebody else's commit: another version, the same marker.
  void ForeignCommit() { ++version; }

  // Called before a commit takes effect: the decision must be durable by then (I4).
  std::function<bool(const checkpoint::Marker&)> is_decided;

  uint64_t version = 1;
  std::optional<checkpoint::Marker> marker;
  std::vector<checkpoint::Marker> markers;  // in commit order
  std::vector<std::string> live;            // committed files
  std::map<std::string, std::vector<Row>> staged;

  std::vector<Row> CommittedRows() const;
  // The compare-and-swap itself; true if it was applied.
  bool Apply(uint64_t expected_version, const checkpoint::Committable& committable);
  World& world() { return world_; }

 private:
  World& world_;
  Violations& violations_;
};

}  // namespace semel::sim
