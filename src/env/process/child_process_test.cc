// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/process/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace semel::env {
namespace {

TEST(ChildProcessTest, TellsExitCodesFromSignals) {
  auto child = ChildProcess::Start({"/bin/sh", "-c", "exit $CODE"}, {{"CODE", "7"}}, "/dev/null");
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(child->Wait().exit_code, 7);
  auto sleeper = ChildProcess::Start({"/bin/sleep", "100"}, {}, "/dev/null");
  ASSERT_TRUE(sleeper.ok());
  EXPECT_FALSE(sleeper->Poll().has_value());
  sleeper->Signal(SIGKILL);
  EXPECT_EQ(sleeper->Wait().signal, SIGKILL);
}

TEST(ChildProcessTest, AMissingProgramIsAnError) {
  auto child = ChildProcess::Start({"/no/such/program"}, {}, "/dev/null");
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.status().code(), kCannotStartProcess);
}

}  // namespace
}  // namespace semel::env
