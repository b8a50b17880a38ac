// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A reader of Kafka splits: what the fetcher brings, as chunks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/api/source.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/kafka_position.h"

namespace semel::connectors {

class KafkaReader final : public SourceReader {
 public:
  KafkaReader(env::Env& env, const KafkaOptions& options) : fetcher_(env, options.cluster, options.fetch) {}
  ~KafkaReader() override { fetcher_.Close(); }

  Result<std::optional<Chunk>> Poll(Micros wait) override;
  Status AppendMetadata(const std::string& key, const Chunk& chunk, std::span<const uint32_t> records,
                        columnar::ColumnBuilder& out) override;
  Status AddSplits(const std::vector<SplitProgress>& splits) override;
  std::vector<SplitLag> Lag() override;
  void Close() override { fetcher_.Close(); }

 private:
  struct Split {
    std::string name;
    KafkaPosition position;  // of what was handed out
  };
  kafka::Fetcher fetcher_;
  std::map<std::pair<std::string, int32_t>, Split> splits_;
  std::shared_ptr<kafka::AnswerBuffer>
      last_answer_;  // of the chunk handed out last; used again once nobody looks into it
};

}  // namespace semel::connectors
