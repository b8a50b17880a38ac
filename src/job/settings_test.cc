// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "job/settings.h"

#include <gtest/gtest.h>

#include "job/error_codes.h"

namespace semel::job {
namespace {

TEST(SettingsTest, DefaultsAreThoseOfTheDocumentation) {
  const JobSettings job = ReadSettings({{"pipeline.name", "billing"}}, false).value();
  EXPECT_EQ(job.checkpoint_root, "./.semel");
  EXPECT_EQ(job.checkpoint_interval, Micros(1'000'000));
  EXPECT_EQ(job.retained_checkpoints, 2);
  EXPECT_EQ(ReadSettings({{"pipeline.name", "billing"}}, true).value().checkpoint_interval, Micros(10'000'000));
}

TEST(SettingsTest, BothGenerationsOfFlinksNamesAreUnderstood) {
  const JobSettings old_names = ReadSettings({{"pipeline.name", "b"},
                                              {"state.checkpoints.dir", "file:///data/cp"},
                                              {"state.checkpoints.num-retained", "5"},
                                              {"execution.checkpointing.mode", "at_least_once"}},
                                             false)
                                    .value();
  EXPECT_EQ(old_names.checkpoint_root, "/data/cp");
  EXPECT_EQ(old_names.retained_checkpoints, 5);
  EXPECT_EQ(old_names.notices.size(), 1u) << "what has no effect is said";
}

TEST(SettingsTest, RefusalsNameTheSettingAndTheWayOut) {
  struct Case {
    plan::Options settings;
    ErrorCode code;
  };
  const Case cases[] = {
      {{}, kNoPipelineName},
      {{{"pipeline.name", "../up"}}, kBadPipelineName},
      {{{"pipeline.name", ""}}, kBadPipelineName},
      {{{"pipeline.name", "b"}, {"execution.checkpointing.mode", "TWICE"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"execution.checkpointing.dir", "s3://bucket/x"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"parallelism.default", "0"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"semel.filesystem.folow", "true"}}, kUnknownSetting},
  };
  for (const Case& c : cases) {
    const Status status = ReadSettings(c.settings, false).status();
    EXPECT_EQ(status.code(), c.code) << status.ToString();
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(SettingsTest, FlinksTuningIsAcceptedWithANotice) {
  const JobSettings job =
      ReadSettings({{"pipeline.name", "b"}, {"table.exec.mini-batch.enabled", "true"}}, false).value();
  ASSERT_EQ(job.notices.size(), 1u);
  EXPECT_NE(job.notices[0].find("mini-batch"), std::string::npos);
}

}  // namespace
}  // namespace semel::job
