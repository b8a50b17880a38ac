// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What is asked of brokers before reading begins: start rules, and whether restored positions still lie in the log.
#include <gtest/gtest.h>

#include "connectors/kafka/kafka_position.h"
#include "connectors/kafka/register.h"
#include "env/posix/posix_env.h"
#include "kafka/error_codes.h"
#include "kafka/scripted/scripted_brokers.h"

namespace semel::connectors {
namespace {

using kafka::EpochAnswer;
using kafka::EpochQuestion;
using kafka::ListedOffset;
using kafka::MetadataResponse;
using kafka::PartitionTime;

// Topic "t" with two partitions, led by broker 1; two brokers.
class KafkaSourceTest : public ::testing::Test {
 protected:
  KafkaSourceTest() {
    for (int32_t node : {1, 2}) {
      metadata_[node].brokers = {{1, "n1", 9092}, {2, "n2", 9092}};
      metadata_[node].topics = {{0, "t", {}, false, {{0, 0, 1, 7}, {0, 1, 1, 7}}}};
    }
    brokers_.on_metadata = [this](int32_t node) { return metadata_.at(node); };
    brokers_.on_list = [this](int32_t, const std::vector<PartitionTime>& questions) {
      std::vector<ListedOffset> answers;
      for (const PartitionTime& q : questions)
        answers.push_back({q.topic, q.partition, 0, q.timestamp == kafka::kLatestTimestamp ? 20 : begin_});
      return answers;
    };
    brokers_.on_epochs = [](int32_t, const std::vector<EpochQuestion>& questions) {
      std::vector<EpochAnswer> answers;
      for (const EpochQuestion& q : questions) answers.push_back({q.topic, q.partition, 0, q.leader_epoch, 20});
      return answers;
    };
    brokers_.on_fetch = [this](const kafka::FetchAsk& ask) {
      kafka::FetchResponse response;
      response.partitions.resize(1);
      response.partitions[0].topic = ask.request.partitions[0].topic;
      response.partitions[0].partition = ask.request.partitions[0].partition;
      response.partitions[0].high_watermark = response.partitions[0].last_stable_offset = begin_;
      return response;
    };
  }

  std::unique_ptr<Source> Make(plan::Options more = {}) {
    plan::TableDescriptor table;
    table.options = {{"topic", "t"},
                     {"properties.bootstrap.servers", "n1:9092,n2:9092"},
                     {"scan.startup.mode", "earliest-offset"},
                     {"format", "json"}};
    for (auto& [key, value] : more) table.options[key] = value;
    plan::ScanSpec spec;
    spec.table = std::make_shared<plan::TableDescriptor>(std::move(table));
    Registry registry;
    RegisterKafka(registry);
    ConnectorContext context;
    context.env = &brokers_;
    context.node_id = "scan";
    return registry.Find("kafka")->make_source(context, spec).value();
  }
  static SplitProgress At(int32_t partition, int64_t offset, int32_t epoch, int64_t end, bool finished) {
    return {"scan",
            "t-" + std::to_string(partition),
            KafkaPosition{offset, epoch, {}}.ToString(),
            KafkaEndText(end),
            checkpoint::kNoWatermark,
            finished};
  }

  std::unique_ptr<env::Env> posix_ = env::MakePosixEnv({}).value();
  kafka::ScriptedBrokers brokers_{*posix_, 50};
  std::map<int32_t, MetadataResponse> metadata_;
  int64_t begin_ = 8;
};

TEST_F(KafkaSourceTest, WhatWasReadToItsEndMayBeGone) {
  const std::unique_ptr<Source> source = Make();
  EXPECT_EQ(source->CreateReader({At(0, 5, 7, 9, false)}).status().code(), kafka::kOffsetGap);
  EXPECT_TRUE(source->CreateReader({At(0, 5, 7, 5, true), At(1, 9, 7, 30, false)}).ok());
  EXPECT_TRUE(source->CreateReader({At(0, 5, 7, 5, false), At(1, 9, 7, 30, false)}).ok());
  metadata_[1].topics[0].id[0] = 5;  // the topic was made again
  SplitProgress old = At(0, 5, 7, 5, true);
  KafkaPosition position{5, 7, {}};
  position.topic_id[0] = 4;
  old.position = position.ToString();
  EXPECT_TRUE(source->CreateReader({old}).ok());
}

TEST_F(KafkaSourceTest, ABrokerThatWasCutOffIsNotBelievedAtAStart) {
  metadata_[1].topics[0].partitions = {{0, 0, 1, 3}, {0, 1, 1, 3}};
  metadata_[2].topics[0].partitions = {{0, 0, 2, 7}, {0, 1, 2, 7}};
  brokers_.on_epochs = [](int32_t node, const std::vector<EpochQuestion>& questions) {
    std::vector<EpochAnswer> answers;
    for (const EpochQuestion& q : questions)
      answers.push_back({q.topic, q.partition, 0, node == 1 ? -1 : q.leader_epoch, node == 1 ? -1 : 20});
    return answers;
  };
  EXPECT_TRUE(Make()->CreateReader({At(0, 9, 7, 30, false)}).ok());
  metadata_[2] = metadata_[1];  // nobody knows the epoch that was read
  const Status status = Make()->CreateReader({At(0, 9, 7, 30, false)}).status();
  EXPECT_EQ(status.code(), kafka::kOffsetGap) << status.ToString();
  EXPECT_NE(status.message().find("leader epoch 7"), std::string::npos) << status.ToString();
}

TEST_F(KafkaSourceTest, WhatComesWhileATimeIsLookedUpIsRead) {
  int64_t end = 20;
  brokers_.on_list = [&](int32_t, const std::vector<PartitionTime>& questions) {
    std::vector<ListedOffset> answers;
    for (const PartitionTime& q : questions)
      answers.push_back({q.topic, q.partition, 0,
                         q.timestamp == kafka::kLatestTimestamp ? end
                         : q.timestamp < 0                      ? 0
                                                                : -1});
    if (questions[0].timestamp >= 0) end = 22;  // two records, as late as that
    return answers;
  };
  const auto splits = Make({{"scan.startup.mode", "timestamp"}, {"scan.startup.timestamp-millis", "1000"}})
                          ->ResolveSplits(false)
                          .value();
  ASSERT_EQ(splits.size(), 2u);
  EXPECT_EQ(KafkaPosition::Parse(splits[0].position)->offset, 20);
  end = 20;
  const auto bounded = Make({{"scan.bounded.mode", "timestamp"}, {"scan.bounded.timestamp-millis", "1000"}})
                           ->ResolveSplits(true)
                           .value();
  EXPECT_EQ(ParseKafkaEnd(bounded[0].end).value(), 20);
}

}  // namespace
}  // namespace semel::connectors
