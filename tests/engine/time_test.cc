// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The rules about time, ends, stops and starts, on the whole engine: watermarks and late rows, what --until-end means,
// what a stop keeps, what another script may change. Records come in an order that the test decides (feed.h).
#include "checkpoint/commit/committing.h"
#include "checkpoint/recovery/recovery.h"
#include "checkpoint/stores/local/local_store.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/feed.h"

namespace semel {
namespace {

using checkpoint::Manifest;

constexpr int64_t kSecond = 1'000'000;

struct How {
  uint32_t workers = 1;
  bool until_end = false, fresh = false, append_again = false;
  // An unbounded run is stopped once everything was handed out and this is so.
  std::function<bool(const job::Job::JobStatus&)> until;
};

class TimeTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    feed_ = std::make_unique<Feed>(*env_);
    feed_->splits = {"a", "b"};
    connectors_.Add(FeedConnector(*feed_));
  }

  static std::string At(int id, int seconds) {
    return fmt::format(R"({{"id":{},"user_id":1,"ts":"{}"}})", id, columnar::TimestampToString(seconds * kSecond, 3));
  }

  static constexpr const char* kWindows =
      "INSERT INTO windows SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE p, DESCRIPTOR(ts), INTERVAL '1' "
      "SECOND)) GROUP BY window_start, window_end;";
  static constexpr const char* kOver =
      "INSERT INTO running SELECT id, COUNT(*) OVER (PARTITION BY user_id ORDER BY ts) FROM p;";
  static constexpr const char* kIds = "INSERT INTO ids SELECT id FROM p;";

  std::string FeedScript(const std::string& inserts, const std::string& settings = "") const {
    return fmt::format(
        "SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{}/cp'; {}"
        "CREATE TABLE p (id BIGINT, user_id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH "
        "('connector'='feed', 'format'='json');"
        "CREATE TABLE windows (at TIMESTAMP(3), n BIGINT) WITH ('connector'='memory');"
        "CREATE TABLE running (id BIGINT, n BIGINT) WITH ('connector'='memory');"
        "CREATE TABLE ids (id BIGINT) WITH ('connector'='memory');"
        "EXECUTE STATEMENT SET BEGIN {} END;",
        dir_, settings, inserts);
  }

  Result<job::JobEnd> RunFeed(const std::string& script, How how = {}) {
    job::JobOptions options;
    options.workers = how.workers;
    options.until_end = how.until_end;
    options.fresh = how.fresh;
    options.append_again = how.append_again;
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<job::Job> job, MakeJob(script, options));
    feed_->handed_out = 0;
    feed_->when_drained = [&] {
      if (!how.until || how.until(job->status())) job->RequestStop();
    };
    Result<job::JobEnd> end = job->Run([](const std::string&) {});
    feed_->when_drained = nullptr;
    return end;
  }

  Manifest Newest() {
    checkpoint::LocalStore store(*env_, dir_ + "/cp/engine");
    std::vector<checkpoint::Attempt> attempts;
    const std::vector<std::string> names = store.List("checkpoints/").value();
    for (const std::string& name : names)
      if (auto attempt = checkpoint::ParseManifestName(name)) attempts.push_back(*attempt);
    bool healed = false;
    return checkpoint::ReadManifest(store, *std::max_element(attempts.begin(), attempts.end()), healed).value();
  }

  // Sums "<node>/<what>" over all receipts.
  int64_t Receipts(const std::string& what) {
    checkpoint::LocalStore store(*env_, dir_ + "/cp/engine");
    int64_t sum = 0;
    const std::map<checkpoint::Attempt, checkpoint::Receipt> receipts = checkpoint::ReadReceipts(*env_, store).value();
    for (const auto& [attempt, receipt] : receipts)
      for (const auto& [name, n] : receipt.books)
        if (name.ends_with("/" + what)) sum += n;
    return sum;
  }

  static std::map<std::string, int64_t> SplitWatermarks(const Manifest& manifest) {
    std::map<std::string, int64_t> found;
    for (const auto& split : manifest.snapshot.splits) found[split.split] = split.watermark_micros;
    return found;
  }
  static int64_t WindowWatermark(const Manifest& manifest) {
    for (const auto& [id, watermark] : manifest.snapshot.watermarks)
      if (id.starts_with("WindowAggregate")) return watermark;
    return checkpoint::kNoWatermark;
  }
  static std::string Window(int seconds, int n) {
    return fmt::format("+I[{}, {}]", columnar::TimestampToString(seconds * kSecond, 3), n);
  }
  using Rows = std::multiset<std::string>;

  std::unique_ptr<Feed> feed_;
};

TEST_F(TimeTest, ASplitsWatermarkIsItsGreatestTimeLessTheDelayASourcesTheLeastOfItsSplits) {
  feed_->Send("a", {At(1, 10), At(2, 8)});
  feed_->Send("b", {At(3, 3)});
  feed_->Send("a", {At(4, 9)});
  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.workers = 2}).value(), job::JobEnd::kStopped);
  const std::map<std::string, int64_t> expected{{"a", 5 * kSecond}, {"b", -2 * kSecond}};
  EXPECT_EQ(SplitWatermarks(Newest()), expected);
  EXPECT_EQ(WindowWatermark(Newest()), -2 * kSecond);
  EXPECT_EQ(Receipts("late"), 0) << "behind the own split, not behind the source";
}

TEST_F(TimeTest, NeitherARestoreNorANewSplitLowersTheWatermark) {
  feed_->Send("a", {At(1, 1), At(2, 10)});
  feed_->Send("b", {At(3, 20)});
  ASSERT_TRUE(RunFeed(FeedScript(kWindows)).ok());
  EXPECT_EQ(RowsOf("windows"), Rows{Window(1, 1)});
  EXPECT_EQ(WindowWatermark(Newest()), 5 * kSecond);

  feed_->Send("a", {At(4, 2), At(5, 7)});  // the first is late, and would not be if the restart had forgotten
  ASSERT_TRUE(RunFeed(FeedScript(kWindows), {.workers = 3}).ok());
  EXPECT_EQ(WindowWatermark(Newest()), 5 * kSecond);
  EXPECT_EQ(Receipts("late"), 1);

  feed_->later = {"c"};
  feed_->Send("a", {At(6, 8)});
  feed_->Send("c", {At(7, 3), At(8, 9)});  // the first is late although its split is new
  ASSERT_TRUE(RunFeed(FeedScript(kWindows)).ok());
  EXPECT_EQ(SplitWatermarks(Newest()).at("c"), 4 * kSecond);
  EXPECT_EQ(WindowWatermark(Newest()), 5 * kSecond) << "the least of the splits, but never back";
  EXPECT_EQ(Receipts("late"), 2);

  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.workers = 2, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("windows"),
            (Rows{Window(1, 1), Window(7, 1), Window(8, 1), Window(9, 1), Window(10, 1), Window(20, 1)}));
}

TEST_F(TimeTest, NothingIsIdleByDefaultAndTheStatusNamesTheSilentSplit) {
  feed_->Send("a", {At(1, 1)});
  feed_->Send("a", {At(2, 3600)});
  runtime::DataflowStatus seen;
  const auto until = [&seen](const job::Job::JobStatus& status) {
    seen = status.dataflow;
    return seen.rows_in == 2 && seen.held_silent_micros > 0;
  };
  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.until = until}).value(), job::JobEnd::kStopped);
  EXPECT_EQ(seen.held_by, "b") << "a split without any row";
  EXPECT_EQ(seen.watermark, checkpoint::kNoWatermark);
  EXPECT_TRUE(RowsOf("windows").empty()) << "it holds every window back";
}

TEST_F(TimeTest, ANullEventTimeIsAnErrorWithItsPosition) {
  feed_->Send("a", {At(1, 1)});
  feed_->Send("b", {At(2, 1), At(3, 1), R"({"id":4,"ts":null})"});
  const Status status = RunFeed(FeedScript(kWindows)).status();
  EXPECT_EQ(status.code().number, 8203) << status.ToString();
  EXPECT_EQ(status.code().exit, ExitCode::kData);
  EXPECT_NE(status.message().find("b: the record at 2"), std::string::npos) << status.ToString();
  EXPECT_FALSE(status.hint().empty());
}

TEST_F(TimeTest, LateRowsAreDroppedAndCounted) {
  feed_->splits = {"a"};
  feed_->Send("a", {At(1, 10)});
  feed_->Send("a", {At(2, 2), At(3, 6)});
  const auto until = [](const job::Job::JobStatus& status) { return status.dataflow.late == 2; };
  ASSERT_TRUE(RunFeed(FeedScript(std::string(kWindows) + kOver), {.until = until}).ok());
  EXPECT_EQ(Receipts("late"), 2) << "one in the window, one in OVER";
  ASSERT_TRUE(RunFeed(FeedScript(std::string(kWindows) + kOver), {.until_end = true}).ok());
  EXPECT_EQ(RowsOf("windows"), (Rows{Window(6, 1), Window(10, 1)}));
  EXPECT_EQ(RowsOf("running"), (Rows{"+I[3, 1]", "+I[1, 2]"}));
}

TEST_F(TimeTest, ALateRowFailsIfTheScriptWantsItSo) {
  feed_->splits = {"a"};
  feed_->Send("a", {At(1, 10)});
  feed_->Send("a", {At(2, 2)});
  for (const char* insert : {kWindows, kOver}) {
    feed_->next = 0;
    const std::string script = FeedScript(insert, "SET 'semel.late' = 'fail';");
    const Status status = RunFeed(script, {.fresh = true}).status();
    EXPECT_EQ(status.code().number, 8001) << status.ToString();
    EXPECT_EQ(status.code().exit, ExitCode::kData);
  }
}

TEST_F(TimeTest, AtABoundedEndEverythingFiresAndTheManifestSaysSo) {
  feed_->Send("a", {At(1, 1), At(2, 100)});
  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.workers = 2, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("windows"), (Rows{Window(1, 1), Window(100, 1)}));
  EXPECT_TRUE(Newest().snapshot.finished);
  feed_->Send("a", {At(3, 200)});
  for (const bool until_end : {true, false}) {
    ASSERT_EQ(RunFeed(FeedScript(kWindows), {.until_end = until_end}).value(), job::JobEnd::kAlreadyFinished);
    EXPECT_EQ(RowsOf("windows").size(), 2u);
  }
}

TEST_F(TimeTest, AStopKeepsOpenWindowsInTheState) {
  feed_->Send("a", {At(1, 1)});
  feed_->Send("b", {At(2, 1)});
  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.workers = 2}).value(), job::JobEnd::kStopped);
  EXPECT_TRUE(RowsOf("windows").empty()) << "a stop is no end";
  EXPECT_FALSE(Newest().snapshot.finished);
  feed_->Send("b", {At(3, 1)});
  ASSERT_EQ(RunFeed(FeedScript(kWindows), {.workers = 3, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("windows"), Rows{Window(1, 3)});
}

TEST_F(TimeTest, EndsAreResolvedOnceAndKept) {
  feed_->Send("a", {At(1, 1)});
  feed_->Send("a", {At(2, 2)});
  feed_->Send("b", {At(3, 3)});
  feed_->limit = 1;
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.until_end = true}).value(), job::JobEnd::kStopped);
  for (const auto& split : Newest().snapshot.splits) EXPECT_EQ(split.end, split.split == "a" ? "2" : "1");
  feed_->Send("a", {At(4, 4)});
  feed_->Send("c", {At(5, 5)});
  feed_->later = {"c"};
  feed_->later_at_once = true;
  feed_->limit = SIZE_MAX;
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.workers = 2, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("ids"), (Rows{"+I[1]", "+I[2]", "+I[3]"})) << "nothing that came behind the ends";
}

TEST_F(TimeTest, WithoutUntilEndARunGoesOnPastTheEndsOfTheOneBefore) {
  feed_->Send("a", {At(1, 1)});
  feed_->Send("a", {At(2, 2)});
  feed_->Send("b", {At(3, 3)});
  feed_->limit = 2;  // split a has come to its end, b has not
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.until_end = true}).value(), job::JobEnd::kStopped);
  feed_->limit = SIZE_MAX;
  feed_->Send("a", {At(4, 4)});
  feed_->Send("b", {At(5, 5)});
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.workers = 3}).value(), job::JobEnd::kStopped);
  EXPECT_EQ(RowsOf("ids").size(), 5u);
  feed_->Send("a", {At(6, 6)});
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.workers = 2, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("ids"), (Rows{"+I[1]", "+I[2]", "+I[3]", "+I[4]", "+I[5]", "+I[6]"}));
}

TEST_F(TimeTest, CommentsLayoutIntervalAndWorkersChangeNothing) {
  feed_->Send("a", {At(1, 1)});
  ASSERT_TRUE(RunFeed(FeedScript(kWindows), {.workers = 2}).ok());
  feed_->Send("b", {At(2, 1)});
  std::string script = FeedScript(kWindows,
                                  "SET 'execution.checkpointing.interval' = '7 s'; SET 'parallelism.default' = '5';"
                                  "SET 'execution.checkpointing.num-retained' = '9'; SET 'semel.late' = 'fail';"
                                  "SET 'table.exec.source.idle-timeout' = '1 h'; /* why */ -- and\n");
  for (size_t at = 0; (at = script.find(" FROM ", at)) != std::string::npos; at += 8)
    script.replace(at, 6, "\n  FROM  ");
  ASSERT_EQ(RunFeed(script, {.workers = 3, .until_end = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("windows"), Rows{Window(1, 2)});
}

TEST_F(TimeTest, AChangedScriptIsRefusedWithWhatWouldBeLost) {
  feed_->Send("a", {At(1, 1)});
  ASSERT_TRUE(RunFeed(FeedScript(kWindows)).ok());
  const Status status = RunFeed(FeedScript(kOver)).status();
  EXPECT_EQ(status.code().number, 2020) << status.ToString();
  EXPECT_EQ(status.code().exit, ExitCode::kConfig);
  EXPECT_NE(status.message().find("bytes of state and positions in 2 splits"), std::string::npos) << status.ToString();
  EXPECT_NE(status.hint().find("--fresh"), std::string::npos);
}

TEST_F(TimeTest, FreshStartsOverAndOntoRowsOnlyWithAppendAgain) {
  feed_->Send("a", {At(1, 1)});
  ASSERT_TRUE(RunFeed(FeedScript(kIds)).ok());
  feed_->Send("b", {At(2, 1)});
  EXPECT_EQ(RunFeed(FeedScript(kIds), {.fresh = true}).status().code().number, 2022);
  feed_->next = 0;
  ASSERT_TRUE(RunFeed(FeedScript(kIds), {.fresh = true, .append_again = true}).ok());
  EXPECT_EQ(RowsOf("ids"), (Rows{"+I[1]", "+I[1]", "+I[2]"}));
  tables_["ids"].rows.clear();
  tables_["ids"].marker.reset();  // another table of this name
  feed_->next = 0;
  ASSERT_EQ(RunFeed(FeedScript(kIds), {.until_end = true, .fresh = true}).value(), job::JobEnd::kFinished);
  EXPECT_EQ(RowsOf("ids"), (Rows{"+I[1]", "+I[2]"}));
}

}  // namespace
}  // namespace semel
