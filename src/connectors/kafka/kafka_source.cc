// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'connector' = 'kafka' as a source. A split is a partition; start and end rules become numbers once, before the first
// checkpoint, so that a restart never resolves 'latest' again. What was read is proven to be there still (offset range,
// leader epoch, topic id) before reading goes on.
#include <algorithm>
#include <regex>

#include "connectors/kafka/group_offsets.h"
#include "connectors/kafka/kafka_reader.h"
#include "connectors/kafka/register.h"
#include "kafka/error_codes.h"

namespace semel::connectors {

namespace {

using kafka::EpochAnswer;
using kafka::EpochQuestion;
using kafka::ListedOffset;
using kafka::PartitionTime;
using Topic = kafka::MetadataResponse::Topic;

// A partition on its way from a rule to a number.
struct Resolving {
  KafkaSplit split;
  kafka::TopicId id{};
  int64_t offset = -1;
};

class KafkaSource final : public Source {
 public:
  KafkaSource(env::Env& env, std::string source, KafkaOptions options)
      : env_(env),
        source_(std::move(source)),
        options_(std::move(options)),
        mutex_(env.NewMutex()),
        cluster_(env, options_.cluster) {}
  ~KafkaSource() override { KafkaSource::Close(); }

  bool is_bounded() const override { return options_.end.mode != OffsetMode::kUnbounded; }

  Result<std::vector<SplitProgress>> ResolveSplits(bool bounded) override {
    SEMEL_ASSIGN_OR_RETURN(std::vector<Resolving> partitions, Partitions());
    SEMEL_RETURN_IF_ERROR(Resolve(options_.start, partitions));
    std::vector<SplitProgress> splits;
    for (const Resolving& p : partitions) splits.push_back(SplitAt(p));
    if (bounded) SEMEL_RETURN_IF_ERROR(ResolveEnds(splits));
    return splits;
  }

  Status ResolveEnds(std::vector<SplitProgress>& splits) override {
    std::vector<Resolving> open;
    for (const SplitProgress& split : splits) {
      if (!split.end.empty()) continue;
      SEMEL_ASSIGN_OR_RETURN(KafkaSplit name, KafkaSplit::Parse(split.split));
      open.push_back({std::move(name), {}, -1});
    }
    OffsetRule rule = options_.end;
    if (rule.mode == OffsetMode::kUnbounded) rule.mode = OffsetMode::kLatest;  // --until-end
    SEMEL_RETURN_IF_ERROR(ResolveEnd(rule, open));
    for (const Resolving& p : open)
      for (SplitProgress& split : splits)
        if (split.end.empty() && split.split == p.split.ToString()) {
          SEMEL_ASSIGN_OR_RETURN(KafkaPosition start, KafkaPosition::Parse(split.position));
          split.end = KafkaEndText(std::max(p.offset < 0 ? start.offset : p.offset, start.offset));
        }
    return Status::Ok();
  }

  Result<std::vector<SplitProgress>> DiscoverSplits(const std::vector<SplitProgress>& known) override {
    const SteadyTime now = env_.Steady();
    if (discovered_ && (options_.discovery_interval.count() == 0 || now - *discovered_ < options_.discovery_interval))
      return std::vector<SplitProgress>{};
    discovered_ = now;
    SEMEL_ASSIGN_OR_RETURN(std::vector<Resolving> partitions, Partitions());
    std::erase_if(partitions, [&](const Resolving& p) {
      return std::any_of(known.begin(), known.end(),
                         [&](const SplitProgress& k) { return k.source == source_ && k.split == p.split.ToString(); });
    });
    // A partition that appears later is read from its beginning, whatever the start rule says: nothing of it was read
    // before.
    SEMEL_RETURN_IF_ERROR(Resolve({OffsetMode::kEarliest, 0, {}}, partitions));
    std::vector<SplitProgress> found;
    for (const Resolving& p : partitions) found.push_back(SplitAt(p));
    return found;
  }

  Result<std::unique_ptr<SourceReader>> CreateReader(const std::vector<SplitProgress>& splits) override {
    SEMEL_RETURN_IF_ERROR(CheckContinues(splits));
    auto reader = std::make_unique<KafkaReader>(env_, options_);
    SEMEL_RETURN_IF_ERROR(reader->AddSplits(splits));
    return std::unique_ptr<SourceReader>(std::move(reader));
  }

  Status Acknowledge(const std::vector<SplitProgress>& committed) override {
    if (options_.group.empty() || !options_.commit_group_offsets) return Status::Ok();
    std::vector<kafka::GroupOffset> offsets;
    for (const SplitProgress& progress : committed) {
      SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(progress.split));
      SEMEL_ASSIGN_OR_RETURN(KafkaPosition position, KafkaPosition::Parse(progress.position));
      offsets.push_back({split.topic, split.partition, position.offset, position.leader_epoch, 0});
    }
    if (offsets.empty()) return Status::Ok();
    std::sort(offsets.begin(), offsets.end(), [](const auto& a, const auto& b) {
      return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
    });
    if (group_writer_ == nullptr)
      group_writer_ = std::make_unique<GroupOffsetWriter>(env_, options_.cluster, options_.group);
    group_writer_->Note(std::move(offsets));
    return Status::Ok();
  }

  void Close() override {
    if (group_writer_ != nullptr) group_writer_->Close();
    group_writer_.reset();
  }

  // A recreated topic is found by the topic id in every position, with an error that says so.
  Result<std::string> Identity() override { return std::string(); }

  Status CheckReachable() override {
    for (const std::string& key : options_.without_effect)
      env_.Log(env::LogLevel::kWarning, fmt::format("'{}' has no effect", key));
    return Partitions().status();
  }

 private:
  SplitProgress SplitAt(const Resolving& p) const {
    return {source_, p.split.ToString(),       KafkaPosition{p.offset, -1, p.id}.ToString(),
            "",      checkpoint::kNoWatermark, false};
  }

  Result<std::vector<std::string>> TopicNames() {
    if (options_.topic_pattern.empty()) return options_.topics;
    SEMEL_ASSIGN_OR_RETURN(kafka::MetadataResponse all, cluster_.AskMetadata(nullptr));
    const std::regex pattern(options_.topic_pattern);
    std::vector<std::string> names;
    for (const Topic& topic : all.topics)
      if (!topic.internal && std::regex_match(topic.name, pattern)) names.push_back(topic.name);
    if (names.empty())
      return Status::NotFound(kafka::kNoTopic, fmt::format("no topic matches '{}'", options_.topic_pattern),
                              "the pattern has to match the whole name");
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::vector<Resolving>> Partitions() {
    env::MutexLock lock(*mutex_);
    SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, TopicNames());
    SEMEL_ASSIGN_OR_RETURN(std::vector<Topic> topics, cluster_.DescribeTopics(names));
    std::sort(topics.begin(), topics.end(), [](const Topic& a, const Topic& b) { return a.name < b.name; });
    std::vector<Resolving> partitions;
    for (const Topic& topic : topics)
      for (const auto& partition : topic.partitions)
        partitions.push_back({{topic.name, partition.index}, topic.id, -1});
    return partitions;
  }

  // Fills the offsets that are still -1 from the log's ends or a time.
  Status FillByTime(int64_t timestamp, std::vector<Resolving>& partitions) {
    std::vector<PartitionTime> questions;
    for (const Resolving& p : partitions)
      if (p.offset < 0) questions.push_back({p.split.topic, p.split.partition, -1, timestamp});
    if (questions.empty()) return Status::Ok();
    env::MutexLock lock(*mutex_);
    SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> offsets,
                           cluster_.ListOffsets(questions, options_.fetch.read_committed));
    for (Resolving& p : partitions)
      for (const ListedOffset& offset : offsets)
        if (p.offset < 0 && offset.topic == p.split.topic && offset.partition == p.split.partition)
          p.offset = offset.offset;
    return Status::Ok();
  }

  // The first record as late as a time; where there is none, the log's end from before the time was asked about: what
  // comes between the two questions may be as late as that.
  Status FillFromTime(int64_t timestamp, std::vector<Resolving>& partitions) {
    std::vector<Resolving> ends = partitions;
    SEMEL_RETURN_IF_ERROR(FillByTime(kafka::kLatestTimestamp, ends));
    SEMEL_RETURN_IF_ERROR(FillByTime(timestamp, partitions));
    for (size_t i = 0; i < partitions.size(); ++i)
      if (partitions[i].offset < 0) partitions[i].offset = ends[i].offset;
    return Status::Ok();
  }

  Status FillByGroup(std::vector<Resolving>& partitions) {
    std::vector<kafka::GroupOffset> questions;
    for (const Resolving& p : partitions) questions.push_back({p.split.topic, p.split.partition, -1, -1, 0});
    env::MutexLock lock(*mutex_);
    SEMEL_ASSIGN_OR_RETURN(std::vector<kafka::GroupOffset> offsets, cluster_.GroupOffsets(options_.group, questions));
    for (Resolving& p : partitions)
      for (const kafka::GroupOffset& offset : offsets)
        if (offset.topic == p.split.topic && offset.partition == p.split.partition) p.offset = offset.offset;
    return Status::Ok();
  }

  // Start offsets.
  Status Resolve(const OffsetRule& rule, std::vector<Resolving>& partitions) {
    switch (rule.mode) {
      case OffsetMode::kEarliest:
        return FillByTime(kafka::kEarliestTimestamp, partitions);
      case OffsetMode::kTimestamp:
        return FillFromTime(rule.timestamp_ms, partitions);
      case OffsetMode::kSpecific:
        for (Resolving& p : partitions)
          if (auto it = rule.specific.find(p.split.partition); it != rule.specific.end()) p.offset = it->second;
        return FillByTime(kafka::kEarliestTimestamp, partitions);
      case OffsetMode::kGroup:
        return ResolveByGroup(partitions);
      case OffsetMode::kLatest:
      case OffsetMode::kUnbounded:
        return FillByTime(kafka::kLatestTimestamp, partitions);
    }
    return Status::Internal("an unknown start rule");
  }

  Status ResolveByGroup(std::vector<Resolving>& partitions) {
    SEMEL_RETURN_IF_ERROR(FillByGroup(partitions));
    if (options_.reset != ResetPolicy::kNone)
      return FillByTime(options_.reset == ResetPolicy::kEarliest ? kafka::kEarliestTimestamp : kafka::kLatestTimestamp,
                        partitions);
    for (const Resolving& p : partitions)
      if (p.offset < 0)
        return Status::Invalid(
            kafka::kNoGroupOffset, fmt::format("group '{}' has no offset for {}", options_.group, p.split.ToString()),
            "set 'scan.startup.mode' = 'earliest-offset', or 'properties.auto.offset.reset' = 'earliest' or 'latest'");
    return Status::Ok();
  }

  // End offsets; -1 where a rule names none: that partition is not read.
  Status ResolveEnd(const OffsetRule& rule, std::vector<Resolving>& partitions) {
    if (partitions.empty()) return Status::Ok();
    switch (rule.mode) {
      case OffsetMode::kGroup:
        return FillByGroup(partitions);
      case OffsetMode::kSpecific:
        for (Resolving& p : partitions)
          if (auto it = rule.specific.find(p.split.partition); it != rule.specific.end()) p.offset = it->second;
        return Status::Ok();
      case OffsetMode::kTimestamp:
        return FillFromTime(rule.timestamp_ms, partitions);
      default:
        return FillByTime(kafka::kLatestTimestamp, partitions);
    }
  }

  static Status Gap(const KafkaSplit& split, std::string what) {
    return Status::Invalid(kafka::kOffsetGap, fmt::format("{}: {}", split.ToString(), what),
                           "nothing is skipped silently: restore the topic as it was, or start over with --fresh");
  }

  Status CheckTopicIds(const std::map<std::string, KafkaPosition>& positions) {
    SEMEL_ASSIGN_OR_RETURN(std::vector<Resolving> present, Partitions());
    for (const auto& [name, position] : positions) {
      const auto it = std::find_if(present.begin(), present.end(),
                                   [&name = name](const Resolving& p) { return p.split.ToString() == name; });
      if (it == present.end())
        return Status::Invalid(kafka::kTopicReplaced, fmt::format("partition {} does not exist any more", name),
                               "the topic was recreated with fewer partitions, or the option 'topic' was changed; "
                               "start over with --fresh");
      if (position.topic_id != kafka::TopicId{} && it->id != kafka::TopicId{} && position.topic_id != it->id)
        return Status::Invalid(
            kafka::kTopicReplaced,
            fmt::format("topic '{}' was deleted and created again: its id is {}, read was {}", it->split.topic,
                        kafka::TopicIdText(it->id), kafka::TopicIdText(position.topic_id)),
            "offsets of the old topic mean nothing in the new one; start over with --fresh");
    }
    return Status::Ok();
  }

  // The positions of splits that are read on. What was read to its end may be gone since.
  static Result<std::map<std::string, KafkaPosition>> OpenPositions(const std::vector<SplitProgress>& splits) {
    std::map<std::string, KafkaPosition> open;
    for (const SplitProgress& progress : splits) {
      SEMEL_ASSIGN_OR_RETURN(KafkaPosition position, KafkaPosition::Parse(progress.position));
      int64_t end = kafka::kNoStop;
      if (!progress.end.empty()) {
        SEMEL_ASSIGN_OR_RETURN(end, ParseKafkaEnd(progress.end));
      }
      if (!progress.finished && position.offset < end) open[progress.split] = position;
    }
    return open;
  }

  // Every restored position lies in the log that was read.
  Status CheckContinues(const std::vector<SplitProgress>& splits) {
    SEMEL_ASSIGN_OR_RETURN(auto positions, OpenPositions(splits));
    if (positions.empty()) return Status::Ok();
    SEMEL_RETURN_IF_ERROR(CheckTopicIds(positions));
    Status first = CheckLogs(positions);
    if (first.code() != kafka::kOffsetGap) return first;
    // A broker that was cut off and knows only an older leader would say the same: asked again of brokers that know
    // what was read. None may, in a cluster that was restored from an older state.
    {
      env::MutexLock lock(*mutex_);
      for (const auto& [name, position] : positions) {
        SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(name));
        cluster_.SawEpoch(split.topic, position.topic_id, split.partition, position.leader_epoch);
      }
    }
    Status second = CheckLogs(positions);
    return kafka::MayRetry(second) ? first : second;
  }

  Status CheckLogs(const std::map<std::string, KafkaPosition>& positions) {
    std::vector<Resolving> earliest;
    std::vector<PartitionTime> ends;
    for (const auto& [name, position] : positions) {
      SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(name));
      ends.push_back({split.topic, split.partition, -1, kafka::kLatestTimestamp});
      earliest.push_back({std::move(split), {}, -1});
    }
    SEMEL_RETURN_IF_ERROR(FillByTime(kafka::kEarliestTimestamp, earliest));
    for (const Resolving& p : earliest) {
      const int64_t offset = positions.at(p.split.ToString()).offset;
      if (offset < p.offset)
        return Gap(p.split, fmt::format("offset {} is next, but the log begins at {}: {} offsets were deleted before "
                                        "they were read (retention)",
                                        offset, p.offset, p.offset - offset));
    }
    SEMEL_RETURN_IF_ERROR(CheckLeaderEpochs(positions));
    env::MutexLock lock(*mutex_);
    SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> latest, cluster_.ListOffsets(ends, false));
    for (const ListedOffset& end : latest) {
      const KafkaSplit split{end.topic, end.partition};
      const int64_t offset = positions.at(split.ToString()).offset;
      if (offset > end.offset)
        return Gap(split, fmt::format("offset {} is next, but the log ends at {}: records that were read are gone",
                                      offset, end.offset));
    }
    return Status::Ok();
  }

  Status CheckLeaderEpochs(const std::map<std::string, KafkaPosition>& positions) {
    std::vector<EpochQuestion> questions;
    for (const auto& [name, position] : positions) {
      SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(name));
      if (position.leader_epoch >= 0) questions.push_back({split.topic, split.partition, -1, position.leader_epoch});
    }
    env::MutexLock lock(*mutex_);
    SEMEL_ASSIGN_OR_RETURN(std::vector<EpochAnswer> answers, cluster_.OffsetsForLeaderEpochs(questions));
    for (const EpochAnswer& answer : answers) {
      const KafkaSplit split{answer.topic, answer.partition};
      const KafkaPosition& position = positions.at(split.ToString());
      if (answer.end_offset < 0 || answer.leader_epoch < 0)
        return Gap(split,
                   fmt::format("the leader knows no leader epoch {}, in which offset {} was reached: the log was "
                               "truncated or restored from elsewhere",
                               position.leader_epoch, position.offset));
      if (answer.end_offset < position.offset)
        return Gap(split, fmt::format("the log ends leader epoch {} at offset {}, read was up to {}: {} records that "
                                      "were read are gone (the log was truncated)",
                                      answer.leader_epoch, answer.end_offset, position.offset,
                                      position.offset - answer.end_offset));
    }
    return Status::Ok();
  }

  env::Env& env_;
  const std::string source_;
  const KafkaOptions options_;
  std::unique_ptr<env::Mutex> mutex_;
  kafka::Cluster cluster_;                // guarded by mutex_
  std::optional<SteadyTime> discovered_;  // only the strand that discovers
  std::unique_ptr<GroupOffsetWriter> group_writer_;
};

}  // namespace

void RegisterKafka(Registry& registry) {
  Connector connector;
  connector.name = "kafka";
  connector.has_source = true;
  connector.source_options = {
      {"topic", false, false, "one topic, or several separated by ';'"},
      {"topic-pattern", false, false, "a regular expression that matches whole topic names"},
      {"properties.*", false, false, "properties of the Kafka client; bootstrap.servers is needed"},
      {"format", false, false, "json"},
      {"value.format", false, false, "the same as 'format'"},
      {"json.*", false, false, "options of the format"},
      {"value.json.*", false, false, "options of the format"},
      {"scan.startup.mode", false, false,
       "earliest-offset, latest-offset, group-offsets (default), timestamp, specific-offsets"},
      {"scan.startup.specific-offsets", false, false, "partition:0,offset:42;partition:1,offset:300"},
      {"scan.startup.timestamp-millis", false, false, "milliseconds since 1970 UTC"},
      {"scan.bounded.mode", false, false,
       "unbounded (default), latest-offset, group-offsets, timestamp, specific-offsets"},
      {"scan.bounded.specific-offsets", false, false, "partition:0,offset:42"},
      {"scan.bounded.timestamp-millis", false, false, "milliseconds since 1970 UTC"},
      {"scan.topic-partition-discovery.interval", false, false,
       "how often new partitions are looked for; 5 min; 0: never"},
      {"scan.parallelism", false, true, "partitions are spread over the workers"},
  };
  connector.metadata = {{"topic", columnar::DataType::String(columnar::kUnboundedLength, false)},
                        {"partition", columnar::DataType::Integer(false)},
                        {"offset", columnar::DataType::BigInt(false)},
                        {"timestamp", columnar::DataType::TimestampLtz(3, false)},
                        {"timestamp-type", columnar::DataType::String(columnar::kUnboundedLength, false)},
                        {"leader-epoch", columnar::DataType::Integer()}};
  connector.make_source = [](const ConnectorContext& context,
                             const plan::ScanSpec& spec) -> Result<std::unique_ptr<Source>> {
    SEMEL_ASSIGN_OR_RETURN(KafkaOptions options, ParseKafkaOptions(spec.table->options));
    return std::unique_ptr<Source>(std::make_unique<KafkaSource>(*context.env, context.node_id, std::move(options)));
  };
  registry.Add(std::move(connector));
}

}  // namespace semel::connectors
