// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/stores/local/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "env/posix/posix_env.h"

namespace semel::checkpoint {
namespace {

class LocalStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({}).value();
    char pattern[] = "/tmp/semel-store-XXXXXX";
    dir_ = mkdtemp(pattern);
  }
  void TearDown() override { (void)!system(("rm -rf " + dir_).c_str()); }
  std::unique_ptr<env::Env> env_;
  std::string dir_;
};

TEST_F(LocalStoreTest, ANameIsGivenOnce) {
  LocalStore store(*env_, dir_ + "/deep/pipeline");
  ASSERT_TRUE(store.PutIfAbsent("bases/0000000001", "one").ok());
  EXPECT_TRUE(store.PutIfAbsent("bases/0000000001", "two").is(StatusKind::kExists));
  EXPECT_EQ(store.Get("bases/0000000001").value(), "one");
  EXPECT_TRUE(store.Get("bases/0000000002").status().is(StatusKind::kNotFound));
  EXPECT_TRUE(PutConfirmed(*env_, store, "bases/0000000001", "one").ok()) << "the same content is an own earlier try";
  EXPECT_TRUE(PutConfirmed(*env_, store, "bases/0000000001", "two").is(StatusKind::kExists));
}

TEST_F(LocalStoreTest, ListsByPrefixAndRemoves) {
  LocalStore store(*env_, dir_);
  for (const char* name :
       {"checkpoints/1-1/MANIFEST", "checkpoints/1-1/MANIFEST.copy", "checkpoints/12-1/MANIFEST", "commits/1-1"})
    ASSERT_TRUE(store.PutIfAbsent(name, name).ok());
  EXPECT_EQ(store.List("checkpoints/").value().size(), 3u);
  EXPECT_EQ(store.List("checkpoints/1-").value().size(), 2u);
  EXPECT_EQ(store.List("nothing/").value().size(), 0u);
  ASSERT_TRUE(store.Remove("checkpoints/12-1/MANIFEST").ok());
  ASSERT_TRUE(store.Remove("checkpoints/12-1/MANIFEST").ok()) << "removing what is gone is fine";
  EXPECT_TRUE(env_->files().Stat(dir_ + "/checkpoints/12-1").status().is(StatusKind::kNotFound)) << "empty folders go";
  EXPECT_TRUE(store.MakeDurable("checkpoints/1-1/MANIFEST").ok());
  EXPECT_TRUE(env_->files().List(dir_ + "/tmp").value().empty()) << "no temporary file stays";
}

TEST_F(LocalStoreTest, OnlyAHigherGenerationRemovesWhatWasLeftHalfWritten) {
  LocalStore store(*env_, dir_);
  store.WriteFor(Generation(2));
  ASSERT_TRUE(store.RemoveUnfinished().ok()) << "no folder yet";
  ASSERT_TRUE(store.PutIfAbsent("bases/0000000002", "pin").ok());
  for (const char* name : {"1-aa", "2-bb", "3-cc", "10-dd", "other"})
    ASSERT_TRUE(env_->files().CreateExclusive(dir_ + "/tmp/" + name).ok());
  ASSERT_TRUE(store.RemoveUnfinished().ok());
  const auto left = env_->files().List(dir_ + "/tmp").value();
  std::vector<std::string> names;
  for (const env::FileInfo& file : left) names.push_back(file.name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("2-bb", "3-cc", "10-dd", "other"));
}

TEST_F(LocalStoreTest, AFolderThatCannotBeWrittenSaysWhatToDo) {
  LocalStore store(*env_, "/proc/semel");
  const Status status = store.PutIfAbsent("a/b", "x");
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status.hint().empty());
}

}  // namespace
}  // namespace semel::checkpoint
