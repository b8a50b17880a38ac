// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/scripted/scripted_brokers.h"

#include <algorithm>
#include <cstring>

#include "kafka/error_codes.h"

namespace semel::kafka {

namespace {

// An answer's array of topics, one per item: nothing says that a topic comes once.
template <typename Items, typename Write>
void OnePerTopic(WireWriter& out, const Items& items, Write write) {
  out.Array(items.size());
  for (const auto& item : items) {
    out.String(item.topic);
    out.Array(1);
    write(item);
    out.Tags();
    out.Tags();
  }
}

// A request's topics and partitions; `read` reads one partition.
template <typename Item, typename ReadTopic, typename Read>
std::vector<Item> ReadTopics(WireReader& in, ReadTopic read_topic, Read read) {
  std::vector<Item> items;
  for (size_t n = in.Array(); n > 0; --n) {
    Item head;
    read_topic(head);
    for (size_t m = in.Array(); m > 0; --m) {
      Item item = head;
      read(item);
      in.Tags();
      items.push_back(std::move(item));
    }
    in.Tags();
  }
  return items;
}

std::string ApiVersionsAnswer(int16_t version, const std::map<Api, int16_t>& highest) {
  WireWriter out(IsFlexible(Api::kApiVersions, version));
  out.Int16(0);
  out.Array(SpokenApis().size());
  for (const ApiRange& range : SpokenApis()) {
    const auto stop = highest.find(range.api);
    out.Int16(static_cast<int16_t>(range.api));
    out.Int16(0);
    out.Int16(stop == highest.end() ? range.highest : stop->second);
    out.Tags();
  }
  out.Int32(0);
  out.Tags();
  return out.Take();
}

std::string MetadataAnswer(int16_t version, const MetadataResponse& response) {
  WireWriter out(true);
  out.Int32(0);
  out.Array(response.brokers.size());
  for (const MetadataResponse::Broker& broker : response.brokers) {
    out.Int32(broker.id);
    out.String(broker.host);
    out.Int32(broker.port);
    out.NullString();
    out.Tags();
  }
  out.NullString();
  out.Int32(-1);
  out.Array(response.topics.size());
  for (const MetadataResponse::Topic& topic : response.topics) {
    out.Int16(topic.error);
    out.String(topic.name);
    if (version >= 10) out.Id(topic.id);
    out.Bool(topic.internal);
    out.Array(topic.partitions.size());
    for (const MetadataResponse::Partition& partition : topic.partitions) {
      out.Int16(partition.error);
      out.Int32(partition.index);
      out.Int32(partition.leader);
      out.Int32(partition.leader_epoch);
      for (int list = 0; list < 3; ++list) out.Array(0);
      out.Tags();
    }
    out.Int32(0);
    out.Tags();
  }
  if (version <= 10) out.Int32(0);
  out.Tags();
  return out.Take();
}

FetchRequest ReadFetch(int16_t version, std::string_view body) {
  WireReader in(body, IsFlexible(Api::kFetch, version));
  FetchRequest request;
  if (version <= 14) in.Int32();  // replica
  request.max_wait_ms = in.Int32();
  request.min_bytes = in.Int32();
  request.max_bytes = in.Int32();
  request.read_committed = in.Int8() == 1;
  in.Int32();  // session
  in.Int32();  // … and its epoch
  request.partitions = ReadTopics<FetchPartition>(
      in,
      [&](FetchPartition& p) {
        if (version >= 13) {
          p.id = in.Id();
        } else {
          p.topic = in.String();
        }
      },
      [&](FetchPartition& p) {
        p.partition = in.Int32();
        p.leader_epoch = in.Int32();
        p.offset = in.Int64();
        if (version >= 12) in.Int32();  // last fetched epoch
        in.Int64();                     // log start offset
        p.max_bytes = in.Int32();
      });
  SEMEL_CHECK(in.ok(), "a Fetch that the client wrote can be read");
  return request;
}

std::string FetchAnswer(int16_t version, const FetchResponse& response) {
  WireWriter out(IsFlexible(Api::kFetch, version));
  out.Int32(response.throttle_ms);
  out.Int16(response.error);
  out.Int32(0);  // session
  out.Array(response.partitions.size());
  for (const FetchedPartition& p : response.partitions) {
    if (version >= 13) {
      out.Id(p.id);
    } else {
      out.String(p.topic);
    }
    out.Array(1);
    out.Int32(p.partition);
    out.Int16(p.error);
    out.Int64(p.high_watermark);
    out.Int64(p.last_stable_offset);
    out.Int64(p.log_start_offset);
    out.Array(p.aborted.size());
    for (const AbortedTransaction& aborted : p.aborted) {
      out.Int64(aborted.producer_id);
      out.Int64(aborted.first_offset);
      out.Tags();
    }
    out.Int32(-1);  // preferred read replica
    out.ByteString(p.records);
    out.Tags();
    out.Tags();
  }
  out.Tags();
  return out.Take();
}

std::string ListOffsetsAnswer(int16_t version, const std::vector<ListedOffset>& offsets) {
  WireWriter out(IsFlexible(Api::kListOffsets, version));
  out.Int32(0);
  OnePerTopic(out, offsets, [&out](const ListedOffset& o) {
    out.Int32(o.partition);
    out.Int16(o.error);
    out.Int64(-1);
    out.Int64(o.offset);
    out.Int32(-1);
  });
  out.Tags();
  return out.Take();
}

std::string EpochsAnswer(int16_t version, const std::vector<EpochAnswer>& answers) {
  WireWriter out(IsFlexible(Api::kOffsetForLeaderEpoch, version));
  out.Int32(0);
  OnePerTopic(out, answers, [&out](const EpochAnswer& a) {
    out.Int16(a.error);
    out.Int32(a.partition);
    out.Int32(a.leader_epoch);
    out.Int64(a.end_offset);
  });
  out.Tags();
  return out.Take();
}

std::string CoordinatorAnswer(int16_t version, const CoordinatorResponse& coordinator) {
  WireWriter out(IsFlexible(Api::kFindCoordinator, version));
  out.Int32(0);
  out.Int16(coordinator.error);
  out.NullString();
  out.Int32(coordinator.node);
  out.String(coordinator.host);
  out.Int32(coordinator.port);
  out.Tags();
  return out.Take();
}

std::vector<PartitionTime> ReadListOffsets(int16_t version, std::string_view body) {
  WireReader in(body, IsFlexible(Api::kListOffsets, version));
  in.Int32();  // replica
  in.Int8();   // isolation
  return ReadTopics<PartitionTime>(
      in, [&](PartitionTime& p) { p.topic = in.String(); },
      [&](PartitionTime& p) {
        p.partition = in.Int32();
        p.leader_epoch = in.Int32();
        p.timestamp = in.Int64();
      });
}

std::vector<EpochQuestion> ReadEpochs(int16_t version, std::string_view body) {
  WireReader in(body, IsFlexible(Api::kOffsetForLeaderEpoch, version));
  in.Int32();  // replica
  return ReadTopics<EpochQuestion>(
      in, [&](EpochQuestion& q) { q.topic = in.String(); },
      [&](EpochQuestion& q) {
        q.partition = in.Int32();
        q.current_leader_epoch = in.Int32();
        q.leader_epoch = in.Int32();
      });
}

// What a group's coordinator says: every offset is noted.
std::string OffsetCommitAnswer(int16_t version, std::string_view body) {
  WireReader in(body, IsFlexible(Api::kOffsetCommit, version));
  in.String();  // group
  in.Int32();   // generation
  in.String();  // member
  in.String();  // instance
  const auto offsets = ReadTopics<GroupOffset>(
      in, [&](GroupOffset& o) { o.topic = in.String(); },
      [&](GroupOffset& o) {
        o.partition = in.Int32();
        o.offset = in.Int64();
        in.Int32();   // leader epoch
        in.String();  // note
      });
  WireWriter out(IsFlexible(Api::kOffsetCommit, version));
  out.Int32(0);
  OnePerTopic(out, offsets, [&out](const GroupOffset& o) {
    out.Int32(o.partition);
    out.Int16(0);
  });
  out.Tags();
  return out.Take();
}

}  // namespace

std::string ScriptedBrokers::Answer(int32_t node, Api api, int16_t version, std::string_view body) {
  switch (api) {
    case Api::kApiVersions:
      return ApiVersionsAnswer(version, highest);
    case Api::kMetadata:
      return MetadataAnswer(version, on_metadata(node));
    case Api::kListOffsets:
      return ListOffsetsAnswer(version, on_list(node, ReadListOffsets(version, body)));
    case Api::kOffsetForLeaderEpoch:
      return EpochsAnswer(version, on_epochs(node, ReadEpochs(version, body)));
    case Api::kFetch:
      return AnswerFetch(node, version, body);
    case Api::kFindCoordinator:
      return CoordinatorAnswer(version, on_coordinator(node));
    case Api::kOffsetCommit:
      return OffsetCommitAnswer(version, body);
    default:
      SEMEL_CHECK(false, "the script answers this request");
  }
  return {};
}

std::string ScriptedBrokers::AnswerFetch(int32_t node, int16_t version, std::string_view body) {
  const FetchAsk ask{node, version, ReadFetch(version, body)};
  const FetchResponse response = on_fetch(ask);
  const bool nothing =
      response.error == 0 && std::all_of(response.partitions.begin(), response.partitions.end(),
                                         [](const auto& p) { return p.error == 0 && p.records.empty(); });
  if (nothing) SleepFor(Micros(ask.request.max_wait_ms * 1000ll));
  return FetchAnswer(version, response);
}

Result<std::unique_ptr<env::Socket>> ScriptedBrokers::Connect(const std::string& host, uint16_t port,
                                                              const env::TlsOptions& tls, SteadyTime deadline) {
  (void)port, (void)tls, (void)deadline;
  const int32_t node = std::stoi(host.substr(1));
  if (is_up && !is_up(node)) return Status::Transient(kUnreachable, host + " is down", "let it come up");
  return std::unique_ptr<env::Socket>(std::make_unique<BrokerSocket>(*this, node));
}

Status ScriptedBrokers::BrokerSocket::Send(std::span<const std::string_view> parts, SteadyTime deadline) {
  (void)deadline;
  if (brokers_.is_up && !brokers_.is_up(node_))
    return Status::Unknown(kUnreachable, "the broker went down", "let it come up");
  std::string frame;
  for (const std::string_view part : parts) frame += part;
  codec::ByteReader in(frame);
  in.Big<int32_t>();  // length
  const auto api = static_cast<Api>(in.Big<int16_t>());
  const auto version = in.Big<int16_t>();
  const auto correlation = in.Big<int32_t>();
  in.Raw(static_cast<size_t>(in.Big<int16_t>()));  // client id
  if (IsFlexible(api, version)) in.U8();
  const std::string body = brokers_.Answer(node_, api, version, std::string_view(frame).substr(in.position()));
  const bool tags = IsFlexible(api, version) && api != Api::kApiVersions;
  codec::ByteWriter out;
  out.Big(static_cast<int32_t>(4 + (tags ? 1 : 0) + body.size()));
  out.Big(correlation);
  if (tags) out.U8(0);
  out.Raw(body);
  answers_ += out.bytes();
  return Status::Ok();
}

Result<size_t> ScriptedBrokers::BrokerSocket::Receive(std::span<char> out, SteadyTime deadline) {
  (void)deadline;
  const size_t n = std::min(out.size(), answers_.size());
  std::memcpy(out.data(), answers_.data(), n);
  answers_.erase(0, n);
  return n;
}

}  // namespace semel::kafka
