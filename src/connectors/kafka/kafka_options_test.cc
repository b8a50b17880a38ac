// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/kafka_options.h"

#include <gtest/gtest.h>

#include "connectors/kafka/kafka_position.h"
#include "kafka/error_codes.h"

namespace semel::connectors {
namespace {

plan::Options With(plan::Options more) {
  plan::Options with = {{"topic", "purchases"},
                        {"properties.bootstrap.servers", "127.0.0.1:9092"},
                        {"scan.startup.mode", "earliest-offset"},
                        {"format", "json"}};
  for (auto& [key, value] : more) with[key] = value;
  return with;
}

TEST(KafkaOptions, DefaultsAreReadCommittedAndFiveMinutes) {
  const KafkaOptions options = ParseKafkaOptions(With({})).value();
  EXPECT_TRUE(options.fetch.read_committed);
  EXPECT_EQ(options.discovery_interval, Micros(300'000'000));
  EXPECT_EQ(options.end.mode, OffsetMode::kUnbounded);
  ASSERT_EQ(options.cluster.bootstrap.size(), 1u);
  EXPECT_EQ(options.cluster.bootstrap[0].port, 9092);
}

TEST(KafkaOptions, SeveralTopicsAndBrokers) {
  const KafkaOptions options =
      ParseKafkaOptions(With({{"topic", "b; a;b"}, {"properties.bootstrap.servers", "h1:1, PLAINTEXT://h2:2,[::1]:3"}}))
          .value();
  EXPECT_EQ(options.topics, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(options.cluster.bootstrap.size(), 3u);
  EXPECT_EQ(options.cluster.bootstrap[1].host, "h2");
  EXPECT_EQ(options.cluster.bootstrap[2].host, "::1");
}

TEST(KafkaOptions, SpecificOffsets) {
  const KafkaOptions options =
      ParseKafkaOptions(With({{"scan.startup.mode", "specific-offsets"},
                              {"scan.startup.specific-offsets", "partition:0,offset:42;partition:3,offset:7"}}))
          .value();
  EXPECT_EQ(options.start.specific, (std::map<int32_t, int64_t>{{0, 42}, {3, 7}}));
}

TEST(KafkaOptions, EveryBadOptionIsRefusedByName) {
  const std::vector<std::pair<plan::Options, std::string>> cases = {
      {{{"topic", ""}}, "'topic'"},
      {{{"topic-pattern", "p.*"}}, "'topic-pattern'"},
      {{{"topic", ""}, {"topic-pattern", "("}}, "topic-pattern"},
      {{{"properties.bootstrap.servers", "localhost"}}, "bootstrap.servers"},
      {{{"properties.bootstrap.servers", "h:99999"}}, "bootstrap.servers"},
      {{{"properties.bootstrap.servers", ""}}, "no broker"},
      {{{"scan.startup.mode", "newest"}}, "scan.startup.mode"},
      {{{"scan.startup.mode", "unbounded"}}, "scan.startup.mode"},
      {{{"scan.bounded.mode", "earliest-offset"}}, "scan.bounded.mode"},
      {{{"scan.startup.mode", "timestamp"}}, "scan.startup.mode"},
      {{{"scan.startup.mode", "specific-offsets"}, {"scan.startup.specific-offsets", "0:42"}}, "specific-offsets"},
      {{{"scan.startup.mode", "group-offsets"}}, "group-offsets"},
      {{{"properties.isolation.level", "dirty"}}, "isolation.level"},
      {{{"properties.auto.offset.reset", "later"}}, "auto.offset.reset"},
      {{{"properties.fetch.min.bytes", "many"}}, "fetch.min.bytes"},
      {{{"properties.security.protocol", "TELNET"}}, "security.protocol"},
      {{{"properties.security.protocol", "SASL_SSL"}, {"properties.sasl.mechanism", "GSSAPI"}}, "sasl.mechanism"},
      {{{"properties.security.protocol", "SASL_SSL"}}, "jaas"},
      {{{"properties.ssl.truststore.type", "JKS"}}, "truststore.type"},
  };
  for (const auto& [more, name] : cases) {
    const Status status = ParseKafkaOptions(With(more)).status();
    ASSERT_EQ(status.code(), kafka::kBadKafkaOption) << name;
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
    EXPECT_FALSE(status.hint().empty());
  }
}

TEST(KafkaOptions, PlainCredentialsComeFromTheLoginModule) {
  const KafkaOptions options =
      ParseKafkaOptions(
          With({{"properties.security.protocol", "SASL_PLAINTEXT"},
                {"properties.sasl.jaas.config",
                 "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p w\";"}}))
          .value();
  EXPECT_EQ(options.cluster.connection.sasl_username, "u");
  EXPECT_EQ(options.cluster.connection.sasl_password, "p w");
  EXPECT_FALSE(options.cluster.connection.tls.enabled);
}

TEST(KafkaOptions, PropertiesWithoutEffectAreNamed) {
  EXPECT_EQ(ParseKafkaOptions(With({{"properties.linger.ms", "5"}})).value().without_effect,
            (std::vector<std::string>{"properties.linger.ms"}));
}

TEST(KafkaPosition, SurvivesItsText) {
  KafkaPosition position;
  position.offset = 42;
  position.leader_epoch = 3;
  position.topic_id[0] = 0xfe;
  const KafkaPosition again = KafkaPosition::Parse(position.ToString()).value();
  EXPECT_EQ(again.offset, 42);
  EXPECT_EQ(again.leader_epoch, 3);
  EXPECT_EQ(again.topic_id, position.topic_id);
  for (const char* bad : {"", "offset=;epoch=1;topic=", "offset=-1;epoch=1;topic=00000000000000000000000000000000",
                          "offset=1;epoch=x;topic=00000000000000000000000000000000", "offset=1;epoch=1;topic=00",
                          "offset=1 ;epoch=1;topic=00000000000000000000000000000000"})
    EXPECT_EQ(KafkaPosition::Parse(bad).status().code(), kafka::kBadKafkaPosition) << bad;
}

TEST(KafkaPosition, APartitionFollowsTheLastDash) {
  const KafkaSplit split = KafkaSplit::Parse("a-b-12").value();
  EXPECT_EQ(split.topic, "a-b");
  EXPECT_EQ(split.partition, 12);
  EXPECT_EQ(split.ToString(), "a-b-12");
  EXPECT_FALSE(KafkaSplit::Parse("purchases").ok());
  EXPECT_FALSE(KafkaSplit::Parse("purchases-x").ok());
}

}  // namespace
}  // namespace semel::connectors
