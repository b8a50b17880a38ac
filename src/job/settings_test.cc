// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "job/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "job/error_codes.h"
#include "job/flink_settings.h"

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
  EXPECT_FALSE(old_names.exactly_once);
  EXPECT_EQ(old_names.notices.size(), 1u) << "a weaker promise is said";
  const JobSettings new_names = ReadSettings({{"pipeline.name", "b"},
                                              {"execution.checkpointing.dir", "/new"},
                                              {"state.checkpoints.dir", "/old"},
                                              {"execution.checkpointing.num-retained", "7"},
                                              {"execution.checkpointing.interval", "500"},
                                              {"execution.checkpointing.mode", "EXACTLY_ONCE"}},
                                             true)
                                    .value();
  EXPECT_EQ(new_names.checkpoint_root, "/new") << "the newer name counts";
  EXPECT_EQ(new_names.retained_checkpoints, 7);
  EXPECT_EQ(new_names.checkpoint_interval, Micros(500'000)) << "a bare number is milliseconds, with a table too";
  EXPECT_TRUE(new_names.exactly_once);
  EXPECT_TRUE(new_names.notices.empty());
}

std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(SettingsTest, EveryKnownSettingIsDocumentedAndTakenWithoutANotice) {
  const std::string page = TextOf("docs/settings.md");
  for (const auto& [key, meaning] : KnownSettings()) {
    EXPECT_NE(page.find("`" + key + "`"), std::string::npos) << key;
    EXPECT_FALSE(meaning.empty());
  }
  const JobSettings job = ReadSettings({{"pipeline.name", "b"},
                                        {"table.exec.source.idle-timeout", "30 s"},
                                        {"semel.filesystem.follow", "TRUE"},
                                        {"semel.late", "fail"},
                                        {"table.local-time-zone", "UTC"},
                                        {"parallelism.default", "3"}},
                                       false)
                              .value();
  EXPECT_EQ(job.idle_timeout, Micros(30'000'000));
  EXPECT_TRUE(job.follow_files && job.fail_on_late);
  EXPECT_EQ(job.local_time_zone, "UTC");
  EXPECT_EQ(job.parallelism, 3);
  EXPECT_TRUE(job.notices.empty()) << job.notices.front();
}

TEST(SettingsTest, EveryExitCodeIsDocumented) {
  const std::string page = TextOf("docs/settings.md");
  for (const ExitCode code : {ExitCode::kOk, ExitCode::kSuperseded, ExitCode::kUsage, ExitCode::kData,
                              ExitCode::kNoInput, ExitCode::kUnavailable, ExitCode::kInternal, ExitCode::kCannotCreate,
                              ExitCode::kIo, ExitCode::kTryAgain, ExitCode::kPermission, ExitCode::kConfig})
    EXPECT_NE(page.find(fmt::format("\n| {} | ", static_cast<int>(code))), std::string::npos) << static_cast<int>(code);
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
      {{{"pipeline.name", "b"}, {"parallelism.default", "129"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"foo", "1"}}, kUnknownSetting},
      {{{"pipeline.name", "b"}, {"semel.filesystem.folow", "true"}}, kUnknownSetting},
      {{{"pipeline.name", "b"}, {"semel.late", "later"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"execution.checkpointing.interval", "0"}}, kBadSetting},
      {{{"pipeline.name", "b"}, {"execution.checkpointing.num-retained", "many"}}, kBadSetting},
  };
  for (const Case& c : cases) {
    const Status status = ReadSettings(c.settings, false).status();
    EXPECT_EQ(status.code(), c.code) << status.ToString();
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(SettingsTest, AnUnreadableDurationNamesItsSetting) {
  for (const char* key : {"execution.checkpointing.interval", "table.exec.source.idle-timeout"}) {
    const Status status = ReadSettings({{"pipeline.name", "b"}, {key, "soon"}}, false).status();
    EXPECT_NE(status.message().find(key), std::string::npos) << status.ToString();
  }
}

TEST(SettingsTest, WhatHasNoEffectIsSaidWithTheNameThatMayBeMeant) {
  const JobSettings job =
      ReadSettings({{"pipeline.name", "b"}, {"execution.checkpointing.intervall", "1 s"}}, false).value();
  ASSERT_EQ(job.notices.size(), 1u);
  EXPECT_NE(job.notices[0].find("did you mean 'execution.checkpointing.interval'?"), std::string::npos);
  const JobSettings raised =
      ReadSettings({{"pipeline.name", "b"}, {"execution.checkpointing.num-retained", "1"}}, false).value();
  EXPECT_EQ(raised.retained_checkpoints, 2);
  EXPECT_EQ(raised.notices.size(), 1u) << "another number than the script's is said";
}

TEST(SettingsTest, WhatChangesResultsInFlinkIsRefusedByNameAndDocumented) {
  const std::string page = TextOf("docs/settings.md");
  for (const RefusedSetting& refused : RefusedSettings()) {
    const Status status = ReadSettings({{"pipeline.name", "b"}, {refused.key, "x"}}, false).status();
    EXPECT_EQ(status.code(), kBadSetting) << refused.key;
    EXPECT_NE(status.message().find(refused.key), std::string::npos);
    EXPECT_FALSE(status.hint().empty()) << refused.key;
    EXPECT_NE(page.find("`" + refused.key + "`"), std::string::npos) << refused.key;
    for (const std::string& harmless : refused.harmless)
      EXPECT_TRUE(ReadSettings({{"pipeline.name", "b"}, {refused.key, harmless}}, false).ok()) << refused.key;
  }
  EXPECT_TRUE(ReadSettings({{"pipeline.name", "b"}, {"table.exec.state.ttl", "0 ms"}}, false).ok());
  EXPECT_FALSE(ReadSettings({{"pipeline.name", "b"}, {"table.exec.state.ttl", "1 d"}}, false).ok());
  EXPECT_FALSE(ReadSettings({{"pipeline.name", "b"}, {"table.exec.sink.not-null-enforcer", "drop"}}, false).ok());
}

TEST(SettingsTest, AnErrorStandsAtItsSetting) {
  const std::map<std::string, SourceSpan> places{{"pipeline.name", {0, 10}},
                                                 {"semel.late", {20, 30}},
                                                 {"foo", {40, 50}},
                                                 {"table.local-time-zone", {60, 70}},
                                                 {"execution.checkpointing.interval", {80, 90}}};
  const auto place = [&places](const plan::Options& settings) {
    return ReadSettings(settings, false, places).status().span().begin;
  };
  EXPECT_EQ(place({{"pipeline.name", "../up"}}), 0u);
  EXPECT_EQ(place({{"pipeline.name", "b"}, {"semel.late", "later"}}), 20u);
  EXPECT_EQ(place({{"pipeline.name", "b"}, {"foo", "1"}}), 40u);
  EXPECT_EQ(place({{"pipeline.name", "b"}, {"table.local-time-zone", "Mars"}}), 60u);
  EXPECT_EQ(place({{"pipeline.name", "b"}, {"execution.checkpointing.interval", "soon"}}), 80u);
}

TEST(SettingsTest, FlinksTuningIsAcceptedWithANotice) {
  const JobSettings job =
      ReadSettings({{"pipeline.name", "b"}, {"table.exec.mini-batch.enabled", "true"}}, false).value();
  ASSERT_EQ(job.notices.size(), 1u);
  EXPECT_NE(job.notices[0].find("mini-batch"), std::string::npos);
}

}  // namespace
}  // namespace semel::job
