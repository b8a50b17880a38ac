// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/ledger.h"

#include <gtest/gtest.h>

namespace semel::cli {
namespace {

using checkpoint::Attempt;
using checkpoint::Marker;

constexpr char kSink[] = "iceberg:lake.shop.revenue";

Marker MarkerOf(uint64_t epoch, uint64_t generation, const std::string& lineage = "L") {
  return {lineage, Epoch(epoch), Generation(generation), 10, std::string(32, 'a')};
}

void AddReceipt(Ledger& ledger, uint64_t epoch, uint64_t generation) {
  checkpoint::Receipt receipt;
  receipt.attempt = Attempt{Epoch(epoch), Generation(generation)};
  receipt.sinks.push_back({kSink, MarkerOf(epoch, generation), "snapshot 1"});
  ledger.receipts[receipt.attempt] = receipt;
}

void AddDecided(Ledger& ledger, uint64_t epoch, uint64_t generation) {
  checkpoint::Manifest manifest;
  manifest.lineage = "L";
  manifest.attempt = Attempt{Epoch(epoch), Generation(generation)};
  manifest.snapshot.sinks.push_back({kSink, {}, 10, std::string(32, 'a')});
  manifest.ancestry = {{Generation(1), Epoch(1), Epoch(5)}, {Generation(generation), Epoch(6), Epoch(epoch)}};
  ledger.manifests.push_back(manifest);
}

TEST(LedgerTest, AMarkerMustBeThatOfTheNewestReceiptOrLaterOnTheChain) {
  Ledger ledger;
  AddReceipt(ledger, 5, 1);
  AddReceipt(ledger, 6, 2);
  EXPECT_FALSE(WrongMarker(ledger, ledger, kSink, MarkerOf(6, 2)));
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, MarkerOf(5, 1))) << "restored from an older copy";
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, MarkerOf(7, 2))) << "nobody decided it";
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, MarkerOf(6, 2, "M"))) << "another state's";
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, std::nullopt)) << "dropped and made again";
  Ledger after = ledger;
  AddDecided(after, 7, 2);
  EXPECT_FALSE(WrongMarker(ledger, after, kSink, MarkerOf(7, 2))) << "committed, its receipt is not written yet";
  AddReceipt(after, 8, 2);
  EXPECT_FALSE(WrongMarker(ledger, after, kSink, MarkerOf(8, 2))) << "committed since the receipts were read";
}

TEST(LedgerTest, EpochsBeginAgainWithALineage) {
  Ledger ledger;
  AddReceipt(ledger, 39, 2);
  AddReceipt(ledger, 1, 4);
  EXPECT_EQ(ledger.Newest(kSink)->attempt, (Attempt{Epoch(1), Generation(4)}));
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, MarkerOf(39, 2)));
}

TEST(LedgerTest, WithoutReceiptTheMarkerIsThatOfTheLineagesBeginning) {
  Ledger ledger;
  EXPECT_FALSE(WrongMarker(ledger, ledger, kSink, std::nullopt));
  EXPECT_TRUE(WrongMarker(ledger, ledger, kSink, MarkerOf(3, 1)));
  ledger.lineages["L"].initial[kSink] = MarkerOf(3, 1);
  EXPECT_FALSE(WrongMarker(ledger, ledger, kSink, MarkerOf(3, 1)));
}

TEST(LedgerTest, ASnapshotOfAVoidAttemptMustNotBeThere) {
  Ledger ledger;
  AddReceipt(ledger, 6, 2);
  AddDecided(ledger, 7, 2);
  EXPECT_FALSE(MustNotBeThere(ledger, kSink, MarkerOf(6, 2)));
  EXPECT_FALSE(MustNotBeThere(ledger, kSink, MarkerOf(4, 1))) << "on the chain: its receipt was lost";
  EXPECT_TRUE(MustNotBeThere(ledger, kSink, MarkerOf(6, 1))) << "never decided";
  EXPECT_FALSE(MustNotBeThere(ledger, kSink, MarkerOf(6, 1, "M"))) << "of a state that is gone";
}

}  // namespace
}  // namespace semel::cli
