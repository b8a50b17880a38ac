// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A start against every kind of store that it may find: what it continues from, what it does to sinks and when, what it
// refuses.
#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/coordinator/coordinator.h"
#include "checkpoint/format/records.h"
#include "tests/checkpoint/fakes.h"

namespace semel::checkpoint {
namespace {

// Answers barriers at once: one row into sink a in every epoch, into b in every third.
class InstantDataflow final : public Dataflow {
 public:
  explicit InstantDataflow(Coordinator& coordinator) : coordinator_(coordinator) {}
  void TriggerBarrier(Epoch epoch, BarrierKind) override {
    if (snapshots_ == 0) coordinator_.RequestStop();
    --snapshots_;
    EpochSnapshot snapshot;
    snapshot.epoch = epoch;
    snapshot.splits = {{"s", "0", fmt::format("{}", epoch.value), "", 0, false}};
    snapshot.segments = {coordinator_.WriteSegment(epoch, "op", fmt::format("state {}", epoch.value)).value()};
    snapshot.sinks = {{"a", {fmt::format("file {}", epoch.value)}, 1, Digest()}};
    if (epoch.value % 3 == 0) snapshot.sinks.push_back({"b", {"file"}, 1, Digest()});
    coordinator_.OnSnapshot(std::move(snapshot));
  }
  void OnCommitted(const EpochSnapshot&) override {}
  void SetPaused(bool paused) override { (void)paused; }
  int snapshots_ = 4;

 private:
  Coordinator& coordinator_;
};

constexpr const char* kFingerprint = "f\na 1\nb 1";

RecoveryOptions Options(std::vector<std::string>* said = nullptr) {
  RecoveryOptions options;
  options.fingerprint = kFingerprint;
  options.narrate = [said](const std::string& line) {
    if (said != nullptr) said->push_back(line);
  };
  return options;
}

// A start, some epochs, a stop.
void RunSome(World& world, const RecoveryOptions& options = Options()) {
  Committers committers = world.Make();
  Result<RecoveredStart> start = Recover(world.env, world.store, committers, options);
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  const bool first = start->chain.empty();
  CoordinatorOptions coordinator_options;
  coordinator_options.interval = Micros(1'000);
  coordinator_options.fingerprint = kFingerprint;
  Coordinator coordinator(world.env, world.store, committers, std::move(start).value(), coordinator_options);
  if (first) {
    ASSERT_TRUE(coordinator.WriteFirstCheckpoint({}).ok());
  }
  InstantDataflow dataflow(coordinator);
  const Result<RunEnd> end = coordinator.Run(dataflow);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
}

// As if the newest attempt was decided and its process died before the commit: the marker and the receipt of the one
// before.
Manifest Uncommit(World& world) {
  Manifest newest;
  for (const auto& [name, file] : world.store.objects)
    if (ParseManifestName(name)) {
      Manifest manifest = DecodeManifest(file, name).value();
      if (newest.attempt < manifest.attempt) newest = std::move(manifest);
    }
  world.store.objects.erase(ReceiptName(newest.attempt));
  world.a.marker = newest.expected.at("a");
  world.b.marker = newest.expected.at("b");
  world.a.log.clear();
  world.b.log.clear();
  return newest;
}

TEST(RecoveryTest, AFirstStartClaimsThenPinsTheBeginning) {
  World world;
  Committers committers = world.Make();
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, Options());
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  EXPECT_EQ(start->generation, Generation(1));
  EXPECT_TRUE(start->chain.empty());
  const Pin pin = DecodePin(world.store.objects.at(PinName(Generation(1))), "pin").value();
  EXPECT_TRUE(pin.base.is_root());
  EXPECT_EQ(pin.lineage, start->lineage.uuid);
}

TEST(RecoveryTest, GoesOnFromTheNewestOfThePinner) {
  World world;
  RunSome(world);
  RunSome(world);
  const Manifest newest = Uncommit(world);
  // A manifest of a generation that pinned nothing of it: void, whatever its epoch.
  Manifest late = newest;
  late.attempt = A(99, 1);
  world.store.objects[ManifestName(late.attempt)] = EncodeManifest(late);
  world.a.staged = {{newest.lineage, Epoch(99), Generation(1)},
                    {newest.lineage, newest.attempt.epoch, newest.attempt.generation},
                    {"other", Epoch(99), Generation(1)}};
  Committers committers = world.Make();
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, Options());
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  EXPECT_EQ(start->generation, Generation(3));
  EXPECT_EQ(start->chain.newest().attempt, newest.attempt);
  ASSERT_EQ(start->resolved.size(), 1u);
  EXPECT_EQ(world.a.marker, newest.MarkerAfter("a"));
  EXPECT_EQ(start->expected.at("a"), newest.MarkerAfter("a"));
  EXPECT_EQ(start->expected.at("b"), newest.MarkerAfter("b"));
  EXPECT_EQ(std::count(world.a.log.begin(), world.a.log.end(), "discard 99-1"), 1)
      << "only what is void, and only of this lineage";
  EXPECT_EQ(std::count_if(world.a.log.begin(), world.a.log.end(),
                          [](const std::string& line) { return line.rfind("discard", 0) == 0; }),
            1);
}

// A receipt that was seen, but lost with the machine, would never be written again behind a later one: the books of its
// epoch would be gone (found by seed 42060 of the simulation).
TEST(RecoveryTest, WhatAStartReliesOnIsMadeDurable) {
  World world;
  RunSome(world);
  Committers committers = world.Make();
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, Options());
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  const Attempt newest = start->chain.newest().attempt;
  for (const std::string& name : {ManifestName(newest), ReceiptName(newest), LineageName(start->lineage.uuid)})
    EXPECT_EQ(world.store.made_durable.count(name), 1u) << name;
}

TEST(RecoveryTest, AStartThatIsOvertakenTouchesNoSink) {
  World world;
  RunSome(world);
  const Manifest newest = Uncommit(world);
  world.a.staged = {{newest.lineage, Epoch(99), Generation(1)}};
  // The successor claims while this one pins: only the second look can see it (R3).
  world.store.on_put = [&world](const std::string& name) {
    if (name == PinName(Generation(2)))
      world.store.objects[ClaimName(Generation(3))] = EncodeClaim({"successor", 1, 1});
  };
  const std::optional<Marker> before = world.a.marker;
  Committers committers = world.Make();
  EXPECT_TRUE(Recover(world.env, world.store, committers, Options()).status().is(StatusKind::kFenced));
  EXPECT_EQ(world.a.marker, before);
  EXPECT_TRUE(world.a.log.empty() && world.b.log.empty());
}

TEST(RecoveryTest, AClaimThatAnotherOneGetsFirstIsNotShared) {
  World world;
  world.store.on_put = [&world](const std::string& name) {
    if (name == ClaimName(Generation(1))) world.store.objects.try_emplace(name, EncodeClaim({"the other", 1, 77}));
  };
  Committers committers = world.Make();
  EXPECT_EQ(Recover(world.env, world.store, committers, Options())->generation, Generation(2));
}

TEST(RecoveryTest, WhatAnswersLateIsAskedAgain) {
  World world;
  RunSome(world);
  const Status away = Status::Transient(kFakeError, "away", "wait");
  world.store.lists_fail = {away, away, away, away};
  world.store.puts_fail = {Status::Unknown(kFakeError, "no answer", "wait"), away, away};
  Committers committers = world.Make();
  EXPECT_EQ(Recover(world.env, world.store, committers, Options())->generation, Generation(2));
}

TEST(RecoveryTest, ARefusedStartTakesNothingOver) {
  struct Case {
    const char* what;
    std::function<void(World&, RecoveryOptions&)> change;
    ErrorCode code;
  };
  const Case cases[] = {
      {"a changed script", [](World&, RecoveryOptions& o) { o.fingerprint = "g\na 1\nb 1"; }, kChangedScript},
      {"a script with another table", [](World&, RecoveryOptions& o) { o.fingerprint = "g\na 1"; }, kChangedScript},
      {"a table that was made again", [](World&, RecoveryOptions& o) { o.fingerprint = "f\na 1\nb 2"; },
       kTargetReplaced},
      {"a new lineage onto the rows of the old one", [](World&, RecoveryOptions& o) { o.fresh = true; },
       kTargetHoldsRows},
      {"a store that is gone", [](World& w, RecoveryOptions&) { w.store.objects.clear(); }, kTargetHoldsRows},
  };
  for (const Case& c : cases) {
    World world;
    RunSome(world);
    const std::map<std::string, std::string> kept = world.store.objects;
    RecoveryOptions options = Options();
    c.change(world, options);
    const std::map<std::string, std::string> found = world.store.objects;
    Committers committers = world.Make();
    EXPECT_EQ(Recover(world.env, world.store, committers, options).status().code(), c.code) << c.what;
    EXPECT_EQ(world.store.objects, found) << c.what;
    world.store.objects = kept;
    RunSome(world);
  }
}

TEST(RecoveryTest, AStartWithoutStateNamesTheFolderBeforeItSpeaksOfWritingAgain) {
  World world;
  RunSome(world);
  world.store.objects.clear();
  RecoveryOptions options = Options();
  options.state = "'shop' in /srv/shop/.semel/shop";
  Committers committers = world.Make();
  const Status status = Recover(world.env, world.store, committers, options).status();
  EXPECT_EQ(status.message().find("there is no checkpoint of 'shop' in /srv/shop/.semel/shop, but a holds its rows"),
            0u)
      << status.ToString();
  EXPECT_EQ(status.hint().find("if it ran from another folder, start it there"), 0u) << status.hint();
  EXPECT_GT(status.hint().find("--append-again"), status.hint().find("only if its state is really gone"));
}

TEST(RecoveryTest, OnlyAPredecessorThatCouldRunIsSuperseded) {
  for (const bool runs : {true, false}) {
    World world;
    RunSome(world);
    const std::string claim = ClaimName(Generation(1));
    world.store.objects[claim] = EncodeClaim({"elsewhere/7", 1, 2});
    std::vector<std::string> said;
    RecoveryOptions options = Options(&said);
    options.may_run = [runs](const std::string& process) {
      EXPECT_EQ(process, "elsewhere/7");
      return runs;
    };
    Committers committers = world.Make();
    ASSERT_TRUE(Recover(world.env, world.store, committers, options).ok());
    EXPECT_EQ(std::count(said.begin(), said.end(), "generation 2; supersedes generation 1 of elsewhere/7"), runs);
  }
}

TEST(RecoveryTest, AFreshLineageRollsTheOldOneForwardAndExpectsItsMarkers) {
  World world;
  RunSome(world);
  const Manifest newest = Uncommit(world);
  RecoveryOptions options = Options();
  options.fresh = options.append_again = true;
  options.fingerprint = "another";
  Committers committers = world.Make();
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, options);
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  EXPECT_EQ(start->lineage.parent, newest.lineage);
  EXPECT_EQ(start->lineage.parent_attempt, newest.attempt);
  EXPECT_EQ(start->expected.at("a"), newest.MarkerAfter("a"));
  EXPECT_TRUE(start->chain.empty());
  EXPECT_EQ(start->generation, Generation(3))
      << "a second claim, so that the first one's pin keeps meaning the old chain";
}

// Between the two claims of --fresh another start goes on from the old chain and decides an epoch.
TEST(RecoveryTest, AFreshLineageBeginsBehindWhatWasDecidedMeanwhile) {
  World world;
  RunSome(world);
  Manifest decided = Uncommit(world);
  const Attempt newest = decided.attempt;
  decided.parent = newest;
  decided.expected = {{"a", decided.MarkerAfter("a")}, {"b", decided.MarkerAfter("b")}};
  decided.attempt = A(newest.epoch.value + 1, 3);
  decided.ancestry = ExtendAncestry(decided.ancestry, decided.attempt);
  decided.snapshot.epoch = decided.attempt.epoch;
  world.store.on_put = [&](const std::string& name) {
    if (name != ClaimName(Generation(3)) || world.store.objects.count(name) > 0) return;
    world.store.objects[name] = EncodeClaim({"another", 1, 1});
    world.store.objects[PinName(Generation(3))] = EncodePin({decided.lineage, newest});
    world.store.objects[ManifestName(decided.attempt)] = EncodeManifest(decided);
  };
  RecoveryOptions options = Options();
  options.fresh = options.append_again = true;
  Committers committers = world.Make();
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, options);
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  EXPECT_EQ(start->lineage.parent_attempt, decided.attempt);
  EXPECT_EQ(world.a.marker, decided.MarkerAfter("a")) << "rolled forward";
  EXPECT_EQ(start->expected.at("a"), decided.MarkerAfter("a"));
  EXPECT_EQ(start->generation, Generation(5));
}

TEST(RecoveryTest, ASinkThatLostItsMarkerIsRefusedThoughEverythingHasAReceipt) {
  World world;
  RunSome(world);
  const auto kept = world.a.marker;
  Committers committers = world.Make();
  world.a.marker.reset();  // restored from a backup
  EXPECT_EQ(Recover(world.env, world.store, committers, Options()).status().code(), kMarkerMismatch);
  world.a.marker = kept;
  world.a.live = false;
  EXPECT_EQ(Recover(world.env, world.store, committers, Options()).status().code(), kRolledBack);
  world.a.live = true;
  world.a.looks_fail = {Status::Transient(kFakeError, "busy", "wait")};
  EXPECT_TRUE(Recover(world.env, world.store, committers, Options()).ok());
}

TEST(RecoveryTest, TheWayOutOfARollbackLeadsOut) {
  World world;
  RunSome(world);
  const Manifest newest = Uncommit(world);
  world.a.live = false;  // what was committed before was rolled back by others
  Committers committers = world.Make();
  RecoveryOptions options = Options();
  const Status refused = Recover(world.env, world.store, committers, options).status();
  EXPECT_EQ(refused.code(), kRolledBack) << refused.ToString();
  EXPECT_NE(refused.hint().find("--fresh --append-again"), std::string::npos);
  std::vector<std::string> said;
  options = Options(&said);
  options.fresh = options.append_again = true;
  const Result<RecoveredStart> start = Recover(world.env, world.store, committers, options);
  ASSERT_TRUE(start.ok()) << start.status().ToString();
  EXPECT_NE(start->lineage.uuid, newest.lineage);
  EXPECT_TRUE(std::any_of(said.begin(), said.end(),
                          [](const std::string& line) { return line.find("is given up") != std::string::npos; }));
  RunSome(world);  // goes on: the first commit of the new lineage is made on the dead marker
  EXPECT_EQ(world.a.marker->lineage, start->lineage.uuid);
}

TEST(RecoveryTest, MissingFilesAreNamedAndNoOlderCheckpointIsTaken) {
  World world;
  RunSome(world);
  const Manifest newest = Uncommit(world);
  const auto kept = world.store.objects;
  for (const std::string& name : {ManifestName(newest.parent), LineageName(newest.lineage)}) {
    world.store.objects = kept;
    world.store.objects.erase(name);
    world.store.objects.erase(ReceiptName(newest.parent));
    Committers committers = world.Make();
    const Status status = Recover(world.env, world.store, committers, Options()).status();
    EXPECT_EQ(status.code(), kMissingFile) << status.ToString();
    EXPECT_NE(status.message().find(name), std::string::npos) << status.ToString();
  }
}

// T6: every bit of every file. Either the start is the same as without the damage, or the file is named.
TEST(RecoveryTest, EveryFlippedBitIsHealedRefusedOrNotRead) {
  World world;
  RunSome(world);
  RunSome(world);
  const Manifest newest = Uncommit(world);
  const FakeSink a = world.a, b = world.b;
  const auto kept = world.store.objects;
  uint64_t flips = 0, healed = 0, refused = 0, same = 0;
  for (const auto& [name, content] : kept) {
    for (size_t bit = 0; bit < content.size() * 8; ++bit) {
      world.store.objects = kept;
      world.store.objects[name][bit / 8] ^= static_cast<char>(1 << (bit % 8));
      world.a = a, world.b = b;
      std::vector<std::string> said;
      Committers committers = world.Make();
      const Result<RecoveredStart> start = Recover(world.env, world.store, committers, Options(&said));
      ++flips;
      if (!start.ok()) {
        ++refused;
        ASSERT_TRUE(start.status().code() == kDamagedFile &&
                    start.status().message().find("'" + name + "'") != std::string::npos)
            << name << ": " << start.status().ToString();
        continue;
      }
      ASSERT_EQ(start->chain.newest().attempt, newest.attempt) << name << " bit " << bit;
      ASSERT_EQ(start->chain.newest().snapshot.splits, newest.snapshot.splits) << name << " bit " << bit;
      ASSERT_EQ(world.a.marker, newest.MarkerAfter("a"));
      const bool told = std::any_of(said.begin(), said.end(), [&name = name](const std::string& line) {
        return line.find("'" + name + "' was damaged") != std::string::npos;
      });
      ASSERT_EQ(told, start->healed_manifests > 0);
      ++(told ? healed : same);
    }
  }
  std::printf(
      "%lu flipped bits: %lu healed and told, %lu refused by name, %lu in files that this start does not read\n", flips,
      healed, refused, same);
  EXPECT_GT(flips, 10'000u);
  EXPECT_GT(healed, 1'000u);
  EXPECT_GT(refused, 1'000u);
}

}  // namespace
}  // namespace semel::checkpoint
