// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The commit of one decided attempt: what the sink shows and answers against what is done and reported (R4, C1–C4).
#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/records.h"
#include "tests/checkpoint/fakes.h"

namespace semel::checkpoint {
namespace {

using Answer = FakeSink::Answer;

ManifestPtr MakeManifest(const Attempt& attempt, std::vector<SinkStaged> staged, std::optional<Marker> expected) {
  auto manifest = std::make_shared<Manifest>();
  manifest->lineage = "L";
  manifest->attempt = attempt;
  manifest->snapshot.epoch = attempt.epoch;
  manifest->snapshot.sinks = std::move(staged);
  manifest->expected = {{"a", expected}, {"b", expected}};
  manifest->ancestry = ExtendAncestry({}, attempt);
  return manifest;
}

Status Transient() { return Status::Transient(kFakeError, "away", "wait"); }

TEST(CommitDriverTest, DoesAndReportsWhatTheTableSays) {
  struct Case {
    const char* what;
    std::optional<Marker> shown;
    bool live;
    std::deque<Answer> answers;
    std::deque<Status> looks_fail;
    bool superseded;
    uint16_t error;  // 0: committed
    bool already;
    int commits;  // tries
    bool first_of_lineage = false;
  };
  const Marker mine = M("L", 3, 2), before = M("L", 2, 2), later = M("L", 4, 2);
  const Case cases[] = {
      {"at once", before, true, {}, {}, false, 0, false, 1},
      {"after two refusals", before, true, {Answer::kBusy, Answer::kBusy}, {}, false, 0, false, 3},
      {"lost answer, applied: found by looking", before, true, {Answer::kLostApplied}, {}, false, 0, true, 1},
      {"lost answer, not applied: tried again", before, true, {Answer::kLostNotApplied}, {}, false, 0, false, 2},
      {"an earlier process did it", mine, true, {}, {}, false, 0, true, 0},
      {"a later attempt of the chain is there", later, true, {}, {}, false, 0, true, 0},
      {"looks that fail for a while", before, true, {}, {Transient(), Transient()}, false, 0, false, 1},
      {"a look that cannot succeed",
       before,
       true,
       {},
       {Status::Corrupt(kFakeError, "damaged", "restore")},
       false,
       6005,
       false,
       0},
      {"a commit that cannot succeed", before, true, {Answer::kInvalid}, {}, false, 6005, false, 1},
      {"a strange marker", M("L", 3, 9), true, {}, {}, false, 2011, false, 0},
      {"a strange marker of a successor", M("L", 3, 9), true, {}, {}, true, 2010, false, 0},
      {"a marker of another lineage", M("K", 2, 2), true, {}, {}, false, 2011, false, 0},
      {"no marker any more", std::nullopt, true, {}, {}, false, 2011, false, 0},
      {"rolled back", before, false, {}, {}, false, 2012, false, 0},
      {"rolled back behind the own commit", mine, false, {}, {}, false, 2012, false, 0},
      {"rolled back by a lineage before, as this one knows", M("K", 2, 2), false, {}, {}, false, 0, false, 1, true},
  };
  for (const Case& c : cases) {
    World world;
    world.a.marker = c.shown;
    world.a.live = c.live;
    world.a.answers = c.answers;
    world.a.looks_fail = c.looks_fail;
    world.store.objects[ClaimName(Generation(2))] = "";
    if (c.superseded) world.store.objects[ClaimName(Generation(3))] = EncodeClaim({"successor", 1, 1});
    const ManifestPtr manifest =
        MakeManifest(A(3, 2), {{"a", {"file"}, 1, Digest()}}, c.first_of_lineage ? c.shown : before);
    ClaimWatch claims(world.env, world.store, Generation(2));
    FakeCommitter committer(world.a);
    const Result<CommitReport> report =
        CommitDriver(world.env, claims, committer).Run(*manifest, manifest->snapshot.sinks[0], {later});
    EXPECT_EQ(report.status().code().number, c.error) << c.what << ": " << report.status().ToString();
    if (report.ok()) {
      EXPECT_EQ(report->already_committed, c.already) << c.what;
    } else {
      EXPECT_FALSE(report.status().hint().empty()) << c.what;
    }
    EXPECT_EQ(std::count(world.a.log.begin(), world.a.log.end(), "commit 3-2"), c.commits) << c.what;
    if (c.error != 0) {
      EXPECT_EQ(world.a.marker, c.shown) << c.what;
    }
  }
}

TEST(CommitDriverTest, APauseMayEndIt) {
  World world;
  world.a.always_busy = true;
  world.a.marker = M("L", 2, 2);
  const ManifestPtr manifest = MakeManifest(A(3, 2), {{"a", {"file"}, 1, Digest()}}, M("L", 2, 2));
  ClaimWatch claims(world.env, world.store, Generation(2));
  FakeCommitter committer(world.a);
  int pauses = 0;
  CommitHooks hooks;
  hooks.pause = [&pauses](Micros) { return ++pauses < 3 ? Status::Ok() : Status::Cancelled(); };
  EXPECT_TRUE(CommitDriver(world.env, claims, committer, hooks)
                  .Run(*manifest, manifest->snapshot.sinks[0], {})
                  .status()
                  .is(StatusKind::kCancelled));
  EXPECT_EQ(pauses, 3);
}

TEST(CommitDriverTest, OneThatCannotCommitLooksAtTheClaims) {
  World world;
  world.a.always_busy = true;
  world.a.marker = M("L", 2, 2);
  world.store.objects[ClaimName(Generation(5))] = EncodeClaim({"successor", 1, 1});
  const ManifestPtr manifest = MakeManifest(A(3, 2), {{"a", {"file"}, 1, Digest()}}, M("L", 2, 2));
  ClaimWatch claims(world.env, world.store, Generation(2));
  FakeCommitter committer(world.a);
  const Status status =
      CommitDriver(world.env, claims, committer).Run(*manifest, manifest->snapshot.sinks[0], {}).status();
  EXPECT_TRUE(status.is(StatusKind::kFenced));
  EXPECT_NE(status.message().find("successor"), std::string::npos) << status.ToString();
}

TEST(CommitAttemptTest, SinksWithRowsAreCommittedThenTheReceiptIsThere) {
  World world;
  Committers committers = world.Make();
  ClaimWatch claims(world.env, world.store, Generation(1));
  const ManifestPtr manifest =
      MakeManifest(A(1, 1), {{"a", {"file"}, 1, Digest()}, {"b", {}, 0, Digest()}}, std::nullopt);
  Chain chain;
  chain.Append(manifest, false);
  for (int i = 0; i < 2;
       ++i) {  // a second process that resumes it finds everything done, and the receipt with other handles
    const Result<AttemptReport> report =
        CommitAttempt(world.env, world.store, claims, committers, chain, *manifest, {});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->sinks.at("a").already_committed, i == 1);
  }
  EXPECT_TRUE(world.b.log.empty()) << "an epoch without rows needs no commit";
  const auto receipts = ReadReceipts(world.env, world.store).value();
  ASSERT_EQ(receipts.size(), 1u);
  EXPECT_EQ(receipts.at(A(1, 1)).sinks.at(0).marker, M("L", 1, 1));
}

TEST(CommitAttemptTest, ASinkThatIsNoLongerNamedIsRefused) {
  World world;
  Committers committers;
  ClaimWatch claims(world.env, world.store, Generation(1));
  const ManifestPtr manifest = MakeManifest(A(1, 1), {{"a", {"file"}, 1, Digest()}}, std::nullopt);
  EXPECT_EQ(CommitAttempt(world.env, world.store, claims, committers, Chain(), *manifest, {}).status().code(),
            kChangedScript);
  EXPECT_EQ(world.store.objects.count(ReceiptName(A(1, 1))), 0u);
}

TEST(FoldReceiptsTest, FoldsFullFilesBehindTheNewestAndLosesNoneWhenInterrupted) {
  World world;
  for (uint64_t n = 1; n <= 10; ++n)
    world.store.objects[ReceiptName(A(n, 1))] = EncodeReceipts({{"L", A(n, 1), 0, {}, {}, {{"read", 1}}}});
  auto names = [&world] { return world.store.List("commits/").value(); };
  ASSERT_TRUE(FoldReceipts(world.env, world.store, A(4, 1), 4).ok());
  EXPECT_EQ(names().size(), 10u) << "three are too few";
  world.store.removes_fail = true;
  EXPECT_FALSE(FoldReceipts(world.env, world.store, A(5, 1), 4).ok());
  EXPECT_EQ(names().size(), 11u);
  EXPECT_EQ(ReadReceipts(world.env, world.store)->size(), 10u) << "in both files, counted once";
  world.store.removes_fail = false;
  ASSERT_TRUE(FoldReceipts(world.env, world.store, A(5, 1), 4).ok());
  EXPECT_EQ(names().size(), 7u);
  ASSERT_TRUE(FoldReceipts(world.env, world.store, A(9, 1), 4).ok());
  EXPECT_EQ(names().size(), 4u);
  EXPECT_EQ(ReadReceipts(world.env, world.store)->size(), 10u);
  EXPECT_EQ(world.store.objects.count(ReceiptName(A(9, 1))), 1u);
}

}  // namespace
}  // namespace semel::checkpoint
