// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/totals.h"

#include <gtest/gtest.h>

namespace semel::cli {
namespace {

TEST(TotalsTest, SaysWhatWasDroppedOnlyIfAnythingWas) {
  Totals totals;
  totals.Add({{"scan-a/read", 100}, {"scan-b/read", 50}, {"sink/written", 140}, {"window/in", 150}});
  EXPECT_EQ(totals.ToString(), "150 rows read, 140 written");
  EXPECT_FALSE(totals.dropped_any());
  totals.Add({{"window/late", 3}, {"scan-a/rejected", 7}, {"scan-a/read", 1}});
  EXPECT_EQ(totals.ToString(), "151 rows read, 140 written, 3 late and dropped, 7 rejected and skipped");
  EXPECT_EQ(totals.ToJson(), R"({"read": 151, "written": 140, "late": 3, "rejected": 7})");
  EXPECT_TRUE(totals.dropped_any());
}

}  // namespace
}  // namespace semel::cli
