// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/cluster.h"

#include <algorithm>

#include "base/text.h"
#include "kafka/error_codes.h"
#include "kafka/record_batch.h"

namespace semel::kafka {

namespace {

constexpr Micros kTopicPatience(3'000'000);  // a topic made a moment ago is not known to every broker yet

// The leader's epoch, as each question carries it.
void InEpoch(PartitionTime& question, int32_t epoch) { question.leader_epoch = epoch; }
void InEpoch(EpochQuestion& question, int32_t epoch) { question.current_leader_epoch = epoch; }
void InEpoch(FetchPartition& question, int32_t epoch) { question.leader_epoch = epoch; }

// Of ListOffsets, that knows what the timestamp stands for.
int16_t FirstVersion(int64_t timestamp) {
  return timestamp == kEarliestLocalTimestamp ? 8 : timestamp == kMaxTimestamp ? 7 : 0;
}

Status Impatient(const Status& last, Micros waited) {
  return Status::Transient(
      kUnreachable,
      fmt::format("no answer from Kafka within {} s: {}", waited.count() / 1'000'000,
                  last.ok() ? "no leader" : last.message()),
      "check that the brokers run, 'properties.bootstrap.servers' and 'properties.security.protocol'; brokers "
      "are dialled at the addresses they advertise");
}

}  // namespace

Status BrokerStatus(int16_t error, const std::string& what) {
  const std::string text = fmt::format("{}: {}", what, BrokerErrorText(error));
  if (error == static_cast<int16_t>(BrokerError::kTopicAuthorizationFailed))
    return Status::Invalid(kNotAuthorized, text, "the user needs the ACLs Describe and Read on the topic");
  if (error == static_cast<int16_t>(BrokerError::kGroupAuthorizationFailed))
    return Status::Invalid(kNotAuthorized, text,
                           "the user needs the ACL Read on the group, or remove 'properties.group.id'");
  if (IsRetriable(error))
    return Status::Transient(kBrokerError, text, "it is tried again; see the broker's log if it lasts");
  return Status::Invalid(kBrokerError, text, "see the broker's log");
}

Status WithoutLeader(const std::string& topic, const MetadataResponse::Partition& partition) {
  const std::string name = fmt::format("partition {}-{}", topic, partition.index);
  if (partition.stale)
    return Status::Transient(
        kBrokerError,
        fmt::format("{}: the brokers know leader epoch {} only, a later one was seen", name, partition.leader_epoch),
        "they may be cut off from the cluster, or restored from an older state; it is tried again");
  return BrokerStatus(static_cast<int16_t>(BrokerError::kLeaderNotAvailable), name);
}

Micros Backoff::Next() {
  const int64_t base = std::min<int64_t>(50'000ll << std::min(tries_++, 5), 1'000'000);
  return Micros(base / 2 + static_cast<int64_t>(env_.Random() % static_cast<uint64_t>(base)));
}

std::optional<Endpoint> Cluster::EndpointOf(int32_t id) const {
  for (const MetadataResponse::Broker& broker : known_.brokers)
    if (broker.id == id) return Endpoint{broker.host, broker.port};
  return std::nullopt;
}

Result<Connection*> Cluster::ConnectionTo(const Endpoint& endpoint) {
  std::unique_ptr<Connection>& connection = connections_[endpoint.ToString()];
  if (connection == nullptr) {
    Result<std::unique_ptr<Connection>> opened = Connection::Open(env_, endpoint, options_.connection);
    if (!opened.ok()) {
      Drop(endpoint);
      return opened.status();
    }
    connection = std::move(opened).value();
  }
  return connection.get();
}

Result<std::string> Cluster::CallAt(const Endpoint& endpoint, Api api,
                                    const std::function<std::string(int16_t)>& encode, int16_t* version,
                                    int16_t highest) {
  SEMEL_ASSIGN_OR_RETURN(Connection * connection, ConnectionTo(endpoint));
  *version = std::min(connection->Version(api), highest);
  Result<std::string> answer = connection->Call(api, *version, encode(*version));
  if (!answer.ok()) Drop(endpoint);
  return answer;
}

Result<MetadataResponse> Cluster::MetadataFrom(const Endpoint& endpoint, const std::vector<std::string>* topics) {
  int16_t version = 0;
  SEMEL_ASSIGN_OR_RETURN(std::string answer, CallAt(
                                                 endpoint, Api::kMetadata,
                                                 [topics](int16_t v) { return EncodeMetadata(v, topics); }, &version));
  return DecodeMetadata(answer, version);
}

Result<MetadataResponse> Cluster::AskMetadata(const std::vector<std::string>* topics) {
  std::vector<Endpoint> endpoints;
  for (const MetadataResponse::Broker& broker : known_.brokers) endpoints.push_back({broker.host, broker.port});
  endpoints.insert(endpoints.end(), options_.bootstrap.begin(), options_.bootstrap.end());
  if (!endpoints.empty())
    std::rotate(endpoints.begin(), endpoints.begin() + static_cast<std::ptrdiff_t>(first_ % endpoints.size()),
                endpoints.end());
  Status last =
      Status::Invalid(kBadKafkaOption, "no broker is named", "set 'properties.bootstrap.servers' = 'host:9092'");
  for (const Endpoint& endpoint : endpoints) {
    Result<MetadataResponse> response = MetadataFrom(endpoint, topics);
    if (response.ok()) {
      known_ = *response;
      if (LeaveOutStale(*response)) ++first_;
      return response;
    }
    last = response.status();
    if (!MayRetry(last)) return last;
  }
  return last;
}

void Cluster::SawEpoch(const std::string& topic, const TopicId& id, int32_t partition, int32_t epoch) {
  Seen& seen = seen_[{topic, partition}];
  const bool made_again = id != TopicId{} && seen.id != TopicId{} && id != seen.id;
  if (made_again) seen.epoch = -1;
  if (id != TopicId{}) seen.id = id;
  seen.epoch = std::max(seen.epoch, epoch);
}

// Whether any leader was left out.
bool Cluster::LeaveOutStale(MetadataResponse& response) {
  bool any = false;
  for (MetadataResponse::Topic& topic : response.topics)
    for (MetadataResponse::Partition& partition : topic.partitions) {
      if (partition.leader_epoch < 0) continue;
      SawEpoch(topic.name, topic.id, partition.index, partition.leader_epoch);
      if (partition.leader_epoch == seen_[{topic.name, partition.index}].epoch) continue;
      partition.stale = any = true;
      partition.leader = -1;
    }
  return any;
}

Status Cluster::MissingTopic(const std::string& topic) {
  std::vector<std::string> names;
  if (Result<MetadataResponse> all = AskMetadata(nullptr); all.ok())
    for (const MetadataResponse::Topic& t : all->topics)
      if (!t.internal) names.push_back(t.name);
  const std::string nearest = NearestName(topic, names);
  return Status::NotFound(
      kNoTopic, fmt::format("there is no topic '{}'", topic),
      nearest.empty() ? "create it, or check the option 'topic'" : fmt::format("did you mean '{}'?", nearest));
}

Result<std::vector<MetadataResponse::Topic>> Cluster::DescribeTopics(const std::vector<std::string>& topics,
                                                                     const Wanted& wanted) {
  const SteadyTime begin = env_.Steady();
  Backoff backoff(env_);
  while (true) {
    Result<MetadataResponse> response = AskMetadata(&topics);
    Status problem = response.status();
    bool missing = false;
    if (response.ok()) {
      for (const MetadataResponse::Topic& topic : response->topics) {
        const bool unknown = topic.error == static_cast<int16_t>(BrokerError::kUnknownTopicOrPartition);
        if (topic.error != 0 && problem.ok())
          problem = BrokerStatus(topic.error, fmt::format("topic '{}'", topic.name));
        if (unknown && env_.Steady() - begin > kTopicPatience) return MissingTopic(topic.name);
        missing = missing || unknown;
        for (const MetadataResponse::Partition& partition : topic.partitions)
          if (partition.leader < 0 && problem.ok() && (!wanted || wanted(topic.name, partition.index)))
            problem = WithoutLeader(topic.name, partition);
      }
      if (problem.ok()) return std::move(response->topics);
    }
    if (!MayRetry(problem)) return problem;
    if (!missing && env_.Steady() - begin > options_.api_timeout) return Impatient(problem, options_.api_timeout);
    env_.SleepFor(backoff.Next());
  }
}

// Asks each leader about its partitions, in the leader epoch that made it one (a deposed leader refuses); what cannot
// be answered now is asked again with new metadata until the time is over.
template <typename Question, typename Answer, typename Ask>
Result<std::vector<Answer>> Cluster::AskLeaders(std::vector<Question> open, const char* what, Ask ask) {
  const SteadyTime begin = env_.Steady();
  Backoff backoff(env_);
  std::vector<Answer> answers;
  Status last;
  while (!open.empty()) {
    std::vector<std::string> topics;
    for (const Question& question : open)
      if (std::find(topics.begin(), topics.end(), question.topic) == topics.end()) topics.push_back(question.topic);
    Result<std::vector<MetadataResponse::Topic>> described =
        DescribeTopics(topics, [&open](const auto& topic, int32_t p) {
          return std::any_of(open.begin(), open.end(),
                             [&](const Question& q) { return q.topic == topic && q.partition == p; });
        });
    if (!described.ok()) return described.status();
    std::map<int32_t, std::vector<Question>> by_leader;
    for (const Question& question : open)
      for (const MetadataResponse::Topic& topic : *described)
        for (const MetadataResponse::Partition& partition : topic.partitions)
          if (topic.name == question.topic && partition.index == question.partition)
            InEpoch(by_leader[partition.leader].emplace_back(question), partition.leader_epoch);
    for (const auto& [leader, questions] : by_leader) {
      const std::optional<Endpoint> endpoint = EndpointOf(leader);
      if (!endpoint) continue;
      Result<std::vector<Answer>> part = ask(*endpoint, questions);
      if (!part.ok()) {
        last = part.status();
        if (!MayRetry(last)) return last;
        continue;
      }
      for (Answer& answer : *part) {
        if (answer.error != 0) {
          last = BrokerStatus(answer.error, fmt::format("{} of {}-{}", what, answer.topic, answer.partition));
          if (!MayRetry(last)) return last;
          continue;
        }
        std::erase_if(
            open, [&answer](const Question& q) { return q.topic == answer.topic && q.partition == answer.partition; });
        answers.push_back(std::move(answer));
      }
    }
    if (open.empty()) break;
    if (env_.Steady() - begin > options_.api_timeout) return Impatient(last, options_.api_timeout);
    env_.SleepFor(backoff.Next());
  }
  return answers;
}

Result<std::vector<ListedOffset>> Cluster::ListOffsets(std::vector<PartitionTime> partitions, bool read_committed) {
  return AskLeaders<PartitionTime, ListedOffset>(
      std::move(partitions), "the offsets",
      [&](const Endpoint& endpoint, const std::vector<PartitionTime>& questions) -> Result<std::vector<ListedOffset>> {
        int16_t version = 0;
        SEMEL_ASSIGN_OR_RETURN(Connection * connection, ConnectionTo(endpoint));
        if (connection->Version(Api::kListOffsets) < FirstVersion(questions[0].timestamp)) {
          std::vector<ListedOffset> unknown;
          for (const PartitionTime& q : questions)
            unknown.push_back({q.topic, q.partition, 0, q.timestamp == kEarliestLocalTimestamp ? 0 : -1});
          return unknown;
        }
        SEMEL_ASSIGN_OR_RETURN(
            std::string answer,
            CallAt(
                endpoint, Api::kListOffsets, [&](int16_t v) { return EncodeListOffsets(v, read_committed, questions); },
                &version));
        return DecodeListOffsets(answer, version);
      });
}

Result<TailLook> Cluster::LookPast(const FetchPartition& from) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> local,
                         ListOffsets({{from.topic, from.partition, -1, kEarliestLocalTimestamp}}, false));
  SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> newest,
                         ListOffsets({{from.topic, from.partition, -1, kMaxTimestamp}}, false));
  SEMEL_ASSIGN_OR_RETURN(
      std::vector<TailLook> looks,
      (AskLeaders<FetchPartition, TailLook>(
          {from}, "a look at what follows",
          [&](const Endpoint& endpoint, const std::vector<FetchPartition>& one) -> Result<std::vector<TailLook>> {
            FetchRequest request;
            request.max_wait_ms = 0;
            request.read_committed = false;
            request.partitions = one;
            int16_t version = 0;
            SEMEL_ASSIGN_OR_RETURN(std::string answer,
                                   CallAt(
                                       endpoint, Api::kFetch, [&](int16_t v) { return EncodeFetch(v, request); },
                                       &version, FetchVersion(INT16_MAX, request)));
            SEMEL_ASSIGN_OR_RETURN(FetchResponse response, DecodeFetch(answer, version));
            if (response.error != 0) return BrokerStatus(response.error, "Fetch");
            std::vector<TailLook> seen;
            for (const FetchedPartition& p : response.partitions)
              seen.push_back({from.topic, from.partition, p.error, local[0].offset, response.throttle_ms > 0,
                              p.high_watermark, NextRecordOffset(p.records, from.offset), newest[0].offset});
            return seen;
          })));
  return looks[0];
}

Result<std::vector<EpochAnswer>> Cluster::OffsetsForLeaderEpochs(std::vector<EpochQuestion> questions) {
  return AskLeaders<EpochQuestion, EpochAnswer>(
      std::move(questions), "the end of a leader epoch",
      [&](const Endpoint& endpoint, const std::vector<EpochQuestion>& mine) -> Result<std::vector<EpochAnswer>> {
        int16_t version = 0;
        SEMEL_ASSIGN_OR_RETURN(std::string answer,
                               CallAt(
                                   endpoint, Api::kOffsetForLeaderEpoch,
                                   [&](int16_t v) { return EncodeOffsetForLeaderEpoch(v, mine); }, &version));
        return DecodeOffsetForLeaderEpoch(answer, version);
      });
}

// One try at every broker.
Result<Endpoint> Cluster::CoordinatorOf(const std::string& group) {
  const std::vector<std::string> none;
  SEMEL_ASSIGN_OR_RETURN(MetadataResponse metadata, AskMetadata(&none));
  Status last = BrokerStatus(static_cast<int16_t>(BrokerError::kBrokerNotAvailable), "the list of brokers");
  for (const MetadataResponse::Broker& broker : metadata.brokers) {
    int16_t version = 0;
    const Result<std::string> answer = CallAt(
        {broker.host, broker.port}, Api::kFindCoordinator,
        [&group](int16_t v) { return EncodeFindCoordinator(v, group); }, &version);
    last = answer.status();
    if (answer.ok()) {
      SEMEL_ASSIGN_OR_RETURN(CoordinatorResponse coordinator, DecodeFindCoordinator(*answer, version));
      if (coordinator.error == 0) return Endpoint{coordinator.host, coordinator.port};
      last = BrokerStatus(coordinator.error, fmt::format("the coordinator of group '{}'", group));
    }
    if (!MayRetry(last)) return last;
  }
  return last;
}

// Asks the group's coordinator, again while it moves or loads; `ask` returns a status that may be retried for that.
template <typename T, typename Ask>
Result<T> Cluster::AskCoordinator(const std::string& group, Ask ask) {
  const SteadyTime begin = env_.Steady();
  Backoff backoff(env_);
  while (true) {
    Result<Endpoint> coordinator = CoordinatorOf(group);
    Status problem = coordinator.status();
    if (problem.ok()) {
      Result<T> result = ask(*coordinator);
      if (result.ok()) return result;
      problem = result.status();
    }
    if (!MayRetry(problem)) return problem;
    if (env_.Steady() - begin > options_.api_timeout) return Impatient(problem, options_.api_timeout);
    env_.SleepFor(backoff.Next());
  }
}

Status Cluster::CommitGroupOffsets(const std::string& group, const std::vector<GroupOffset>& offsets) {
  return AskCoordinator<bool>(
             group,
             [&](const Endpoint& endpoint) -> Result<bool> {
               int16_t version = 0;
               SEMEL_ASSIGN_OR_RETURN(std::string answer,
                                      CallAt(
                                          endpoint, Api::kOffsetCommit,
                                          [&](int16_t v) { return EncodeOffsetCommit(v, group, offsets); }, &version));
               SEMEL_ASSIGN_OR_RETURN(std::vector<GroupOffset> noted, DecodeOffsetCommit(answer, version));
               for (const GroupOffset& offset : noted)
                 if (offset.error != 0)
                   return BrokerStatus(offset.error, fmt::format("noting offsets of {}-{} for group '{}'", offset.topic,
                                                                 offset.partition, group));
               return true;
             })
      .status();
}

Result<std::vector<GroupOffset>> Cluster::GroupOffsets(const std::string& group,
                                                       const std::vector<GroupOffset>& partitions) {
  return AskCoordinator<std::vector<GroupOffset>>(
      group, [&](const Endpoint& endpoint) -> Result<std::vector<GroupOffset>> {
        int16_t version = 0;
        SEMEL_ASSIGN_OR_RETURN(std::string answer,
                               CallAt(
                                   endpoint, Api::kOffsetFetch,
                                   [&](int16_t v) { return EncodeOffsetFetch(v, group, partitions); }, &version));
        SEMEL_ASSIGN_OR_RETURN(std::vector<GroupOffset> offsets, DecodeOffsetFetch(answer, version));
        for (const GroupOffset& offset : offsets)
          if (offset.error != 0) return BrokerStatus(offset.error, fmt::format("the offsets of group '{}'", group));
        return offsets;
      });
}

}  // namespace semel::kafka
