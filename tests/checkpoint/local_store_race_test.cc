// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A local store whose temporary files a later start takes away.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "checkpoint/stores/local/local_store.h"
#include "env/posix/posix_env.h"
#include "tests/io_faults/failing_env.h"

namespace semel::checkpoint {
namespace {

// A start that is paused before it links its claim meets the claims of those that came meanwhile: it has to claim
// again, not to call the folder damaged.
TEST(LocalStoreRaceTest, APutWhoseTemporaryFileWasSweptIsTriedAgain) {
  std::unique_ptr<env::Env> posix = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
  char pattern[] = "/tmp/semel-race-XXXXXX";
  const std::string dir = mkdtemp(pattern);
  tests::FailingEnv env(*posix, {});
  LocalStore paused(env, dir), later(*posix, dir);
  paused.WriteFor(Generation(1));
  later.WriteFor(Generation(2));
  int swept = 0;
  env.on_point = [&](std::string_view label) {
    if (label == "store.local.link.before" && swept++ == 0) {
      ASSERT_TRUE(later.RemoveUnfinished().ok());
    }
  };
  EXPECT_TRUE(paused.PutIfAbsent("generations/0000000001", "mine").is(StatusKind::kTransient));
  swept = 0;
  EXPECT_TRUE(PutConfirmed(env, paused, "generations/0000000001", "mine").ok());
  swept = 0;
  EXPECT_TRUE(PutConfirmed(env, paused, "generations/0000000001", "another").is(StatusKind::kExists));
  (void)!system(("rm -rf " + dir).c_str());
}

}  // namespace
}  // namespace semel::checkpoint
