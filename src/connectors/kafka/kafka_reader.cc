// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/kafka_reader.h"

namespace semel::connectors {

namespace {

// Keeps alive what the records of a chunk look into.
struct ChunkBuffers {
  std::shared_ptr<kafka::AnswerBuffer> answer;
  std::vector<std::shared_ptr<std::string>> unpacked;
};

}  // namespace

Status KafkaReader::AddSplits(const std::vector<SplitProgress>& splits) {
  std::vector<kafka::PartitionStart> starts;
  for (const SplitProgress& progress : splits) {
    SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(progress.split));
    SEMEL_ASSIGN_OR_RETURN(KafkaPosition position, KafkaPosition::Parse(progress.position));
    int64_t stop = kafka::kNoStop;
    if (!progress.end.empty()) {
      SEMEL_ASSIGN_OR_RETURN(stop, ParseKafkaEnd(progress.end));
    }
    splits_[{split.topic, split.partition}] = {progress.split, position};
    if (progress.finished) continue;
    starts.push_back({split.topic, position.topic_id, split.partition, position.offset, position.leader_epoch, stop});
  }
  if (!starts.empty()) fetcher_.Add(starts);
  return Status::Ok();
}

Result<std::optional<Chunk>> KafkaReader::Poll(Micros wait) {
  if (last_answer_ != nullptr && last_answer_.use_count() == 1) fetcher_.Recycle(std::move(last_answer_));
  last_answer_.reset();
  SEMEL_ASSIGN_OR_RETURN(std::optional<kafka::FetchedSet> set, fetcher_.Poll(wait));
  if (!set) return std::optional<Chunk>();
  Split& split = splits_.at({set->topic, set->partition});
  split.position.offset = set->set.next_offset;
  split.position.leader_epoch = set->set.leader_epoch;
  Chunk chunk;
  chunk.split = split.name;
  chunk.position_after = split.position.ToString();
  chunk.at_end = set->at_end;
  chunk.records.reserve(set->set.records.size());
  for (const kafka::Record& record : set->set.records) {
    if (!record.has_value) continue;  // a tombstone is no row of an append-only table, as in Flink
    formats::Record out;
    out.key = record.key;
    out.value = record.value;
    out.timestamp_micros = record.timestamp_ms < 0 ? -1 : record.timestamp_ms * 1000;
    out.position = record.offset;
    out.has_key = record.has_key;
    chunk.records.push_back(out);
  }
  last_answer_ = set->answer;
  chunk.buffer = std::make_shared<ChunkBuffers>(ChunkBuffers{std::move(set->answer), std::move(set->set.unpacked)});
  return std::optional<Chunk>(std::move(chunk));
}

std::vector<SplitLag> KafkaReader::Lag() {
  std::vector<SplitLag> lags;
  for (const kafka::PartitionLag& lag : fetcher_.Lags()) {
    const Split& split = splits_.at({lag.topic, lag.partition});
    lags.push_back(
        {split.name, lag.readable_end < 0 ? -1 : std::max<int64_t>(0, lag.readable_end - split.position.offset)});
  }
  return lags;
}

}  // namespace semel::connectors
