// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What retention may delete, against a model that knows the whole history (§8, I16).
#include "checkpoint/retention/retention.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/checkpoint/fakes.h"

namespace semel::checkpoint {
namespace {

// A random history: generations that each continue somewhere in the work of the one before, and leave attempts that
// nobody continued.
struct History {
  std::vector<Attempt> chain;      // oldest first
  std::vector<Attempt> abandoned;  // of older generations, not on the chain
  std::vector<AncestryRange> ancestry;
  Generation own;
};

History Draw(std::mt19937_64& random) {
  History h;
  const uint64_t generations = 1 + random() % 5;
  for (uint64_t g = 1; g <= generations; ++g) {
    if (g > 1 && !h.chain.empty()) {  // the pin may leave out the newest of the one before
      for (uint64_t dropped = random() % 3;
           dropped > 0 && !h.chain.empty() && h.chain.back().generation == Generation(g - 1); --dropped) {
        h.abandoned.push_back(h.chain.back());
        h.chain.pop_back();
      }
    }
    const uint64_t first = h.chain.empty() ? 1 : h.chain.back().epoch.value + 1;
    for (uint64_t n = first, end = first + random() % 4 + (g == generations ? 1 : 0); n < end; ++n)
      h.chain.push_back(A(n, g));
  }
  for (const Attempt& attempt : h.chain) h.ancestry = ExtendAncestry(std::move(h.ancestry), attempt);
  h.own = Generation(generations);
  return h;
}

TEST(PlanRetentionTest, DeletesWhatTheModelCallsDeadAndNothingElse) {
  std::mt19937_64 random(7);
  uint64_t removed_in_all = 0, kept_in_all = 0;
  for (int i = 0; i < 20'000; ++i) {
    const History h = Draw(random);
    RetentionInput input;
    input.own = h.own;
    input.ancestry = h.ancestry;
    const size_t kept = std::min<size_t>(h.chain.size(), 2 + random() % 3);
    input.kept.assign(h.chain.end() - static_cast<ptrdiff_t>(kept), h.chain.end());
    std::map<std::string, bool> dead;  // by name
    auto add = [&](const Attempt& attempt, bool attempt_is_dead) {
      for (const std::string& name : {ManifestName(attempt), ManifestCopyName(attempt)}) dead[name] = attempt_is_dead;
      const std::string segment = SegmentName(attempt, 1 + random() % 9);
      const bool named =
          random() % 3 == 0 && !(h.abandoned.end() != std::find(h.abandoned.begin(), h.abandoned.end(), attempt));
      if (named) input.kept_segments.insert(segment);
      dead[segment] = attempt_is_dead && !named;
    };
    for (const Attempt& attempt : h.chain) add(attempt, attempt.epoch < input.kept.front().epoch);
    for (const Attempt& attempt : h.abandoned) add(attempt, true);
    const Attempt in_flight = A(h.chain.back().epoch.value + 1, h.own.value),
                  of_successor = A(1 + random() % 9, h.own.value + 1);
    add(in_flight, false);
    add(of_successor, false);
    for (const char* stranger : {"checkpoints/README", "segments/notes.txt", "checkpoints/1/MANIFEST"})
      dead[stranger] = false;
    for (const auto& [name, is_dead] : dead) input.names.push_back(name);
    const std::vector<std::string> plan = PlanRetention(input);
    const std::set<std::string> removed(plan.begin(), plan.end());
    for (const auto& [name, is_dead] : dead) {
      ASSERT_EQ(removed.count(name) > 0, is_dead) << "history " << i << ", generation " << h.own.value << ": " << name;
      ++(is_dead ? removed_in_all : kept_in_all);
    }
  }
  EXPECT_GT(removed_in_all, 50'000u);
  EXPECT_GT(kept_in_all, 50'000u);
}

TEST(PruneStoreTest, WhatCannotBeRemovedIsMetAgain) {
  World world;
  auto manifest = std::make_shared<Manifest>();
  manifest->attempt = A(5, 1);
  manifest->ancestry = {{Generation(1), Epoch(1), Epoch(5)}};
  Chain chain;
  chain.Append(
      [] {
        auto parent = std::make_shared<Manifest>();
        parent->attempt = A(4, 1);
        return parent;
      }(),
      true);
  manifest->parent = A(4, 1);
  chain.Append(manifest, true);
  for (uint64_t n = 1; n <= 5; ++n) world.store.objects[ManifestName(A(n, 1))] = "";
  world.store.removes_fail = true;
  EXPECT_TRUE(PruneStore(world.env, world.store, chain, Generation(1)).ok());
  EXPECT_EQ(world.store.objects.size(), 5u);
  world.store.removes_fail = false;
  EXPECT_TRUE(PruneStore(world.env, world.store, chain, Generation(1)).ok());
  EXPECT_EQ(world.store.objects.size(), 2u);
}

}  // namespace
}  // namespace semel::checkpoint
