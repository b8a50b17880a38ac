// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/status_line.h"

#include <gtest/gtest.h>

namespace semel::cli {
namespace {

job::Job::JobStatus HeldStatus() {
  job::Job::JobStatus now;
  now.dataflow.rows_in = 2400;
  now.dataflow.rows_out = 100;
  now.dataflow.watermark = 5'000'000;
  now.dataflow.held_by = "purchases-1";
  now.dataflow.held_silent_micros = 35'700'000;
  return now;
}

TEST(StatusLineTest, NamesTheSplitThatHoldsTheWatermarkAndTheSetting) {
  job::Job::JobStatus before, now = HeldStatus();
  EXPECT_TRUE(IsHeld(now));
  EXPECT_EQ(StatusLine(now, before, 2.0),
            "rows 1200/s in, 50/s out · watermark 1970-01-01 00:00:05.000 held by purchases-1, silent for 35 s "
            "('table.exec.source.idle-timeout')");
  now.dataflow.watermark = checkpoint::kNoWatermark;
  EXPECT_EQ(StatusLine(now, before, 2.0),
            "rows 1200/s in, 50/s out · watermark held by purchases-1, silent for 35 s "
            "('table.exec.source.idle-timeout')")
      << "a split that never had a row holds everything back";
  now.dataflow.held_silent_micros = 1'000'000;
  EXPECT_EQ(StatusLine(now, before, 2.0), "rows 1200/s in, 50/s out");
  EXPECT_FALSE(IsHeld(now));
}

TEST(StatusLineTest, CommitsComeFirstAndWhatIsDroppedIsCounted) {
  job::Job::JobStatus before, now;
  now.dataflow.late = 3;
  now.dataflow.records_behind = 5000;
  now.checkpoints.committed = {{"scan/rejected", 2}, {"window/late", 3}};
  now.checkpoints.last_checkpoint = checkpoint::Attempt{Epoch(7), Generation(2)};
  now.checkpoints.last_commit = checkpoint::Attempt{Epoch(6), Generation(2)};
  now.checkpoints.open_commit = checkpoint::CommitProgress{};
  now.checkpoints.open_commit->resolving = true;
  now.checkpoints.open_commit->sink = "iceberg:lake.shop.revenue";
  EXPECT_EQ(StatusLine(now, before, 1.0),
            "RESOLVING iceberg:lake.shop.revenue · committed 6-2, checkpoint 7-2 · lag 5000 · rows 0/s in, 0/s out · "
            "late 3 · rejected 2");
}

TEST(StatusLineTest, ItFitsTheTerminal) {
  job::Job::JobStatus before, now = HeldStatus();
  now.dataflow.watermark = checkpoint::kNoWatermark;
  now.dataflow.held_by = "/srv/data/incoming/2026/01/01/purchases.json";
  EXPECT_EQ(StatusLine(now, before, 2.0, 120),
            "rows 1200/s in, 50/s out · watermark held by …6/01/01/purchases.json, silent for 35 s "
            "('table.exec.source.idle-timeout')")
      << "the path from its left";
  EXPECT_EQ(StatusLine(now, before, 2.0, 40), "rows 1200/s in, 50/s out · watermark he…") << "then the end";
  now.dataflow.held_by = "a\nb";
  EXPECT_EQ(StatusLine(now, before, 2.0).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace semel::cli
