// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A Kafka cluster seen by one strand: where its brokers are, who leads a partition, and the questions that are asked of
// the leader or of a group's coordinator, tried again while brokers come and go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/connection.h"
#include "kafka/tail.h"

namespace semel::kafka {

struct ClusterOptions {
  std::vector<Endpoint> bootstrap;
  ConnectionOptions connection;
  Micros api_timeout{15'000'000};  // of one question with all its tries
};

// Whether a failure passes when asked again (a connection lost or an answer not in time changes nothing here: questions
// are reads, and group offsets may be written twice).
inline bool MayRetry(const Status& status) {
  return status.is(StatusKind::kTransient) || status.is(StatusKind::kUnknown);
}

// The status of a broker's error about `what`.
Status BrokerStatus(int16_t error, const std::string& what);

// Why metadata name no leader for a partition.
Status WithoutLeader(const std::string& topic, const MetadataResponse::Partition& partition);

// Waits between tries: 50 ms, doubling up to 1 s, with jitter.
class Backoff {
 public:
  explicit Backoff(env::Env& env) : env_(env) {}
  Micros Next();
  void Reset() { tries_ = 0; }

 private:
  env::Env& env_;
  int tries_ = 0;
};

class Cluster {
 public:
  Cluster(env::Env& env, const ClusterOptions& options) : env_(env), options_(options) {}

  // One try at every known broker. Null: all topics. A broker that was cut off may name a leader that was deposed: a
  // leader epoch lower than any seen before is `stale` and without leader, and the next try begins with another broker.
  Result<MetadataResponse> AskMetadata(const std::vector<std::string>* topics);
  // Notes a leader epoch that metadata must not fall behind, say of a record that was read. `id`: all zero if not
  // known.
  void SawEpoch(const std::string& topic, const TopicId& id, int32_t partition, int32_t epoch);
  // The topics, asked again while a topic is not there yet or one of its partitions (of those that `wanted` is true
  // for) has no leader; kNoTopic names those that never came, with the nearest existing name.
  using Wanted = std::function<bool(const std::string& topic, int32_t partition)>;
  Result<std::vector<MetadataResponse::Topic>> DescribeTopics(const std::vector<std::string>& topics,
                                                              const Wanted& wanted = nullptr);
  // The offsets for the partitions' timestamps, in no order. An offset is -1 where no record is as late as the
  // timestamp. Where the leader is too old to know kMaxTimestamp or kEarliestLocalTimestamp: -1 and 0.
  Result<std::vector<ListedOffset>> ListOffsets(std::vector<PartitionTime> partitions, bool read_committed);
  // Looks at what follows the offset.
  Result<TailLook> LookPast(const FetchPartition& from);
  // For each question the end of the epoch asked about, as the present leader knows it.
  Result<std::vector<EpochAnswer>> OffsetsForLeaderEpochs(std::vector<EpochQuestion> questions);
  // Notes the offsets for a group without members.
  Status CommitGroupOffsets(const std::string& group, const std::vector<GroupOffset>& offsets);
  // The group's offsets; -1 where it has none.
  Result<std::vector<GroupOffset>> GroupOffsets(const std::string& group, const std::vector<GroupOffset>& partitions);

  // Where broker `id` is, by the last metadata; nothing if unknown.
  std::optional<Endpoint> EndpointOf(int32_t id) const;

 private:
  Result<Connection*> ConnectionTo(const Endpoint& endpoint);
  void Drop(const Endpoint& endpoint) { connections_.erase(endpoint.ToString()); }
  Result<std::string> CallAt(const Endpoint& endpoint, Api api, const std::function<std::string(int16_t)>& encode,
                             int16_t* version, int16_t highest = INT16_MAX);
  Result<MetadataResponse> MetadataFrom(const Endpoint& endpoint, const std::vector<std::string>* topics);
  template <typename Question, typename Answer, typename Ask>
  Result<std::vector<Answer>> AskLeaders(std::vector<Question> open, const char* what, Ask ask);
  Result<Endpoint> CoordinatorOf(const std::string& group);
  template <typename T, typename Ask>
  Result<T> AskCoordinator(const std::string& group, Ask ask);
  bool LeaveOutStale(MetadataResponse& response);
  Status MissingTopic(const std::string& topic);

  env::Env& env_;
  const ClusterOptions& options_;
  std::map<std::string, std::unique_ptr<Connection>> connections_;
  MetadataResponse known_;
  size_t first_ = 0;  // the broker that is asked for metadata first
  struct Seen {
    TopicId id{};
    int32_t epoch = -1;
  };
  std::map<std::pair<std::string, int32_t>, Seen> seen_;  // per topic and partition
};

}  // namespace semel::kafka
