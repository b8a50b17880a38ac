// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Reads partitions: a strand per leader keeps one Fetch under way and puts record sets into a bounded queue; one more
// strand follows the leaders. Positions belong to whoever takes the sets out: what waits in the queue was not read yet.
//
//   control strand ──leaders──▶ broker strands ──FetchedSet──▶ queue (bounded in bytes) ──Poll──▶ worker
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/cluster.h"
#include "kafka/record_batch.h"

namespace semel::kafka {

inline constexpr int64_t kNoStop = INT64_MAX;

struct PartitionStart {
  std::string topic;
  TopicId id{};  // all zero: whatever the topic has
  int32_t partition = 0;
  int64_t offset = 0;
  int32_t leader_epoch = -1;      // of the last record read; -1: none
  int64_t stop_offset = kNoStop;  // exclusive
};

// "purchases-1".
std::string NameOf(const PartitionStart& p);

struct FetchOptions {
  bool read_committed = true;
  int32_t max_wait_ms = 500;
  int32_t min_bytes = 1;
  int32_t max_bytes = 16 << 20;
  int32_t max_partition_bytes = 1 << 20;
  size_t queue_bytes = 16u << 20;
  Micros metadata_max_age{300'000'000};
};

struct FetchedSet {
  std::string topic;
  int32_t partition = 0;
  RecordSet set;
  std::shared_ptr<AnswerBuffer> answer;  // what the records look into
  size_t bytes = 0;                      // held in memory, for the queue's bound
  bool at_end = false;                   // the stop offset is reached
};

struct PartitionLag {
  std::string topic;
  int32_t partition = 0;
  int64_t readable_end = -1;  // the last stable offset (or the high watermark); -1: not known yet
};

// Poll, Add, Lags and Close from one strand.
class Fetcher {
 public:
  Fetcher(env::Env& env, const ClusterOptions& cluster, const FetchOptions& options);
  ~Fetcher();

  void Add(const std::vector<PartitionStart>& partitions);
  // The oldest set, or nothing within `wait`. A gap, a replaced topic, a damaged batch or a refused request ends the
  // fetching with that status; brokers that do not answer do not: they are asked until they do.
  Result<std::optional<FetchedSet>> Poll(Micros wait);
  // Gives a buffer back whose records are not looked at any more.
  void Recycle(std::shared_ptr<AnswerBuffer> answer);
  std::vector<PartitionLag> Lags();
  // Ends all strands; REQUIRES to be called before destruction.
  void Close();

 private:
  enum class Stage : uint8_t {
    kLeaderless,  // the control strand looks for the leader
    kFetching,
    kOutOfRange,  // the control strand tells why
    kFinished,
  };
  // The broker gives nothing although the stop offset can be read: the control strand looks whether anything is left.
  struct Silence {
    SteadyTime next_look;
    bool look_wanted = false;
    int silent_looks = 0;  // in a row
  };
  struct Partition {
    explicit Partition(env::Env& env) : backoff(env) {}
    PartitionStart start;  // `offset` and `leader_epoch` advance
    Stage stage = Stage::kLeaderless;
    int32_t leader = -1;
    int32_t current_epoch = -1;  // of the leader
    uint64_t assignment = 0;     // grows each time a leader is given to it
    int64_t readable_end = -1;
    int32_t max_bytes = 0;
    std::optional<Silence> silence;  // answers without records, all the way to the stop offset
    Status trouble;                  // why nothing comes; ok: it comes
    SteadyTime troubled_since{0};
    std::optional<SteadyTime> told_at;
    Backoff backoff;
    SteadyTime retry_at{0};  // not asked for before
  };
  struct Broker {
    int32_t id = -1;
    Endpoint endpoint;
    Connection* open = nullptr;  // guarded by mutex_, for Close
    std::unique_ptr<env::Strand> strand;
  };

  // A request, and what was so of each of its partitions: an answer counts only while that is still so.
  struct Asked {
    Partition* partition;
    uint64_t assignment;
    int64_t offset;
  };
  struct Round {
    FetchRequest request;
    std::vector<Asked> asked;  // one per partition of the request
  };
  // One partition's part of an answer.
  struct Taken {
    const Asked* asked;
    const FetchedPartition* fetched;
    Result<RecordSet> set;
    bool cut_short;  // an empty part says nothing: a quota or other partitions' records cut the answer
  };

  void ControlLoop();
  bool AwaitRefresh(SteadyTime refreshed_at, SteadyTime not_before);
  void Complain();
  Status FollowLeaders();
  Status AdoptLeaders(const std::vector<MetadataResponse::Topic>& topics);
  Status CheckEpochs(const std::vector<EpochQuestion>& questions);
  Status ExplainOutOfRange();
  Status LookForEnd();
  void EndSilent(Partition& partition);
  void BrokerLoop(Broker& broker);
  bool WaitForWork(Broker& broker, Round& round);
  Status FetchOnce(Broker& broker, Connection& connection, const Round& round);
  Status TakeAnswer(const Broker& broker, const Round& round, const FetchResponse& response,
                    std::shared_ptr<AnswerBuffer> answer);
  bool Counts(const Broker& broker, const Asked& asked) const;
  Status TakePartition(Taken& taken, const std::shared_ptr<AnswerBuffer>& answer);
  void LoseLeader(int32_t id, const Status& why);
  std::shared_ptr<AnswerBuffer> TakeBuffer();
  void Fail(const Status& status);
  void NoteSilence(Partition& partition);
  void NoteTrouble(Partition& partition, const Status& why);
  void EndTrouble(Partition& partition);
  Partition* Find(std::string_view topic, const TopicId& id, int32_t partition);

  env::Env& env_;
  const ClusterOptions& cluster_options_;
  const FetchOptions options_;
  std::unique_ptr<env::Mutex> mutex_;
  std::unique_ptr<env::Condition> changed_;
  // All guarded by mutex_.
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::map<int32_t, std::unique_ptr<Broker>> brokers_;
  std::deque<FetchedSet> queue_;
  size_t queued_bytes_ = 0;
  std::vector<std::shared_ptr<AnswerBuffer>> free_;
  bool stopping_ = false;
  bool refresh_ = false;
  size_t rotation_ = 0;
  Status failure_;

  // Only the control strand.
  Cluster cluster_;
  SteadyTime next_look_{0};
  std::unique_ptr<env::Strand> control_;
};

}  // namespace semel::kafka
