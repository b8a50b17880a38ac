// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The coordinator against sinks that do not answer: back-pressure, ends, being superseded (K1–K5).
#include "checkpoint/coordinator/coordinator.h"

#include <gtest/gtest.h>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/records.h"
#include "tests/checkpoint/fakes.h"

namespace semel::checkpoint {
namespace {

// Answers every barrier at once with a row for sink a; `then` runs behind the n-th.
class Script final : public Dataflow {
 public:
  Coordinator* coordinator = nullptr;
  std::map<int, std::function<void()>> then;
  int barriers = 0;
  bool finished = false, answers = true;
  bool paused = false;
  int pauses = 0;
  std::function<void()> on_pause;
  void TriggerBarrier(Epoch epoch, BarrierKind) override {
    EpochSnapshot snapshot;
    snapshot.epoch = epoch;
    snapshot.sinks = {{"a", {"file"}, 1, Digest()}};
    snapshot.finished = finished;
    if (answers) coordinator->OnSnapshot(std::move(snapshot));
    if (auto it = then.find(++barriers); it != then.end()) it->second();
  }
  void OnCommitted(const EpochSnapshot&) override {}
  void SetPaused(bool now_paused) override {
    paused = now_paused;
    ++pauses;
    if (paused && on_pause) on_pause();
  }
};

class CoordinatorTest : public testing::Test {
 protected:
  // Runs until the dataflow's script ends it.
  Result<RunEnd> Run(Script& script, Micros patience = Micros(200'000)) {
    committers_ = world_.Make();
    RecoveryOptions recovery;
    recovery.fingerprint = "f";
    SEMEL_ASSIGN_OR_RETURN(RecoveredStart start, Recover(world_.env, world_.store, committers_, recovery));
    CoordinatorOptions options;
    options.interval = Micros(1'000);
    options.claim_poll = Micros(20'000);
    options.stop_patience = patience;
    options.fingerprint = "f";
    coordinator_ = std::make_unique<Coordinator>(world_.env, world_.store, committers_, std::move(start), options);
    script.coordinator = coordinator_.get();
    return coordinator_->Run(script);
  }
  size_t Manifests() {
    size_t n = 0;
    for (const auto& [name, content] : world_.store.objects) n += ParseManifestName(name) ? 1 : 0;
    return n;
  }

  World world_;
  Committers committers_;
  std::unique_ptr<Coordinator> coordinator_;
};

TEST_F(CoordinatorTest, AStopEndsWhenItsPatienceDoesThoughASinkNeverAnswers) {
  world_.a.always_busy = true;
  Script script;
  script.then[2] = [&] { script.coordinator->RequestStop(); };
  const Result<RunEnd> end = Run(script);
  EXPECT_EQ(end.status().code(), kStillDecided) << end.status().ToString();
  EXPECT_EQ(end.status().code().exit, ExitCode::kTryAgain);
}

TEST_F(CoordinatorTest, AFailureEndsThoughASinkNeverAnswers) {
  world_.a.always_busy = true;
  Script script;
  script.then[2] = [&] { script.coordinator->OnFailure(Status::Invalid(kFakeError, "a broken record", "correct it")); };
  EXPECT_EQ(Run(script).status().code(), kFakeError);
}

TEST_F(CoordinatorTest, UncommittedEpochsAreBounded) {
  world_.a.always_busy = true;
  Script script;
  auto later = world_.posix->Spawn("later", [&] {
    world_.posix->SleepFor(Micros(150'000));
    coordinator_->RequestStop();
  });
  const Result<RunEnd> end = Run(script, Micros(50'000));
  later->Join();
  EXPECT_EQ(end.status().code(), kStillDecided);
  EXPECT_EQ(script.barriers, static_cast<int>(kMaxUncommitted) + 1) << "the last one is that of the stop";
  EXPECT_TRUE(script.paused) << "the open epoch does not grow without bound";
  EXPECT_EQ(Manifests(), kMaxUncommitted + 1);
}

TEST_F(CoordinatorTest, SourcesGoOnOnceTheSinkAnswersAgain) {
  world_.a.always_busy = true;
  Script script;
  script.on_pause = [&] { world_.a.always_busy = false; };
  script.then[static_cast<int>(kMaxUncommitted) + 1] = [&] { script.coordinator->RequestStop(); };
  ASSERT_TRUE(Run(script, Micros(20'000'000)).ok());
  EXPECT_FALSE(script.paused);
  EXPECT_EQ(script.pauses, 2);
}

TEST_F(CoordinatorTest, AStopAtTheEndOfTheInputHasItsPatienceToo) {
  world_.a.always_busy = true;
  Script script;
  script.finished = true;
  script.then[1] = [&] { script.coordinator->RequestStop(); };
  EXPECT_EQ(Run(script).status().code(), kStillDecided);
}

TEST_F(CoordinatorTest, AStopDoesNotWaitForeverForItsLastCheckpoint) {
  Script script;
  script.then[2] = [&] {
    script.answers = false;
    script.coordinator->RequestStop();
  };
  const Result<RunEnd> end = Run(script);
  EXPECT_EQ(end.status().code(), kStillDecided) << end.status().ToString();
  EXPECT_NE(end.status().message().find("the one before"), std::string::npos) << end.status().ToString();
}

TEST_F(CoordinatorTest, WhatWasDecidedWhenTheSinkWasAwayIsCommittedByTheNextStart) {
  world_.a.always_busy = true;
  Script script;
  script.then[3] = [&] { script.coordinator->RequestStop(); };
  ASSERT_FALSE(Run(script).ok());
  const size_t decided = Manifests();
  ASSERT_EQ(world_.a.marker, std::nullopt);
  world_.a.always_busy = false;
  Script next;
  next.finished = true;
  ASSERT_TRUE(Run(next).ok());
  ASSERT_TRUE(world_.a.marker);
  EXPECT_EQ(world_.a.marker->epoch, Epoch(decided + 1));
  EXPECT_EQ(ReadReceipts(world_.env, world_.store)->size(), decided + 1);
}

TEST_F(CoordinatorTest, AHigherClaimEndsItBeforeItCommits) {
  Script script;
  script.then[1] = [&] { world_.store.objects[ClaimName(Generation(2))] = EncodeClaim({"successor", 1, 1}); };
  // The claim is there before the first manifest is: written it may be, decided it is not for this process.
  const Result<RunEnd> end = Run(script);
  EXPECT_TRUE(end.status().is(StatusKind::kFenced)) << end.status().ToString();
  EXPECT_EQ(world_.a.marker, std::nullopt);
}

TEST_F(CoordinatorTest, MarkersAreExpectedAlongTheChain) {
  Script script;
  script.then[5] = [&] { script.coordinator->RequestStop(); };
  ASSERT_TRUE(Run(script).ok());
  std::optional<Marker> before;
  const auto receipts = ReadReceipts(world_.env, world_.store).value();
  EXPECT_GE(receipts.size(), 5u);
  for (const auto& [attempt, receipt] : receipts) EXPECT_EQ(receipt.sinks.at(0).marker.epoch, attempt.epoch);
  EXPECT_LE(Manifests(), 2u) << "retention keeps the last two";
}

}  // namespace
}  // namespace semel::checkpoint
