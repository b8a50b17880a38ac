// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_env.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/api/bounded_queue.h"
#include "env/posix/error_codes.h"
#include "env/posix/injection.h"

namespace semel::env {
namespace {

class PosixEnvTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = MakePosixEnv({}).value();
    char pattern[] = "/tmp/semel-env-XXXXXX";
    dir_ = mkdtemp(pattern);
  }
  void TearDown() override { (void)!system(("rm -rf " + dir_).c_str()); }

  std::unique_ptr<Env> env_;
  std::string dir_;
};

TEST_F(PosixEnvTest, FilesAppendReadAndKeepExclusiveNames) {
  FileSystem& fs = env_->files();
  auto file = fs.CreateExclusive(dir_ + "/a").value();
  ASSERT_TRUE(file->Append("hello").ok());
  ASSERT_TRUE(file->Append(" world").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(file->ReadAt(6, 100).value(), "world");
  EXPECT_EQ(file->Size().value(), 11u);
  EXPECT_TRUE(fs.CreateExclusive(dir_ + "/a").status().is(StatusKind::kExists));
  EXPECT_TRUE(fs.OpenRead(dir_ + "/none").status().is(StatusKind::kNotFound));
  ASSERT_TRUE(fs.Link(dir_ + "/a", dir_ + "/b").ok());
  EXPECT_TRUE(fs.Link(dir_ + "/a", dir_ + "/b").is(StatusKind::kExists)) << "a link never replaces";
  EXPECT_EQ(fs.OpenRead(dir_ + "/b").value()->Identity().value(), file->Identity().value());
  ASSERT_TRUE(fs.MakeDirectory(dir_ + "/d").ok());
  EXPECT_TRUE(fs.MakeDirectory(dir_ + "/d").is(StatusKind::kExists));
  ASSERT_TRUE(fs.Rename(dir_ + "/b", dir_ + "/d/c").ok());
  ASSERT_TRUE(fs.SyncDirectory(dir_).ok());
  const auto listing = fs.List(dir_).value();
  ASSERT_EQ(listing.size(), 2u);
  EXPECT_EQ(listing[0].name, "a");
  EXPECT_TRUE(listing[1].is_directory);
  EXPECT_TRUE(fs.Remove(dir_ + "/d/c").ok());
  EXPECT_TRUE(fs.Remove(dir_ + "/d/c").is(StatusKind::kNotFound));
}

TEST_F(PosixEnvTest, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string text(20'000, 'x');  // fits a pipe's buffer
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  auto file = env_->files().OpenRead(fmt::format("/dev/fd/{}", ends[0])).value();
  EXPECT_EQ(file->ReadAt(0, 15'000).value().size(), 15'000u);
  EXPECT_EQ(file->ReadAt(15'000, 15'000).value().size(), 5'000u);
  EXPECT_EQ(file->ReadAt(20'000, 15'000).value(), "");
  close(ends[0]);
}

TEST_F(PosixEnvTest, QueueHandsOverBetweenThreadsAndEndsOnClose) {
  BoundedQueue<int> queue(*env_, 2);
  int sum = 0;
  auto consumer = env_->Spawn("consumer", [&] {
    while (auto item = queue.Pop()) sum += *item;
  });
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(queue.Push(i));
  queue.Close();
  consumer->Join();
  EXPECT_EQ(sum, 5050);
  EXPECT_FALSE(queue.Push(1));
}

TEST_F(PosixEnvTest, ParkerKeepsOnePermit) {
  auto parker = env_->NewParker();
  parker->Wake();
  parker->Park();
  EXPECT_FALSE(parker->ParkFor(Micros(1000)));
}

TEST_F(PosixEnvTest, SqliteComparesAndSwapsAndReportsConflicts) {
  auto a = env_->OpenSqlite({dir_ + "/db", true, false, Micros(10'000)}).value();
  ASSERT_TRUE(a->Execute("CREATE TABLE t(k TEXT PRIMARY KEY, v INTEGER)", {}).ok());
  const SqlValue row[] = {SqlValue::Text("x"), SqlValue::Int(1)};
  ASSERT_TRUE(a->Execute("INSERT INTO t VALUES (?1, ?2)", row).ok());
  EXPECT_TRUE(a->Execute("INSERT INTO t VALUES (?1, ?2)", row).status().is(StatusKind::kExists));
  EXPECT_EQ(a->Execute("UPDATE t SET v = 2 WHERE k = 'x' AND v = 1", {}).value().affected_rows, 1);
  EXPECT_EQ(a->Execute("UPDATE t SET v = 3 WHERE k = 'x' AND v = 1", {}).value().affected_rows, 0);
  auto b = env_->OpenSqlite({dir_ + "/db", true, false, Micros(10'000)}).value();
  ASSERT_TRUE(a->Execute("BEGIN IMMEDIATE", {}).ok());
  const Status busy = b->Execute("UPDATE t SET v = 9", {}).status();
  EXPECT_TRUE(busy.is(StatusKind::kTransient)) << busy.ToString();
  EXPECT_EQ(busy.code(), kDatabaseBusy);
  ASSERT_TRUE(a->Execute("COMMIT", {}).ok());
  const SqlResult result = b->Execute("SELECT k, v, NULL FROM t", {}).value();
  EXPECT_EQ(result.rows[0][0].text, "x");
  EXPECT_EQ(result.rows[0][1].integer, 2);
  EXPECT_TRUE(result.rows[0][2].is_null);
}

TEST_F(PosixEnvTest, NobodyListensIsTransient) {
  const Status status = env_->Connect("127.0.0.1", 1, {}, env_->Steady() + Micros(1'000'000)).status();
  EXPECT_TRUE(status.is(StatusKind::kTransient)) << status.ToString();
  EXPECT_EQ(status.code(), kCannotConnect);
}

TEST_F(PosixEnvTest, InjectionsActOnTheNthHit) {
  auto env = MakePosixEnv({LogLevel::kError, {"a.b:2:error=unknown"}, true}).value();
  EXPECT_TRUE(env->Point("a.b").ok());
  EXPECT_TRUE(env->Point("a.c").ok());
  EXPECT_TRUE(env->Point("a.b").is(StatusKind::kUnknown));
  EXPECT_TRUE(env->Point("a.b").ok());
  const pid_t child = fork();
  if (child == 0) {
    auto killed = MakePosixEnv({LogLevel::kError, {"x:1:crash"}, true}).value();
    (void)killed->Point("x");
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(InjectionTest, RefusesWhatItCannotRead) {
  for (const char* bad : {"", "a", "a:1", "a:0:crash", "a:1:explode", ":1:crash"})
    EXPECT_FALSE(ParseInjection(bad).ok()) << bad;
  EXPECT_EQ(ParseInjection("a:3:delay=5").value().delay_millis, 5);
  EXPECT_FALSE(MakePosixEnv({LogLevel::kError, {"a:1:crash"}, false}).ok()) << "only for tests";
}

}  // namespace
}  // namespace semel::env
