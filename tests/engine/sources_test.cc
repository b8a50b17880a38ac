// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Pipelines of two sources, on the whole engine: one ends while the other goes on, splits fall silent and come back on
// other workers, and all of it again after a restart.
#include "checkpoint/commit/committing.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {
namespace {

constexpr int64_t kSecond = 1'000'000;

class SourcesTest : public EngineTest, public testing::WithParamInterface<uint32_t> {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    p_ = std::make_unique<Feed>(*env_);
    q_ = std::make_unique<Feed>(*env_);
    p_->splits = {"a"};
    q_->splits = {"b", "c"};
    connectors_.Add(FeedConnector(*p_, "p"));
    connectors_.Add(FeedConnector(*q_, "q"));
  }

  static std::string At(int seconds) {
    return fmt::format(R"({{"ts":"{}"}})", columnar::TimestampToString(seconds * kSecond, 3));
  }
  static std::string Window(int seconds, int n) {
    return fmt::format("+I[{}, {}]", columnar::TimestampToString(seconds * kSecond, 3), n);
  }
  static std::string WindowsOf(const std::string& source, const std::string& into) {
    return fmt::format(
        "INSERT INTO {} SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '1' "
        "SECOND)) GROUP BY window_start, window_end;",
        into, source);
  }

  std::string Both(const std::string& inserts, const std::string& settings = "") const {
    std::string script = fmt::format(
        "SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp'; SET "
        "'execution.checkpointing.interval' = '10 ms'; {}",
        dir_, settings);
    for (const char* source : {"p", "q"})
      script += fmt::format(
          "CREATE TABLE {0} (ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='{0}', "
          "'format'='json');",
          source);
    for (const char* table : {"wp", "wq"})
      script += fmt::format("CREATE TABLE {} (at TIMESTAMP(3), n BIGINT) WITH ('connector'='memory');", table);
    return script +
           "CREATE VIEW both_of_them AS SELECT ts FROM p WHERE ts > TIMESTAMP '1970-01-01 00:00:00' UNION ALL SELECT "
           "ts FROM q; EXECUTE STATEMENT SET "
           "BEGIN " +
           inserts + " END;";
  }

  // Runs until `enough` says so (asked while there is nothing to hand out) or twenty seconds are over; a bounded run
  // may end by itself.
  Result<job::JobEnd> RunUntil(const std::string& script, const std::function<bool()>& enough, bool until_end = false) {
    job::JobOptions options;
    options.workers = GetParam();
    options.until_end = until_end;
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<job::Job> job, MakeJob(script, options));
    running_ = job.get();
    const SteadyTime deadline = env_->Steady() + Micros(20'000'000);
    for (Feed* feed : {p_.get(), q_.get()})
      feed->when_drained = [this, deadline, &enough] {
        if (deadline < env_->Steady() || enough()) running_->RequestStop();
      };
    // A run that is to finish by itself and does not is stopped too.
    bool ended = false;
    std::unique_ptr<env::Mutex> mutex = env_->NewMutex();
    std::unique_ptr<env::Strand> guard = env_->Spawn("guard", [&] {
      while (env_->Steady() < deadline) {
        env_->SleepFor(Micros(5'000));
        env::MutexLock lock(*mutex);
        if (ended) return;
      }
      job->RequestStop();
    });
    Result<job::JobEnd> end = job->Run([](const std::string&) {});
    {
      env::MutexLock lock(*mutex);
      ended = true;
    }
    guard->Join();
    for (Feed* feed : {p_.get(), q_.get()}) feed->when_drained = nullptr;
    return end;
  }

  size_t Committed(const std::string& table) {
    MemoryTable& memory = tables_[table];
    env::MutexLock lock(*memory.mutex);
    return memory.rows.size();
  }

  using Rows = std::multiset<std::string>;
  std::unique_ptr<Feed> p_, q_;
  job::Job* running_ = nullptr;
};

TEST_P(SourcesTest, AnEndThatWasReachedBeforeARestartIsReachedAgain) {
  p_->bounded = q_->bounded = true;
  p_->Send("a", {At(1), At(2)});
  q_->Send("b", {At(1)});
  q_->Send("c", {At(5)});
  q_->limit = 1;
  const std::string script = Both(WindowsOf("p", "wp") + WindowsOf("q", "wq"));
  ASSERT_EQ(RunUntil(script, [this] { return Committed("wp") == 2; }).value(), job::JobEnd::kStopped);
  EXPECT_EQ(Committed("wp"), 2u) << "p has come to its end";
  q_->limit = SIZE_MAX;
  ASSERT_EQ(RunUntil(script, [] { return false; }).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("wp"), (Rows{Window(1, 1), Window(2, 1)}));
  EXPECT_EQ(RowsOf("wq"), (Rows{Window(1, 1), Window(5, 1)}));
}

TEST_P(SourcesTest, WindowsGoOnBehindAnEndedSourceAfterARestart) {
  p_->bounded = true;
  p_->Send("a", {At(1)});
  q_->Send("b", {At(1)});
  q_->Send("c", {At(5)});
  q_->Send("b", {At(5)});
  const std::string script = Both(WindowsOf("both_of_them", "wp"));
  ASSERT_EQ(RunUntil(script, [this] { return Committed("wp") == 1; }).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("wp"), Rows{Window(1, 2)});
  q_->Send("b", {At(9)});
  q_->Send("c", {At(9)});
  ASSERT_EQ(RunUntil(script, [this] { return Committed("wp") == 2; }).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("wp"), (Rows{Window(1, 2), Window(5, 2)}));
}

TEST_P(SourcesTest, ARestartAnnouncesTheWatermarksOfSplitsThatStaySilent) {
  q_->Send("b", {At(5)});
  q_->Send("c", {At(10)});
  const std::string script = Both(WindowsOf("q", "wq"));
  ASSERT_EQ(RunUntil(script, [] { return true; }).value(), job::JobEnd::kStopped);
  q_->Send("b", {At(30)});  // the window of 5 is due: split c has been at 10 since before the restart
  ASSERT_EQ(RunUntil(script, [this] { return Committed("wq") == 1; }).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("wq"), Rows{Window(5, 1)});
}

// Split b goes on, c falls silent twice; whether they share a worker does not matter.
TEST_P(SourcesTest, ASplitIsIdleAsOftenAsItIsSilent) {
  q_->Send("c", {At(1)});
  const std::string script = Both(WindowsOf("q", "wq"), "SET 'table.exec.source.idle-timeout' = '50 ms';");
  enum { kBefore, kComesBack, kGone } c = kBefore;
  const auto enough = [this, &c] {
    const size_t rows = Committed("wq");
    const int64_t read = running_->status().dataflow.rows_in;
    env::MutexLock lock(*q_->mutex);
    if (c == kBefore && rows == 1) {
      c = kComesBack;
      q_->Send("c", {At(9)});
    }
    if (c == kComesBack && read == static_cast<int64_t>(q_->order.size()))
      c = kGone;  // it is on its way to the windows
    if (c != kComesBack) q_->Send("b", {At(c == kGone ? 20 : 10)});
    return rows == 3;
  };
  ASSERT_EQ(RunUntil(script, enough).value(), job::JobEnd::kStopped);
  const Rows rows = RowsOf("wq");
  EXPECT_EQ(rows.size(), 3u) << "the windows of 1, 9 and 10";
  EXPECT_EQ(rows.count(Window(1, 1)) + rows.count(Window(9, 1)), 2u);
}

TEST_P(SourcesTest, ASourceThatEndedUnderUntilEndDoesNotGoOnBehindItsFinalWatermark) {
  p_->Send("a", {At(1)});
  q_->Send("b", {At(1)});
  q_->Send("c", {At(5)});
  q_->limit = 1;
  const std::string script = Both(WindowsOf("p", "wp") + WindowsOf("q", "wq"));
  ASSERT_EQ(RunUntil(
                script, [this] { return Committed("wp") == 1; }, true)
                .value(),
            job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("wp"), Rows{Window(1, 1)});
  p_->Send("a", {At(1), At(2)});
  q_->limit = SIZE_MAX;
  const Status refused = RunUntil(script, [] { return false; }).status();
  EXPECT_EQ(refused.code().number, 7107) << refused.ToString();
  EXPECT_EQ(refused.code().exit, ExitCode::kConfig);
  EXPECT_NE(refused.hint().find("--until-end"), std::string::npos) << refused.ToString();
  ASSERT_EQ(RunUntil(
                script, [] { return false; }, true)
                .value(),
            job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("wp"), Rows{Window(1, 1)});
  EXPECT_EQ(RowsOf("wq"), (Rows{Window(1, 1), Window(5, 1)}));
}

INSTANTIATE_TEST_SUITE_P(Workers, SourcesTest, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace semel
