// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/fetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "env/posix/posix_env.h"
#include "kafka/error_codes.h"
#include "kafka/scripted/scripted_batch.h"
#include "kafka/scripted/scripted_brokers.h"

namespace semel::kafka {
namespace {

constexpr int64_t kSpeed = 50;
constexpr auto kSecond = Micros(1'000'000);
constexpr auto kCalm = static_cast<int16_t>(BrokerError::kNone);

// Topic "t" with one partition, whose leader is broker 1 in epoch 7; two brokers.
class FetcherTest : public ::testing::Test {
 protected:
  FetcherTest() {
    id_[3] = 9;
    cluster_.bootstrap = {{"n1", 9092}, {"n2", 9092}};
    start_.topic = "t";
    start_.stop_offset = 10;
    brokers_.on_metadata = [this](int32_t) { return Leads(1, 7); };
    brokers_.on_list = [this](int32_t, const std::vector<PartitionTime>& questions) { return Offsets(questions); };
    for (int64_t i = 0; i < 10; ++i) Append({i, {std::to_string(i)}});
  }
  ~FetcherTest() override {
    if (fetcher_ != nullptr) fetcher_->Close();
  }

  void Append(const ScriptedBatch& batch) { log_.emplace_back(batch.base_offset, EncodeBatch(batch)); }

  MetadataResponse Leads(int32_t leader, int32_t epoch, int16_t error = kCalm) {
    MetadataResponse metadata;
    metadata.brokers = {{1, "n1", 9092}, {2, "n2", 9092}};
    metadata.topics = {{error, "t", id_, false, {{0, 0, leader, epoch}}}};
    return metadata;
  }
  std::vector<ListedOffset> Offsets(const std::vector<PartitionTime>& questions) {
    std::vector<ListedOffset> answers;
    for (const PartitionTime& q : questions)
      answers.push_back({q.topic, q.partition, 0,
                         q.timestamp == kLatestTimestamp ? end_
                         : q.timestamp == kMaxTimestamp  ? log_.back().first
                                                         : begin_});
    return answers;
  }
  // The answer about the first partition asked for, without records.
  FetchResponse Nothing(const FetchAsk& ask, int16_t error = kCalm) {
    FetchedPartition part;
    part.topic = "t";
    part.id = id_;
    part.partition = ask.request.partitions[0].partition;
    part.error = error;
    part.high_watermark = part.last_stable_offset = end_;
    FetchResponse response;
    response.partitions = {part};
    return response;
  }
  // … with every batch of the log from the offset on; `bytes` keeps them.
  FetchResponse Serve(const FetchAsk& ask) {
    FetchResponse response = Nothing(ask);
    std::lock_guard lock(mutex_);
    std::string& bytes = served_.emplace_back();
    for (const auto& [base, batch] : log_)
      if (base >= ask.request.partitions[0].offset && base < end_) bytes += batch;
    response.partitions[0].records = bytes;
    return response;
  }

  Fetcher& Begin() {
    fetcher_ = std::make_unique<Fetcher>(brokers_, cluster_, options_);
    fetcher_->Add({start_});
    return *fetcher_;
  }
  // What is read until the end, a failure, or the time (of the scripted clock) is over.
  struct Outcome {
    std::vector<std::string> values;
    Status status;
    bool ended = false;
    int64_t next_offset = -1;
  };
  Outcome ReadFor(Micros patience) {
    Outcome outcome;
    const SteadyTime until = brokers_.Steady() + patience;
    while (!outcome.ended && brokers_.Steady() < until) {
      Result<std::optional<FetchedSet>> set = fetcher_->Poll(Micros(100'000));
      outcome.status = set.status();
      if (!set.ok()) break;
      if (!*set) continue;
      for (const Record& record : (*set)->set.records) outcome.values.emplace_back(record.value);
      outcome.ended = (*set)->at_end;
      outcome.next_offset = (*set)->set.next_offset;
    }
    return outcome;
  }
  bool Warned(const std::string& text) {
    const std::vector<std::string> warnings = brokers_.Warnings();
    return std::any_of(warnings.begin(), warnings.end(),
                       [&](const std::string& w) { return w.find(text) != std::string::npos; });
  }

  std::unique_ptr<env::Env> posix_ = env::MakePosixEnv({}).value();
  ScriptedBrokers brokers_{*posix_, kSpeed};
  ClusterOptions cluster_;
  FetchOptions options_;
  PartitionStart start_;
  TopicId id_{};
  std::vector<std::pair<int64_t, std::string>> log_;
  std::mutex mutex_;
  std::deque<std::string> served_;  // guarded by mutex_
  int64_t begin_ = 0;
  int64_t end_ = 10;
  std::unique_ptr<Fetcher> fetcher_;
};

using Strings = std::vector<std::string>;
const Strings kAll = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

TEST_F(FetcherTest, ABoundedPartitionIsReadToItsEnd) {
  brokers_.on_fetch = [this](const FetchAsk& ask) { return Serve(ask); };
  Begin();
  const Outcome outcome = ReadFor(60 * kSecond);
  EXPECT_EQ(outcome.values, kAll);
  EXPECT_TRUE(outcome.ended);
}

// --- answers without records

TEST_F(FetcherTest, EmptyAnswersAreNoEnd) {
  std::atomic<int> asked = 0;
  brokers_.on_fetch = [&](const FetchAsk& ask) { return ++asked <= 12 ? Nothing(ask) : Serve(ask); };
  Begin();
  const Outcome outcome = ReadFor(120 * kSecond);
  EXPECT_EQ(outcome.values, kAll);
  EXPECT_TRUE(outcome.ended);
}

// The last records before the end were compacted away, with nothing behind them.
TEST_F(FetcherTest, ACompactedTailOfALocalLogEndsAfterManyLooks) {
  log_.resize(8);
  std::atomic<int> asked = 0;
  brokers_.on_fetch = [&](const FetchAsk& ask) {
    asked += ask.request.partitions[0].offset == 8;
    return ask.request.partitions[0].offset == 8 ? Nothing(ask) : Serve(ask);
  };
  Begin();
  const SteadyTime begin = brokers_.Steady();
  const Outcome outcome = ReadFor(120 * kSecond);
  EXPECT_EQ(outcome.values, Strings(kAll.begin(), kAll.begin() + 8));
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.next_offset, 10);
  EXPECT_GE((brokers_.Steady() - begin) / kSecond, 30);
  EXPECT_GT(asked, 10);
  EXPECT_TRUE(Warned("t-0: nothing is left from offset 8 to 10"));
}

// As tiered storage does whose remote reads come too late: the position is not on the broker's own disk.
TEST_F(FetcherTest, EmptyAnswersAboutAPositionInRemoteStorageNeverEndThePartition) {
  std::atomic<bool> there = false;
  brokers_.on_fetch = [&](const FetchAsk& ask) { return there ? Serve(ask) : Nothing(ask); };
  brokers_.on_list = [&](int32_t, const std::vector<PartitionTime>& questions) {
    std::vector<ListedOffset> answers = Offsets(questions);
    for (size_t i = 0; i < answers.size(); ++i)
      if (questions[i].timestamp == kEarliestLocalTimestamp) answers[i].offset = 9;
    return answers;
  };
  Begin();
  const Outcome silent = ReadFor(120 * kSecond);
  EXPECT_FALSE(silent.ended);
  EXPECT_TRUE(silent.status.ok());
  EXPECT_TRUE(Warned("no records from offset 0 on"));
  there = true;
  EXPECT_EQ(ReadFor(60 * kSecond).values, kAll);
}

TEST_F(FetcherTest, EmptyAnswersNeverEndAPartitionThatIsKnownToHaveMore) {
  std::atomic<bool> there = false;
  brokers_.on_fetch = [&](const FetchAsk& ask) { return there ? Serve(ask) : Nothing(ask); };
  Begin();
  EXPECT_FALSE(ReadFor(120 * kSecond).ended);
  there = true;
  EXPECT_EQ(ReadFor(60 * kSecond).values, kAll);
}

// A hole right before the last stable offset: read_committed gets nothing, and what follows belongs to an open
// transaction, which is not waited for.
TEST_F(FetcherTest, AHoleBeforeAnOpenTransactionEndsOnceTheNextRecordIsSeen) {
  log_.resize(8);
  Append({10, {"open"}, 0, true, false, false, 5});
  brokers_.on_fetch = [&](const FetchAsk& ask) {
    if (ask.request.read_committed && ask.request.partitions[0].offset == 8) return Nothing(ask);
    if (!ask.request.read_committed) end_ = 11;
    FetchResponse response = Serve(ask);
    end_ = 10;
    return response;
  };
  Begin();
  const Outcome outcome = ReadFor(25 * kSecond);
  EXPECT_EQ(outcome.values, Strings(kAll.begin(), kAll.begin() + 8));
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.next_offset, 10);
}

// --- errors of a partition

TEST_F(FetcherTest, AnErrorThatLastsIsAskedSlowlyAndToldOf) {
  for (const int16_t error : {-1, 6, 56, 78, 100}) {
    std::atomic<int> asked = 0;
    std::atomic<bool> well = false;
    brokers_.on_fetch = [&](const FetchAsk& ask) {
      ++asked;
      return well ? Serve(ask) : Nothing(ask, error);
    };
    Begin();
    const Outcome ill = ReadFor(15 * kSecond);
    EXPECT_TRUE(ill.status.ok()) << ill.status.ToString();
    EXPECT_LT(asked, 60) << error;
    EXPECT_TRUE(Warned(BrokerErrorText(error))) << error;
    well = true;
    EXPECT_EQ(ReadFor(60 * kSecond).values, kAll) << error;
    fetcher_->Close();
  }
}

TEST_F(FetcherTest, ALeaderThatCannotBeReachedIsToldOf) {
  std::atomic<bool> up = false;
  brokers_.is_up = [&](int32_t node) { return node == 2 || up; };
  cluster_.bootstrap = {{"n2", 9092}};
  brokers_.on_fetch = [this](const FetchAsk& ask) { return Serve(ask); };
  Begin();
  EXPECT_TRUE(ReadFor(15 * kSecond).status.ok());
  EXPECT_TRUE(Warned("n1 is down"));
  up = true;
  EXPECT_EQ(ReadFor(60 * kSecond).values, kAll);
}

// --- leaders that change

// Broker 1 answers late, from a log that ends otherwise than its successor's. Meanwhile the topic was unknown for a
// moment and broker 2 was made leader, which is being asked for the same offsets.
TEST_F(FetcherTest, AnAnswerThatComesAfterTheLeaderChangedIsLeftOut) {
  options_.metadata_max_age = Micros(200'000);
  std::atomic<int> asked_leaders = 0;
  std::atomic<bool> late = false;
  brokers_.on_metadata = [&](int32_t) {
    const int n = ++asked_leaders;
    return n == 1 ? Leads(1, 7) : n == 2 ? Leads(-1, -1, 3) : Leads(2, 8);
  };
  brokers_.on_epochs = [](int32_t, const std::vector<EpochQuestion>& questions) {
    return std::vector<EpochAnswer>{{"t", 0, 0, questions[0].leader_epoch, 10}};
  };
  std::string divergent;
  for (int64_t i = 0; i < 10; ++i) divergent += EncodeBatch({i, {"x"}});
  brokers_.on_fetch = [&](const FetchAsk& ask) {
    FetchResponse response = Serve(ask);
    if (ask.node == 1) {
      brokers_.SleepFor(10 * kSecond);
      response.partitions[0].records = divergent;
      late = true;
    } else if (ask.request.partitions[0].offset == 0) {
      response.partitions[0].records = response.partitions[0].records.substr(0, log_[0].second.size() * 5);
    } else {
      while (!late) brokers_.SleepFor(Micros(100'000));
      brokers_.SleepFor(5 * kSecond);
    }
    return response;
  };
  Begin();
  EXPECT_EQ(ReadFor(120 * kSecond).values, kAll);
}

// Broker 1 was deposed and does not know it: its metadata and its log are older than what was read.
TEST_F(FetcherTest, MetadataOlderThanWhatWasReadAreNotObeyed) {
  start_.offset = 8;
  start_.leader_epoch = 9;
  brokers_.on_metadata = [this](int32_t node) { return node == 1 ? Leads(1, 7) : Leads(2, 9); };
  brokers_.on_list = [this](int32_t node, const std::vector<PartitionTime>& questions) {
    std::vector<ListedOffset> answers = Offsets(questions);
    for (ListedOffset& answer : answers)
      if (node == 1) answer.offset = 4;
    return answers;
  };
  brokers_.on_fetch = [this](const FetchAsk& ask) { return ask.node == 1 ? Nothing(ask, 1) : Serve(ask); };
  Begin();
  const Outcome outcome = ReadFor(60 * kSecond);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.ToString();
  EXPECT_EQ(outcome.values, (Strings{"8", "9"}));
}

TEST_F(FetcherTest, ANewLeaderThatDoesNotKnowTheEpochThatWasReadIsAGap) {
  start_.offset = 8;
  start_.leader_epoch = 6;
  brokers_.on_epochs = [](int32_t, const std::vector<EpochQuestion>&) {
    return std::vector<EpochAnswer>{{"t", 0, 0, -1, -1}};
  };
  brokers_.on_fetch = [this](const FetchAsk& ask) { return Serve(ask); };
  Begin();
  const Outcome outcome = ReadFor(60 * kSecond);
  EXPECT_EQ(outcome.status.code(), kOffsetGap);
  EXPECT_NE(outcome.status.message().find("leader epoch 6"), std::string::npos) << outcome.status.ToString();
}

TEST_F(FetcherTest, OutOfRangeIsExplainedByTheLeaderOfTheNewestEpoch) {
  start_.offset = 2;
  begin_ = 5;
  std::atomic<int> questions = 0;
  brokers_.on_list = [&](int32_t, const std::vector<PartitionTime>& asked) {
    for (const PartitionTime& q : asked) questions += q.leader_epoch == 7;
    return Offsets(asked);
  };
  brokers_.on_fetch = [this](const FetchAsk& ask) { return Nothing(ask, 1); };
  Begin();
  const Outcome outcome = ReadFor(60 * kSecond);
  EXPECT_EQ(outcome.status.code(), kOffsetGap);
  EXPECT_NE(outcome.status.message().find("3 offsets were deleted"), std::string::npos) << outcome.status.ToString();
  EXPECT_EQ(questions, 2);
}

// --- requests

TEST_F(FetcherTest, TopicsWithoutIdsAreFetchedByName) {
  id_ = TopicId{};
  std::atomic<int> version = 0;
  brokers_.on_fetch = [&](const FetchAsk& ask) {
    version = ask.version;
    return ask.version <= 12 ? Serve(ask) : Nothing(ask, 100);
  };
  Begin();
  EXPECT_EQ(ReadFor(20 * kSecond).values, kAll);
  EXPECT_EQ(version, 12);
}

TEST_F(FetcherTest, APartThatIsTooSmallGrowsAndIsNeverLowered) {
  for (const auto& [first, second] :
       {std::pair{1 << 20, 2 << 20}, std::pair{300 << 20, 300 << 20}, std::pair{1 << 30, 1 << 30}}) {
    options_.max_partition_bytes = first;
    std::vector<int32_t> asked;
    brokers_.on_fetch = [&](const FetchAsk& ask) {
      asked.push_back(ask.request.partitions[0].max_bytes);
      FetchResponse response = Serve(ask);
      if (asked.size() == 1) response.partitions[0].records.remove_suffix(response.partitions[0].records.size() - 30);
      return response;
    };
    Begin();
    EXPECT_EQ(ReadFor(60 * kSecond).values, kAll);
    fetcher_->Close();
    EXPECT_EQ(asked, (std::vector<int32_t>{first, second}));
  }
}

}  // namespace
}  // namespace semel::kafka
