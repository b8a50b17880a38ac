// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The WITH options of a Kafka table (Flink's names) as values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kafka/fetcher.h"
#include "plan/physical.h"

namespace semel::connectors {

// Where reading starts ('scan.startup.mode') or ends ('scan.bounded.mode').
enum class OffsetMode : uint8_t { kEarliest, kLatest, kGroup, kTimestamp, kSpecific, kUnbounded };

struct OffsetRule {
  OffsetMode mode = OffsetMode::kUnbounded;
  int64_t timestamp_ms = 0;
  std::map<int32_t, int64_t> specific;  // partition → offset
};

enum class ResetPolicy : uint8_t { kNone, kEarliest, kLatest };

struct KafkaOptions {
  kafka::ClusterOptions cluster;
  kafka::FetchOptions fetch;
  std::vector<std::string> topics;  // empty: by `topic_pattern`
  std::string topic_pattern;
  OffsetRule start;
  OffsetRule end;
  ResetPolicy reset = ResetPolicy::kNone;  // for 'group-offsets' where the group has none
  std::string group;                       // empty: none
  bool commit_group_offsets = true;
  Micros discovery_interval{300'000'000};   // 0: never
  std::vector<std::string> without_effect;  // properties that Semel does not know
};

// Invalid with the option's name if a value cannot be read or options contradict each other.
Result<KafkaOptions> ParseKafkaOptions(const plan::Options& with);

}  // namespace semel::connectors
