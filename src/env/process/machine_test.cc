// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/process/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "env/process/child_process.h"

namespace semel::env {
namespace {

TEST(MachineTest, APathIsMadeAbsoluteFromTheCurrentFolder) {
  char folder[4096];
  ASSERT_NE(::getcwd(folder, sizeof(folder)), nullptr);
  EXPECT_EQ(AbsolutePath("./.semel/shop"), std::string(folder) + "/.semel/shop");
  EXPECT_EQ(AbsolutePath("."), folder);
  EXPECT_EQ(AbsolutePath("/a/b"), "/a/b");
}

TEST(MachineTest, TheNearestFolderThatExistsIsFound) {
  EXPECT_EQ(NearestExisting("/tmp/no/such/folder/anywhere"), "/tmp");
  EXPECT_EQ(NearestExisting("/no-such-folder"), "/");
  EXPECT_EQ(CanWrite("/tmp/no/such"), Reach::kMissing);
  EXPECT_EQ(CanWrite("/tmp"), Reach::kGood);
  EXPECT_TRUE(IsFolder("/tmp"));
}

TEST(MachineTest, OnlyAProcessOfThisHostIsKnownToBeGone) {
  auto child = ChildProcess::Start({"/bin/sh", "-c", "exit 0"}, {}, "/dev/null");
  ASSERT_TRUE(child.ok());
  const std::string pid = std::to_string(child->pid());
  child->Wait();
  EXPECT_FALSE(MayRun("here/" + pid, "here/1"));
  EXPECT_TRUE(MayRun("there/" + pid, "here/1"));
  EXPECT_TRUE(MayRun("here/" + std::to_string(::getpid()), "here/1"));
  EXPECT_TRUE(MayRun("nonsense", "here/1"));
}

}  // namespace
}  // namespace semel::env
