// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/tail.h"

#include <gtest/gtest.h>

namespace semel::kafka {
namespace {

TEST(Tail, WhatALookProvesAboutTheRecordsFrom5To10) {
  const struct {
    const char* what;
    TailLook look;
    TailVerdict verdict;
  } cases[] = {
      {"an error", {"t", 0, 6, 0, false, 20, 12}, TailVerdict::kUnknown},
      {"a record before the end", {"t", 0, 0, 0, false, 20, 9}, TailVerdict::kUnknown},
      {"the next record is the end", {"t", 0, 0, 0, false, 20, 10}, TailVerdict::kNothingLeft},
      {"… or behind it, whoever has stored it", {"t", 0, 0, 8, true, 20, 15}, TailVerdict::kNothingLeft},
      {"nothing in a local log", {"t", 0, 0, 5, false, 10, -1}, TailVerdict::kSilent},
      {"… whose latest record lies before", {"t", 0, 0, 5, false, 10, -1, 4}, TailVerdict::kSilent},
      {"… whose latest record lies there", {"t", 0, 0, 5, false, 10, -1, 9}, TailVerdict::kUnknown},
      {"nothing in remote storage", {"t", 0, 0, 6, false, 10, -1}, TailVerdict::kUnknown},
      {"no local record at all", {"t", 0, 0, -1, false, 10, -1}, TailVerdict::kUnknown},
      {"a quota", {"t", 0, 0, 0, true, 10, -1}, TailVerdict::kUnknown},
      {"the end cannot be read yet", {"t", 0, 0, 0, false, 9, -1}, TailVerdict::kUnknown},
  };
  for (const auto& c : cases) EXPECT_EQ(JudgeTail(c.look, 5, 10), c.verdict) << c.what;
}

}  // namespace
}  // namespace semel::kafka
