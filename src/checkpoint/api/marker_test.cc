// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <gtest/gtest.h>

#include "checkpoint/api/committer.h"

namespace semel::checkpoint {
namespace {

TEST(MarkerTest, RoundTripsAndRefusesForeignText) {
  const Marker marker{"6f1c", Epoch(7), Generation(2), 1000, std::string(32, 'a')};
  EXPECT_EQ(Marker::Parse(marker.ToString()).value(), marker);
  for (const char* bad : {"", "x", "l/1/2/3", "l/1/2/3/abc", "l/-1/2/3/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_TRUE(Marker::Parse(bad).status().is(StatusKind::kCorrupt)) << bad;
}

}  // namespace
}  // namespace semel::checkpoint
