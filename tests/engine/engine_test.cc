// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The whole engine on real threads, from a file to a transactional table in memory: results against a reference, one
// and several workers, stops and restarts in between, results the same every time.
#include "tests/engine/engine_fixture.h"

namespace semel {
namespace {

TEST_F(EngineTest, OverAndTumbleEqualTheReferenceOnOneWorker) {
  const Result<job::JobEnd> end = RunJob(Script(kBoth), 1);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("running"), ExpectedRunning());
  EXPECT_EQ(RowsOf("revenue"), ExpectedRevenue());
  EXPECT_EQ(RunJob(Script(kBoth), 1).value(), job::JobEnd::kAlreadyFinished);
}

TEST_F(EngineTest, ThreeWorkersGiveTheSameRows) {
  ASSERT_TRUE(RunJob(Script(kBoth), 3).ok());
  EXPECT_EQ(RowsOf("running"), ExpectedRunning());
  EXPECT_EQ(RowsOf("revenue"), ExpectedRevenue());
}

TEST_F(EngineTest, StopsAndRestartsWithOtherNumbersOfWorkersChangeNothing) {
  const uint32_t workers[] = {2, 1, 3, 4, 2};
  for (int i = 0; i < 5; ++i) {
    const Result<job::JobEnd> end = RunJob(Script(kBoth, true), workers[i], Micros(15'000 + i * 10'000));
    ASSERT_TRUE(end.ok()) << end.status().ToString();
    EXPECT_EQ(*end, job::JobEnd::kStopped);
  }
  const Result<job::JobEnd> end = RunJob(Script(kBoth, true), 3, Micros(0), true);
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(*end, job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("running"), ExpectedRunning());
  EXPECT_EQ(RowsOf("revenue"), ExpectedRevenue());
}

// No row is lost; stops take a last checkpoint behind which nothing was read, so that here none comes twice either.
TEST_F(EngineTest, AtLeastOnceTheRowsAreAllThere) {
  const std::string script = "SET 'execution.checkpointing.mode' = 'AT_LEAST_ONCE';" + Script(kBoth);
  for (const uint32_t workers : {3u, 1u, 2u}) {
    const Result<job::JobEnd> end = RunJob(script, workers, Micros(60'000));
    ASSERT_TRUE(end.ok()) << end.status().ToString();
  }
  ASSERT_TRUE(RunJob(script, 2).ok());
  EXPECT_EQ(RowsOf("running"), ExpectedRunning());
  EXPECT_EQ(RowsOf("revenue"), ExpectedRevenue());
}

TEST_F(EngineTest, AGroupedChangelogFoldsToTheSums) {
  ASSERT_TRUE(RunJob(Script("INSERT INTO sums SELECT user_id, SUM(amount) FROM p GROUP BY user_id;"), 2).ok());
  std::multiset<std::string> folded;
  for (std::string row : tables_["sums"].rows) {
    const std::string kind = row.substr(0, 2);
    if (kind == "+I" || kind == "+U") {
      folded.insert(row.substr(2));
    } else {
      auto found = folded.find(row.substr(2));
      ASSERT_NE(found, folded.end()) << "a retraction takes back what is there: " << row;
      folded.erase(found);
    }
  }
  std::map<int64_t, int64_t> sums;
  for (const Purchase& p : input_) sums[p.user] += p.cents;
  std::multiset<std::string> expected;
  for (const auto& [user, cents] : sums)
    expected.insert(fmt::format("[{}, {}]", user, columnar::DecimalToString(cents, 2)));
  EXPECT_EQ(folded, expected);
}

TEST_F(EngineTest, AChangedScriptIsRefused) {
  ASSERT_TRUE(RunJob(Script(kBoth, true), 1, Micros(30'000)).ok());
  const Status status =
      RunJob(Script("INSERT INTO sums SELECT user_id, SUM(amount) FROM p GROUP BY user_id;", true), 1).status();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code().exit, ExitCode::kConfig) << status.ToString();
  EXPECT_EQ(env_->files().List(dir_ + "/cp/engine/generations").value().size(), 1u)
      << "a refused script takes nothing over";
}

TEST_F(EngineTest, AFileThatAppearsIsRead) {
  auto writer = env_->Spawn("writer", [&] {
    env_->SleepFor(Micros(150'000));
    (void)env_->files()
        .CreateExclusive(dir_ + "/in/late.json")
        .value()
        ->Append("{\"id\":9999,\"user_id\":999,\"amount\":1.50,\"ts\":\"2026-01-01 00:00:00\"}\n");
  });
  ASSERT_TRUE(
      RunJob(Script("INSERT INTO sums SELECT user_id, SUM(amount) FROM p GROUP BY user_id;", true), 2, Micros(900'000))
          .ok());
  writer->Join();
  EXPECT_EQ(RowsOf("sums").count("+I[999, 1.50]"), 1u);
}

TEST_F(EngineTest, AnIdleFileHoldsNoWindowBackOnceItsTimeIsOver) {
  // A file whose only row is early, and silent from then on; another file goes on an hour later.
  ASSERT_TRUE(env_->files()
                  .CreateExclusive(dir_ + "/in/silent.json")
                  .value()
                  ->Append("{\"id\":9999,\"user_id\":999,\"amount\":1.50,\"ts\":\"1969-01-01 00:00:00\"}\n")
                  .ok());
  auto go_on = [&] {
    auto writer = env_->Spawn("writer", [&] {
      env_->SleepFor(Micros(400'000));
      (void)env_->files()
          .OpenAppend(dir_ + "/in/0.json")
          .value()
          ->Append("{\"id\":9998,\"user_id\":998,\"amount\":1.50,\"ts\":\"1970-01-01 01:00:00\"}\n");
    });
    return writer;
  };
  auto writer = go_on();
  ASSERT_TRUE(RunJob(Script(kBoth, true), 2, Micros(700'000)).ok());
  writer->Join();
  const size_t held_back = RowsOf("revenue").size();
  EXPECT_EQ(held_back, 0u) << "the silent file holds every window back";
  writer = go_on();
  ASSERT_TRUE(
      RunJob("SET 'table.exec.source.idle-timeout' = '100 ms';\n" + Script(kBoth, true), 2, Micros(900'000)).ok());
  writer->Join();
  EXPECT_GT(RowsOf("revenue").size(), 0u);
  EXPECT_EQ(RowsOf("revenue").count("+I[999, 1969-01-01 00:00:00.000, 1, 1.50]"), 1u);
}

TEST_F(EngineTest, ABrokenRecordStopsWithItsPlace) {
  ASSERT_TRUE(env_->files().OpenAppend(dir_ + "/in/1.json").value()->Append("{\"id\":x}\n").ok());
  const Status status = RunJob(Script(kBoth), 1).status();
  EXPECT_EQ(status.code().exit, ExitCode::kData) << status.ToString();
  EXPECT_NE(status.message().find("1.json"), std::string::npos);
}

TEST_F(EngineTest, AnUnterminatedLineOfAFollowedFileIsARecordAtABoundedEndOnly) {
  const auto append = [this](const std::string& text) {
    ASSERT_TRUE(env_->files().OpenAppend(dir_ + "/in/0.json").value()->Append(text).ok());
  };
  const std::string script = Script("INSERT INTO running SELECT id, user_id, amount FROM p;", true);
  append("{\"id\":9001,\"user_id\":1,\"amount\":1,\"ts\":\"2026-01-01 00:00:00\"}");
  ASSERT_EQ(RunUntilRead(script, 2, 6000).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("running").size(), 6000u) << "a line that is being written is no record";
  append("\n{\"id\":9002,\"user_id\":1,\"amount\":2,\"ts\":\"2026-01-01 00:00:00\"}");
  ASSERT_EQ(RunUntilRead(script, 1, 1).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("running").size(), 6001u);
  EXPECT_EQ(RowsOf("running").count("+I[9001, 1, 1.00]"), 1u);
  ASSERT_EQ(RunJob(script, 2, Micros(0), true).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("running").size(), 6002u);
  EXPECT_EQ(RowsOf("running").count("+I[9002, 1, 2.00]"), 1u) << "at a bounded end it counts";
}

TEST_F(EngineTest, AShortenedFileIsAGap) {
  ASSERT_TRUE(RunJob(Script(kBoth, true), 1, Micros(60'000)).ok());
  ASSERT_EQ(truncate((dir_ + "/in/0.json").c_str(), 100), 0);
  const Status status = RunJob(Script(kBoth, true), 1).status();
  EXPECT_EQ(status.code().exit, ExitCode::kData) << status.ToString();
  EXPECT_NE(status.message().find("shortened"), std::string::npos) << status.ToString();
}

}  // namespace
}  // namespace semel
