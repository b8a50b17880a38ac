// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Models of the outside, no kinder than reality: an object store with conditional puts whose answers get lost or whose
// effects come late, and a table in a catalog that is changed by compare-and-swap, also by others.
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

// A table: data files that writers stage, and versions that a compare-and-swap makes. Others append to it, expire its
// old snapshots and roll it back; a rollback keeps the marker, which is a property of the table, and loses the rows.
class TableModel {
 public:
  TableModel(World& world, Violations& violations) : world_(world), violations_(violations) {}

  std::unique_ptr<checkpoint::Committer> OpenFor(env::Env& env, Process* process);
  // A writer's file. The name carries the attempt, so that void ones can be found.
  void Stage(const std::string& file, std::vector<Row> rows) { staged[file] = std::move(rows); }
  static std::string FileName(const std::string& lineage, uint64_t epoch, uint64_t generation);

  // Somebody else's commits. Each makes another version and leaves the marker.
  void ForeignAppend();
  void ForeignExpiry();    // every snapshot but the current one is no longer listed; not while a rollback is in effect
  void ForeignRollback();  // to an older snapshot, if there is one
  void UndoRollback();     // what the refusal's hint asks for
  bool rolled_back() const { return before_rollback_.has_value(); }
  // As Committer's contract says: whether the marker's snapshot is an ancestor of the current one, or no longer listed.
  bool MarkerIsLive() const;
  bool MarkerIsListed() const;  // its snapshot has not expired

  // Called before a commit takes effect: the decision must be durable by then (I4).
  std::function<bool(const checkpoint::Marker&)> is_decided;

  uint64_t version = 1;
  std::optional<checkpoint::Marker> marker;
  std::vector<checkpoint::Marker> markers;  // in commit order
  std::map<std::string, std::vector<Row>> staged;

  std::vector<std::string> LiveFiles() const;  // in commit order
  std::vector<Row> CommittedRows(Epoch up_to = Epoch(UINT64_MAX)) const;
  // The compare-and-swap itself; true if it was applied.
  bool Apply(uint64_t expected_version, const checkpoint::Committable& committable);
  World& world() { return world_; }

 private:
  struct Snapshot {
    size_t parent = 0;
    std::optional<checkpoint::Marker> marker;
    std::vector<std::string> files;
    bool listed = true;
  };
  void Push(Snapshot snapshot);
  bool IsAncestor(size_t snapshot) const;
  size_t SnapshotOfMarker() const;  // 0: none

  World& world_;
  Violations& violations_;
  std::vector<Snapshot> snapshots_{Snapshot{}};  // by number; 0 is the empty table
  size_t current_ = 0;
  std::optional<size_t> before_rollback_;
};

}  // namespace semel::sim
