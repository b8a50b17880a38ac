// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/demo/purchases.h"

#include <gtest/gtest.h>

namespace semel::cli {
namespace {

TEST(PurchaseGeneratorTest, TheSameSeedMakesTheSameLinesAndTruth) {
  PurchaseGenerator a(7, 3), b(7, 3), other(8, 3);
  std::string first, second, third;
  for (int i = 0; i < 100; ++i) first += a.Next(), second += b.Next(), third += other.Next();
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
  EXPECT_EQ(a.TruthCsv(), b.TruthCsv());
}

TEST(PurchaseGeneratorTest, TheTruthCountsEveryPurchase) {
  PurchaseGenerator generator(1, 10);
  for (int i = 0; i < 1000; ++i) generator.Next();
  int64_t count = 0;
  for (const auto& [user, total] : generator.truth()) count += total.count;
  EXPECT_EQ(count, 1000);
  EXPECT_EQ(generator.produced(), 1000);
}

TEST(PurchaseGeneratorTest, ALineIsTheDocumentedJson) {
  const std::string line = PurchaseGenerator(1, 1).Next();
  EXPECT_EQ(line.find("{\"purchase_id\":1,\"user_id\":1,\"item\":\""), 0u) << line;
  EXPECT_EQ(line.back(), '\n');
}

}  // namespace
}  // namespace semel::cli
