// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Rolled back, or only expired: the marker's snapshot is number 5 in each of these histories.
#include <gtest/gtest.h>

#include "iceberg/table_version.h"

namespace semel::iceberg {
namespace {

using nlohmann::json;

// A snapshot; `parent` 0: none is named.
struct Snapshot {
  int64_t id, parent;
};

// Snapshot n has sequence number n. The log names what was current, oldest first.
bool IsLive(const std::vector<Snapshot>& snapshots, const std::vector<int64_t>& log) {
  TableVersion version;
  version.facts.current_snapshot = log.empty() ? -1 : log.back();
  version.metadata = {{"snapshots", json::array()}, {"snapshot-log", json::array()}};
  for (const Snapshot& s : snapshots) {
    json snapshot = {{"snapshot-id", s.id}, {"sequence-number", s.id}};
    if (s.parent > 0) snapshot["parent-snapshot-id"] = s.parent;
    version.metadata["snapshots"].push_back(snapshot);
  }
  for (const int64_t id : log) version.metadata["snapshot-log"].push_back({{"snapshot-id", id}, {"timestamp-ms", id}});
  return IsAncestorOrExpired(version, 5);
}

TEST(Ancestry, AListedAncestorIsLive) {
  EXPECT_TRUE(IsLive({{4, 0}, {5, 4}}, {4, 5}));
  EXPECT_TRUE(IsLive({{5, 4}, {6, 5}, {7, 6}}, {5, 6, 7}));
}

TEST(Ancestry, ASnapshotThatIsNotListedHasExpired) { EXPECT_TRUE(IsLive({{7, 6}}, {7})); }

TEST(Ancestry, ARollbackIsSeen) {
  EXPECT_FALSE(IsLive({{4, 3}, {5, 4}}, {4, 5, 4}));
  EXPECT_FALSE(IsLive({{4, 3}, {5, 4}, {6, 4}}, {4, 5, 4, 6}));
  EXPECT_FALSE(IsLive({{3, 2}, {5, 4}}, {3, 5, 3}));  // its parents have expired
  EXPECT_FALSE(IsLive({{5, 0}}, {}));                 // emptied
}

TEST(Ancestry, HistoryThatExpiredBehindItIsNoRollback) {
  EXPECT_TRUE(IsLive({{5, 4}, {8, 7}}, {8}));
  EXPECT_TRUE(IsLive({{5, 4}, {8, 0}}, {5, 8}));  // pyiceberg takes the id of an expired parent out
}

TEST(Ancestry, WithoutRoomForAnExpiredOneTheAnswerIsCertain) {
  EXPECT_FALSE(IsLive({{5, 4}, {6, 0}}, {5, 6}));  // replaced: a first snapshot of its own
  EXPECT_FALSE(IsLive({{5, 4}, {6, 4}}, {5, 6}));
}

TEST(Ancestry, TheLogTellsOfARollbackWhoseSuccessorsExpired) {
  EXPECT_FALSE(IsLive({{4, 3}, {5, 4}, {8, 7}}, {4, 5, 4, 8}));
  EXPECT_TRUE(IsLive({{4, 3}, {5, 4}, {8, 7}}, {4, 5, 8}));
}

}  // namespace
}  // namespace semel::iceberg
