// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Positions and ends of Kafka splits as checkpoints keep them (docs/formats/kafka-positions.md).
#pragma once

#include <string>

#include "base/status.h"
#include "kafka/wire.h"

namespace semel::connectors {

// "offset=42;epoch=3;topic=<32 hex digits>": the next offset, the leader epoch of the last record before it (-1: none),
// the topic's id.
struct KafkaPosition {
  int64_t offset = 0;
  int32_t leader_epoch = -1;
  kafka::TopicId topic_id{};

  std::string ToString() const;
  // Corrupt if the text is not of this form.
  static Result<KafkaPosition> Parse(const std::string& text);
};

// "offset=42", exclusive.
std::string KafkaEndText(int64_t offset);
Result<int64_t> ParseKafkaEnd(const std::string& text);

// "purchases-1" ↔ topic and partition. The partition is what follows the last '-'.
struct KafkaSplit {
  std::string topic;
  int32_t partition = 0;

  std::string ToString() const;
  static Result<KafkaSplit> Parse(const std::string& text);
};

}  // namespace semel::connectors
