// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/protocol/decisions.h"

#include <gtest/gtest.h>

namespace semel::checkpoint {
namespace {

Attempt A(uint64_t n, uint64_t g) { return {Epoch(n), Generation(g)}; }
Marker M(uint64_t n, uint64_t g) { return {"L", Epoch(n), Generation(g), 1, std::string(32, '0')}; }

TEST(NamesTest, RoundTripAndRefuseStrangers) {
  EXPECT_EQ(ParseClaimName(ClaimName(Generation(12))), Generation(12));
  EXPECT_EQ(ParsePinName(PinName(Generation(12))), Generation(12));
  EXPECT_EQ(ParseManifestName(ManifestName(A(7, 2))), A(7, 2));
  EXPECT_EQ(ParseManifestName(ManifestCopyName(A(7, 2))), std::nullopt) << "a copy without a manifest decides nothing";
  EXPECT_EQ(ParseAttemptFile(ManifestCopyName(A(7, 2))), A(7, 2));
  EXPECT_EQ(ParseSegmentName(SegmentName(A(7, 2), 5)), A(7, 2));
  EXPECT_EQ(ParseReceiptName(ReceiptName(A(7, 2))), A(7, 2));
  for (const char* bad : {"", "checkpoints/", "checkpoints/1/MANIFEST", "checkpoints/x-1/MANIFEST", "segments/1-1",
                          "generations/1x", "commits/1-1.tmp", "generations/99999999999999999999"})
    EXPECT_FALSE(ParseManifestName(bad) || ParseSegmentName(bad) || ParseClaimName(bad) || ParseReceiptName(bad))
        << bad;
}

TEST(ClaimsTest, AHigherClaimSupersedes) {
  EXPECT_EQ(NextGeneration({}), Generation(1));
  EXPECT_EQ(NextGeneration({ClaimName(Generation(3)), ClaimName(Generation(10))}), Generation(11));
  EXPECT_EQ(LookAtClaims(Generation(3), {ClaimName(Generation(1)), ClaimName(Generation(3))}), ClaimLook::kStillMine);
  EXPECT_EQ(LookAtClaims(Generation(3), {ClaimName(Generation(4))}), ClaimLook::kSuperseded);
}

TEST(ChooseBaseTest, OnlyThePinAndThePinnersOwnManifestsCount) {
  const Pin pin{"L", A(5, 1)};
  EXPECT_EQ(ChooseBase(Generation(3), pin, {}), A(5, 1));
  EXPECT_EQ(ChooseBase(Generation(3), pin, {A(6, 3), A(7, 3), A(9, 2), A(9, 1)}), A(7, 3));
  EXPECT_EQ(ChooseBase(Generation(3), pin, {A(6, 1)}), A(5, 1)) << "a late manifest of the generation before is void";
  EXPECT_EQ(HighestPinBelow(Generation(4), {PinName(Generation(1)), PinName(Generation(3)), PinName(Generation(9))}),
            Generation(3));
  EXPECT_EQ(HighestPinBelow(Generation(1), {PinName(Generation(1))}), std::nullopt);
}

TEST(DecideCommitTest, FollowsTheTableOfR4) {
  struct Case {
    const char* what;
    std::optional<Marker> shown;
    bool live;
    std::optional<Marker> expected;
    CommitDecision decision;
  };
  const Marker mine = M(5, 2), later = M(7, 2), before = M(4, 1);
  const Case cases[] = {
      {"first commit into a sink that never saw the pipeline", std::nullopt, true, std::nullopt,
       CommitDecision::kCommit},
      {"the marker before", before, true, before, CommitDecision::kCommit},
      {"an own try went through", mine, true, before, CommitDecision::kAlreadyCommitted},
      {"a later attempt of my chain is there", later, true, before, CommitDecision::kAlreadyCommitted},
      {"another generation committed the same epoch", M(5, 3), true, before, CommitDecision::kLookAtClaims},
      {"a greater epoch that is not of my chain", M(9, 3), true, before, CommitDecision::kLookAtClaims},
      {"the marker vanished", std::nullopt, true, before, CommitDecision::kLookAtClaims},
      {"a marker appeared", before, true, std::nullopt, CommitDecision::kLookAtClaims},
      {"rolled back behind the marker before", before, false, before, CommitDecision::kLookAtClaims},
      {"rolled back after my commit", mine, false, before, CommitDecision::kLookAtClaims},
      {"another lineage", Marker{"K", Epoch(5), Generation(2), 1, mine.digest}, true, before,
       CommitDecision::kLookAtClaims},
      {"same attempt, other rows", Marker{"L", Epoch(5), Generation(2), 2, mine.digest}, true, before,
       CommitDecision::kLookAtClaims},
  };
  for (const Case& c : cases) EXPECT_EQ(DecideCommit(c.shown, c.live, c.expected, mine, {later}), c.decision) << c.what;
}

TEST(AncestryTest, TellsOnChainFromVoid) {
  std::vector<AncestryRange> chain;
  for (const Attempt& a : {A(1, 1), A(2, 1), A(3, 3), A(4, 3)}) chain = ExtendAncestry(chain, a);
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(Membership(chain, A(2, 1), Generation(3)), ChainMembership::kOnChain);
  EXPECT_EQ(Membership(chain, A(3, 1), Generation(3)), ChainMembership::kVoid);
  EXPECT_EQ(Membership(chain, A(3, 2), Generation(3)), ChainMembership::kVoid) << "generation 2 decided nothing";
  EXPECT_EQ(Membership(chain, A(5, 3), Generation(3)), ChainMembership::kUnknown)
      << "the own generation is never judged";
  EXPECT_EQ(Membership(chain, A(5, 4), Generation(3)), ChainMembership::kUnknown);
}

TEST(RetentionTest, RemovesOnlyWhatCanNeverBeNeeded) {
  RetentionInput input;
  input.own = Generation(3);
  input.kept = {A(5, 3), A(6, 3)};
  input.kept_segments = {SegmentName(A(2, 1), 1), SegmentName(A(5, 3), 1)};
  input.ancestry = {{Generation(1), Epoch(1), Epoch(2)}, {Generation(3), Epoch(3), Epoch(6)}};
  const std::vector<std::string> keep = {
      SegmentName(A(2, 1), 1),  // an old segment that is still named
      ManifestName(A(5, 3)),   ManifestCopyName(A(6, 3)),
      SegmentName(A(5, 3), 1), SegmentName(A(7, 3), 1),  // in flight
      ManifestName(A(7, 4)),   SegmentName(A(1, 4), 1),  // a higher generation's
      "strange/file",
  };
  const std::vector<std::string> gone = {
      ManifestName(A(1, 1)),   SegmentName(A(2, 1), 2), ManifestName(A(4, 3)),
      SegmentName(A(4, 3), 1), ManifestName(A(3, 1)),   SegmentName(A(3, 2), 7),  // void
  };
  input.names = keep;
  input.names.insert(input.names.end(), gone.begin(), gone.end());
  EXPECT_EQ(PlanRetention(input), gone);
  input.kept.clear();
  EXPECT_TRUE(PlanRetention(input).empty()) << "nothing is committed yet: nothing may go";
}

}  // namespace
}  // namespace semel::checkpoint
