// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/kafka_position.h"

#include <charconv>

#include "base/text.h"
#include "kafka/error_codes.h"

namespace semel::connectors {

namespace {

Status Bad(const std::string& text) {
  return Status::Corrupt(kafka::kBadKafkaPosition, fmt::format("'{}' is no position in a Kafka partition", text),
                         "the checkpoint is of another version or damaged");
}

// The number after `prefix`; false if the text is anything else.
template <typename T>
bool ReadNumber(std::string_view text, std::string_view prefix, T& out) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string KafkaPosition::ToString() const {
  return fmt::format("offset={};epoch={};topic={}", offset, leader_epoch, kafka::TopicIdText(topic_id));
}

Result<KafkaPosition> KafkaPosition::Parse(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ';');
  KafkaPosition position;
  if (parts.size() != 3 || !ReadNumber(parts[0], "offset=", position.offset) ||
      !ReadNumber(parts[1], "epoch=", position.leader_epoch) || position.offset < 0 || parts[2].rfind("topic=", 0) != 0)
    return Bad(text);
  const std::optional<kafka::TopicId> id = kafka::ParseTopicId(std::string_view(parts[2]).substr(6));
  if (!id) return Bad(text);
  position.topic_id = *id;
  return position;
}

std::string KafkaEndText(int64_t offset) { return fmt::format("offset={}", offset); }

Result<int64_t> ParseKafkaEnd(const std::string& text) {
  int64_t offset = -1;
  if (!ReadNumber(text, "offset=", offset) || offset < 0) return Bad(text);
  return offset;
}

std::string KafkaSplit::ToString() const { return fmt::format("{}-{}", topic, partition); }

Result<KafkaSplit> KafkaSplit::Parse(const std::string& text) {
  const size_t dash = text.rfind('-');
  KafkaSplit split;
  if (dash == std::string::npos || !ReadNumber(std::string_view(text).substr(dash), "-", split.partition) ||
      split.partition < 0)
    return Bad(text);
  split.topic = text.substr(0, dash);
  return split;
}

}  // namespace semel::connectors
