// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/messages.h"

#include <algorithm>

#include "kafka/error_codes.h"

namespace semel::kafka {

namespace {

constexpr ApiRange kSpoken[] = {
    {Api::kFetch, "Fetch", 11, 16, 12},
    {Api::kListOffsets, "ListOffsets", 4, 8, 6},
    {Api::kMetadata, "Metadata", 9, 12, 9},
    {Api::kOffsetCommit, "OffsetCommit", 7, 8, 8},
    {Api::kOffsetFetch, "OffsetFetch", 5, 7, 6},
    {Api::kFindCoordinator, "FindCoordinator", 1, 3, 3},
    {Api::kSaslHandshake, "SaslHandshake", 1, 1, 100},
    {Api::kApiVersions, "ApiVersions", 0, 3, 3},
    {Api::kOffsetForLeaderEpoch, "OffsetForLeaderEpoch", 3, 4, 4},
    {Api::kSaslAuthenticate, "SaslAuthenticate", 1, 1, 2},
};

struct ErrorName {
  int16_t number;
  const char* name;
  bool retriable;
};

constexpr ErrorName kErrors[] = {
    {-1, "UNKNOWN_SERVER_ERROR", true},
    {1, "OFFSET_OUT_OF_RANGE", false},
    {2, "CORRUPT_MESSAGE", true},
    {3, "UNKNOWN_TOPIC_OR_PARTITION", true},
    {5, "LEADER_NOT_AVAILABLE", true},
    {6, "NOT_LEADER_OR_FOLLOWER", true},
    {7, "REQUEST_TIMED_OUT", true},
    {8, "BROKER_NOT_AVAILABLE", true},
    {9, "REPLICA_NOT_AVAILABLE", true},
    {13, "NETWORK_EXCEPTION", true},
    {14, "COORDINATOR_LOAD_IN_PROGRESS", true},
    {15, "COORDINATOR_NOT_AVAILABLE", true},
    {16, "NOT_COORDINATOR", true},
    {17, "INVALID_TOPIC_EXCEPTION", false},
    {29, "TOPIC_AUTHORIZATION_FAILED", false},
    {30, "GROUP_AUTHORIZATION_FAILED", false},
    {31, "CLUSTER_AUTHORIZATION_FAILED", false},
    {33, "UNSUPPORTED_SASL_MECHANISM", false},
    {34, "ILLEGAL_SASL_STATE", false},
    {35, "UNSUPPORTED_VERSION", false},
    {43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false},
    {56, "KAFKA_STORAGE_ERROR", true},
    {58, "SASL_AUTHENTICATION_FAILED", false},
    {74, "FENCED_LEADER_EPOCH", true},
    {75, "UNKNOWN_LEADER_EPOCH", true},
    {76, "UNSUPPORTED_COMPRESSION_TYPE", false},
    {78, "OFFSET_NOT_AVAILABLE", true},
    {88, "UNSTABLE_OFFSET_COMMIT", true},
    {89, "THROTTLING_QUOTA_EXCEEDED", true},
    {100, "UNKNOWN_TOPIC_ID", true},
    {103, "INCONSISTENT_TOPIC_ID", true},
};

const ErrorName* FindError(int16_t error) {
  const auto* it =
      std::find_if(std::begin(kErrors), std::end(kErrors), [error](const ErrorName& e) { return e.number == error; });
  return it == std::end(kErrors) ? nullptr : it;
}

Status Truncated(Api api) {
  return Status::Transient(kBadResponse,
                           fmt::format("the broker's {} answer ends too early or is damaged", RangeOf(api).name),
                           "check that bootstrap.servers names a Kafka listener of the right security.protocol");
}

// Calls `write_topic` once per run of equal topics in `items` and `write_partition` for each item.
template <typename Item, typename WriteTopic, typename WritePartition>
void GroupByTopic(WireWriter& out, const std::vector<Item>& items, WriteTopic write_topic,
                  WritePartition write_partition) {
  size_t topics = 0;
  for (size_t i = 0; i < items.size(); ++i) topics += i == 0 || items[i].topic != items[i - 1].topic;
  out.Array(topics);
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin;
    while (end < items.size() && items[end].topic == items[begin].topic) ++end;
    write_topic(items[begin]);
    out.Array(end - begin);
    for (; begin < end; ++begin) write_partition(items[begin]);
    out.Tags();
  }
}

}  // namespace

std::span<const ApiRange> SpokenApis() { return kSpoken; }

const ApiRange& RangeOf(Api api) {
  return *std::find_if(std::begin(kSpoken), std::end(kSpoken),
                       [api](const ApiRange& range) { return range.api == api; });
}

std::string BrokerErrorText(int16_t error) {
  const ErrorName* known = FindError(error);
  return known == nullptr ? fmt::format("error {}", error) : fmt::format("{} ({})", known->name, error);
}

bool IsRetriable(int16_t error) {
  const ErrorName* known = FindError(error);
  return known != nullptr && known->retriable;
}

std::string EncodeApiVersions(int16_t version) {
  WireWriter out(IsFlexible(Api::kApiVersions, version));
  if (version >= 3) {
    out.String("semel");
    out.String("1");
    out.Tags();
  }
  return out.Take();
}

Result<ApiVersionsResponse> DecodeApiVersions(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kApiVersions, version));
  ApiVersionsResponse response;
  response.error = in.Int16();
  for (size_t n = in.Array(); n > 0; --n) {
    ApiVersionsResponse::Range range{};
    range.api = in.Int16();
    range.lowest = in.Int16();
    range.highest = in.Int16();
    in.Tags();
    response.ranges.push_back(range);
  }
  if (!in.ok()) return Truncated(Api::kApiVersions);
  return response;
}

std::string EncodeMetadata(int16_t version, const std::vector<std::string>* topics) {
  WireWriter out(IsFlexible(Api::kMetadata, version));
  if (topics == nullptr) {
    out.NullString();  // a null array: all topics
  } else {
    out.Array(topics->size());
    for (const std::string& topic : *topics) {
      if (version >= 10) out.Id(TopicId{});
      out.String(topic);
      out.Tags();
    }
  }
  out.Bool(false);                     // allow_auto_topic_creation
  if (version <= 10) out.Bool(false);  // include_cluster_authorized_operations
  out.Bool(false);                     // include_topic_authorized_operations
  out.Tags();
  return out.Take();
}

Result<MetadataResponse> DecodeMetadata(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kMetadata, version));
  MetadataResponse response;
  in.Int32();  // throttle
  for (size_t n = in.Array(); n > 0; --n) {
    MetadataResponse::Broker broker;
    broker.id = in.Int32();
    broker.host = in.String();
    broker.port = static_cast<uint16_t>(in.Int32());
    in.String();  // rack
    in.Tags();
    response.brokers.push_back(std::move(broker));
  }
  in.String();  // cluster id
  in.Int32();   // controller
  for (size_t n = in.Array(); n > 0; --n) {
    MetadataResponse::Topic topic;
    topic.error = in.Int16();
    topic.name = in.String();
    if (version >= 10) topic.id = in.Id();
    topic.internal = in.Bool();
    for (size_t m = in.Array(); m > 0; --m) {
      MetadataResponse::Partition partition;
      partition.error = in.Int16();
      partition.index = in.Int32();
      partition.leader = in.Int32();
      partition.leader_epoch = in.Int32();
      for (int list = 0; list < 3; ++list)  // replicas, in-sync replicas, offline replicas
        for (size_t k = in.Array(); k > 0; --k) in.Int32();
      in.Tags();
      topic.partitions.push_back(partition);
    }
    in.Int32();  // authorized operations
    in.Tags();
    std::sort(topic.partitions.begin(), topic.partitions.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    response.topics.push_back(std::move(topic));
  }
  if (!in.ok()) return Truncated(Api::kMetadata);
  return response;
}

std::string EncodeListOffsets(int16_t version, bool read_committed, const std::vector<PartitionTime>& partitions) {
  WireWriter out(IsFlexible(Api::kListOffsets, version));
  out.Int32(-1);  // a client, no replica
  out.Int8(read_committed ? 1 : 0);
  GroupByTopic(
      out, partitions, [&out](const PartitionTime& p) { out.String(p.topic); },
      [&out](const PartitionTime& p) {
        out.Int32(p.partition);
        out.Int32(p.leader_epoch);
        out.Int64(p.timestamp);
        out.Tags();
      });
  out.Tags();
  return out.Take();
}

Result<std::vector<ListedOffset>> DecodeListOffsets(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kListOffsets, version));
  std::vector<ListedOffset> offsets;
  in.Int32();  // throttle
  for (size_t n = in.Array(); n > 0; --n) {
    const std::string topic(in.String());
    for (size_t m = in.Array(); m > 0; --m) {
      ListedOffset offset;
      offset.topic = topic;
      offset.partition = in.Int32();
      offset.error = in.Int16();
      in.Int64();  // timestamp of the record found
      offset.offset = in.Int64();
      in.Int32();  // its leader epoch
      in.Tags();
      offsets.push_back(std::move(offset));
    }
    in.Tags();
  }
  if (!in.ok()) return Truncated(Api::kListOffsets);
  return offsets;
}

std::string EncodeOffsetForLeaderEpoch(int16_t version, const std::vector<EpochQuestion>& questions) {
  WireWriter out(IsFlexible(Api::kOffsetForLeaderEpoch, version));
  out.Int32(-1);  // a client, no replica
  GroupByTopic(
      out, questions, [&out](const EpochQuestion& q) { out.String(q.topic); },
      [&out](const EpochQuestion& q) {
        out.Int32(q.partition);
        out.Int32(q.current_leader_epoch);
        out.Int32(q.leader_epoch);
        out.Tags();
      });
  out.Tags();
  return out.Take();
}

Result<std::vector<EpochAnswer>> DecodeOffsetForLeaderEpoch(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kOffsetForLeaderEpoch, version));
  std::vector<EpochAnswer> answers;
  in.Int32();  // throttle
  for (size_t n = in.Array(); n > 0; --n) {
    const std::string topic(in.String());
    for (size_t m = in.Array(); m > 0; --m) {
      EpochAnswer answer;
      answer.topic = topic;
      answer.error = in.Int16();
      answer.partition = in.Int32();
      answer.leader_epoch = in.Int32();
      answer.end_offset = in.Int64();
      in.Tags();
      answers.push_back(std::move(answer));
    }
    in.Tags();
  }
  if (!in.ok()) return Truncated(Api::kOffsetForLeaderEpoch);
  return answers;
}

std::string EncodeFindCoordinator(int16_t version, std::string_view group) {
  WireWriter out(IsFlexible(Api::kFindCoordinator, version));
  out.String(group);
  out.Int8(0);  // a consumer group
  out.Tags();
  return out.Take();
}

Result<CoordinatorResponse> DecodeFindCoordinator(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kFindCoordinator, version));
  CoordinatorResponse response;
  in.Int32();  // throttle
  response.error = in.Int16();
  in.String();  // error message
  response.node = in.Int32();
  response.host = in.String();
  response.port = static_cast<uint16_t>(in.Int32());
  in.Tags();
  if (!in.ok()) return Truncated(Api::kFindCoordinator);
  return response;
}

std::string EncodeOffsetCommit(int16_t version, std::string_view group, const std::vector<GroupOffset>& offsets) {
  WireWriter out(IsFlexible(Api::kOffsetCommit, version));
  out.String(group);
  out.Int32(-1);     // no generation: the group has no members, offsets are only noted
  out.String("");    // no member
  out.NullString();  // no instance
  GroupByTopic(
      out, offsets, [&out](const GroupOffset& o) { out.String(o.topic); },
      [&out](const GroupOffset& o) {
        out.Int32(o.partition);
        out.Int64(o.offset);
        out.Int32(o.leader_epoch);
        out.NullString();  // no note
        out.Tags();
      });
  out.Tags();
  return out.Take();
}

Result<std::vector<GroupOffset>> DecodeOffsetCommit(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kOffsetCommit, version));
  std::vector<GroupOffset> offsets;
  in.Int32();  // throttle
  for (size_t n = in.Array(); n > 0; --n) {
    const std::string topic(in.String());
    for (size_t m = in.Array(); m > 0; --m) {
      GroupOffset offset;
      offset.topic = topic;
      offset.partition = in.Int32();
      offset.error = in.Int16();
      in.Tags();
      offsets.push_back(std::move(offset));
    }
    in.Tags();
  }
  if (!in.ok()) return Truncated(Api::kOffsetCommit);
  return offsets;
}

std::string EncodeOffsetFetch(int16_t version, std::string_view group, const std::vector<GroupOffset>& partitions) {
  WireWriter out(IsFlexible(Api::kOffsetFetch, version));
  out.String(group);
  GroupByTopic(
      out, partitions, [&out](const GroupOffset& o) { out.String(o.topic); },
      [&out](const GroupOffset& o) { out.Int32(o.partition); });
  if (version >= 7) out.Bool(true);  // only stable offsets
  out.Tags();
  return out.Take();
}

Result<std::vector<GroupOffset>> DecodeOffsetFetch(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kOffsetFetch, version));
  std::vector<GroupOffset> offsets;
  in.Int32();  // throttle
  for (size_t n = in.Array(); n > 0; --n) {
    const std::string topic(in.String());
    for (size_t m = in.Array(); m > 0; --m) {
      GroupOffset offset;
      offset.topic = topic;
      offset.partition = in.Int32();
      offset.offset = in.Int64();
      offset.leader_epoch = in.Int32();
      in.String();  // note
      offset.error = in.Int16();
      in.Tags();
      offsets.push_back(std::move(offset));
    }
    in.Tags();
  }
  const int16_t error = in.Int16();
  if (!in.ok()) return Truncated(Api::kOffsetFetch);
  for (GroupOffset& offset : offsets)
    if (offset.error == 0) offset.error = error;
  if (offsets.empty() && error != 0) offsets.push_back({"", -1, -1, -1, error});
  return offsets;
}

std::string EncodeSaslHandshake(std::string_view mechanism) {
  WireWriter out(false);
  out.String(mechanism);
  return out.Take();
}

Result<SaslHandshakeResponse> DecodeSaslHandshake(std::string_view body) {
  WireReader in(body, false);
  SaslHandshakeResponse response;
  response.error = in.Int16();
  for (size_t n = in.Array(); n > 0; --n) response.mechanisms.emplace_back(in.String());
  if (!in.ok()) return Truncated(Api::kSaslHandshake);
  return response;
}

std::string EncodeSaslAuthenticate(std::string_view bytes) {
  WireWriter out(false);
  out.ByteString(bytes);
  return out.Take();
}

Result<SaslAuthenticateResponse> DecodeSaslAuthenticate(std::string_view body) {
  WireReader in(body, false);
  SaslAuthenticateResponse response;
  response.error = in.Int16();
  response.message = in.String();
  response.bytes = in.ByteString();
  in.Int64();  // session lifetime
  if (!in.ok()) return Truncated(Api::kSaslAuthenticate);
  return response;
}

int16_t FetchVersion(int16_t highest, const FetchRequest& request) {
  const bool by_name = std::any_of(request.partitions.begin(), request.partitions.end(),
                                   [](const FetchPartition& p) { return p.id == TopicId{}; });
  return by_name ? std::min<int16_t>(highest, 12) : highest;
}

std::string EncodeFetch(int16_t version, const FetchRequest& request) {
  WireWriter out(IsFlexible(Api::kFetch, version));
  if (version <= 14) out.Int32(-1);  // a client, no replica
  out.Int32(request.max_wait_ms);
  out.Int32(request.min_bytes);
  out.Int32(request.max_bytes);
  out.Int8(request.read_committed ? 1 : 0);
  out.Int32(0);   // no fetch session
  out.Int32(-1);  // … and none wanted
  GroupByTopic(
      out, request.partitions,
      [&out, version](const FetchPartition& p) { version >= 13 ? out.Id(p.id) : out.String(p.topic); },
      [&out, version](const FetchPartition& p) {
        out.Int32(p.partition);
        out.Int32(p.leader_epoch);
        out.Int64(p.offset);
        if (version >= 12) out.Int32(-1);  // last fetched epoch: for replicas
        out.Int64(-1);                     // log start offset: for replicas
        out.Int32(p.max_bytes);
        out.Tags();
      });
  out.Array(0);    // forgotten topics: sessions only
  out.String("");  // no rack
  out.Tags();
  return out.Take();
}

Result<FetchResponse> DecodeFetch(std::string_view body, int16_t version) {
  WireReader in(body, IsFlexible(Api::kFetch, version));
  FetchResponse response;
  response.throttle_ms = in.Int32();
  response.error = in.Int16();
  in.Int32();  // session
  for (size_t n = in.Array(); n > 0; --n) {
    FetchedPartition head;
    if (version >= 13) {
      head.id = in.Id();
    } else {
      head.topic = in.String();
    }
    for (size_t m = in.Array(); m > 0; --m) {
      FetchedPartition partition = head;
      partition.partition = in.Int32();
      partition.error = in.Int16();
      partition.high_watermark = in.Int64();
      partition.last_stable_offset = in.Int64();
      partition.log_start_offset = in.Int64();
      for (size_t k = in.Array(); k > 0; --k) {
        AbortedTransaction aborted;
        aborted.producer_id = in.Int64();
        aborted.first_offset = in.Int64();
        in.Tags();
        partition.aborted.push_back(aborted);
      }
      in.Int32();  // preferred read replica
      partition.records = in.ByteString();
      in.Tags();
      response.partitions.push_back(std::move(partition));
    }
    in.Tags();
  }
  in.Tags();
  if (!in.ok()) return Truncated(Api::kFetch);
  return response;
}

}  // namespace semel::kafka
