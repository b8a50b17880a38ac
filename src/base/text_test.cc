// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/text.h"

#include <gtest/gtest.h>

namespace semel {
namespace {

TEST(TextTest, NearestNameFindsATypoAndLeavesStrangersAlone) {
  EXPECT_EQ(NearestName("topicc", {"topic", "format"}), "topic");
  EXPECT_EQ(NearestName("xyz", {"topic", "format"}), "");
}

TEST(TextTest, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Join({"a", "", "b"}, ","), "a,,b");
}

TEST(TextTest, TwoSwappedLettersAreOneMistake) {
  EXPECT_EQ(NearestName("SMU", {"AVG", "MIN", "SUM"}), "SUM");
  EXPECT_EQ(NearestName("CUONT", {"COUNT", "MOUNT"}), "COUNT");
  EXPECT_EQ(NearestName("SMX", {"AVG", "MIN", "SUM"}), "");
}

TEST(TextTest, HexAndTrim) {
  EXPECT_EQ(HexEncode(std::string("\x00\xff", 2)), "00ff");
  EXPECT_EQ(TrimAscii(" \ta b\n"), "a b");
}

}  // namespace
}  // namespace semel
