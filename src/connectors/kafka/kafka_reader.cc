// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/kafka_reader.h"

#include <algorithm>

namespace semel::connectors {

namespace {

// Keeps alive what the records of a chunk look into.
struct ChunkBuffers {
  std::shared_ptr<kafka::AnswerBuffer> answer;
  std::vector<std::shared_ptr<std::string>> unpacked;
  std::vector<kafka::BatchFacts> batches;
};

// The batch that holds the offset.
const kafka::BatchFacts& BatchOf(const std::vector<kafka::BatchFacts>& batches, int64_t offset) {
  const auto after = std::upper_bound(batches.begin(), batches.end(), offset,
                                      [](int64_t o, const kafka::BatchFacts& b) { return o < b.base_offset; });
  SEMEL_CHECK(after != batches.begin(), "a record lies in a batch");
  return *(after - 1);
}

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
  chunk.buffer = std::make_shared<ChunkBuffers>(
      ChunkBuffers{std::move(set->answer), std::move(set->set.unpacked), std::move(set->set.batches)});
  return std::optional<Chunk>(std::move(chunk));
}

Status KafkaReader::AppendMetadata(const std::string& key, const Chunk& chunk, std::span<const uint32_t> records,
                                   columnar::ColumnBuilder& out) {
  SEMEL_ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(chunk.split));
  const auto& batches = static_cast<const ChunkBuffers*>(chunk.buffer.get())->batches;
  for (const uint32_t i : records) {
    const formats::Record& record = chunk.records[i];
    if (key == "topic") {
      out.AppendString(split.topic);
    } else if (key == "partition") {
      out.AppendInt64(split.partition);
    } else if (key == "offset") {
      out.AppendInt64(record.position);
    } else if (key == "timestamp") {
      out.AppendInt64(record.timestamp_micros);
    } else if (key == "timestamp-type") {
      out.AppendString(record.timestamp_micros < 0                         ? "NoTimestampType"
                       : BatchOf(batches, record.position).log_append_time ? "LogAppendTime"
                                                                           : "CreateTime");
    } else if (key == "leader-epoch") {
      out.AppendInt64(BatchOf(batches, record.position).leader_epoch);
    } else {
      return SourceReader::AppendMetadata(key, chunk, records, out);
    }
  }
  return Status::Ok();
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
