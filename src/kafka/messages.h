// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The requests and answers that reading needs, as plain data, and their wire forms (Apache Kafka, "Protocol guide"; the
// message definitions of each version are public JSON files of the project). For each request the versions spoken are
// listed in docs/formats/kafka-wire.md; the highest that both sides know is used.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "kafka/wire.h"

namespace semel::kafka {

enum class Api : int16_t {
  kFetch = 1,
  kListOffsets = 2,
  kMetadata = 3,
  kOffsetCommit = 8,
  kOffsetFetch = 9,
  kFindCoordinator = 10,
  kSaslHandshake = 17,
  kApiVersions = 18,
  kOffsetForLeaderEpoch = 23,
  kSaslAuthenticate = 36,
};

// What Semel speaks of one API.
struct ApiRange {
  Api api;
  const char* name;
  int16_t lowest;
  int16_t highest;
  int16_t first_flexible;
};

std::span<const ApiRange> SpokenApis();
const ApiRange& RangeOf(Api api);
inline bool IsFlexible(Api api, int16_t version) { return version >= RangeOf(api).first_flexible; }

// Error numbers that are treated one by one; the others are reported by number and name.
enum class BrokerError : int16_t {
  kUnknownServerError = -1,
  kNone = 0,
  kOffsetOutOfRange = 1,
  kUnknownTopicOrPartition = 3,
  kLeaderNotAvailable = 5,
  kNotLeader = 6,
  kRequestTimedOut = 7,
  kBrokerNotAvailable = 8,
  kReplicaNotAvailable = 9,
  kNetworkException = 13,
  kCoordinatorLoading = 14,
  kCoordinatorNotAvailable = 15,
  kNotCoordinator = 16,
  kTopicAuthorizationFailed = 29,
  kGroupAuthorizationFailed = 30,
  kUnsupportedVersion = 35,
  kStorageError = 56,
  kFencedLeaderEpoch = 74,
  kUnknownLeaderEpoch = 75,
  kOffsetNotAvailable = 78,
  kUnknownTopicId = 100,
  kInconsistentTopicId = 103,
};
// "NOT_LEADER_OR_FOLLOWER (6)".
std::string BrokerErrorText(int16_t error);
// True for errors that pass by themselves or after new metadata.
bool IsRetriable(int16_t error);

// --- ApiVersions
std::string EncodeApiVersions(int16_t version);
struct ApiVersionsResponse {
  struct Range {
    int16_t api, lowest, highest;
  };
  int16_t error = 0;
  std::vector<Range> ranges;
};
Result<ApiVersionsResponse> DecodeApiVersions(std::string_view body, int16_t version);

// --- Metadata. No topics: all of them.
struct MetadataResponse {
  struct Broker {
    int32_t id = -1;
    std::string host;
    uint16_t port = 0;
  };
  struct Partition {
    int16_t error = 0;
    int32_t index = 0;
    int32_t leader = -1;
    int32_t leader_epoch = -1;
    bool stale = false;  // older than what was seen before: the leader is left out (Cluster)
  };
  struct Topic {
    int16_t error = 0;
    std::string name;
    TopicId id{};
    bool internal = false;
    std::vector<Partition> partitions;
  };
  std::vector<Broker> brokers;
  std::vector<Topic> topics;
};
std::string EncodeMetadata(int16_t version, const std::vector<std::string>* topics);
Result<MetadataResponse> DecodeMetadata(std::string_view body, int16_t version);

// --- ListOffsets
inline constexpr int64_t kLatestTimestamp = -1;
inline constexpr int64_t kEarliestTimestamp = -2;
inline constexpr int64_t kMaxTimestamp = -3;            // the record with the latest timestamp, from version 7 on
inline constexpr int64_t kEarliestLocalTimestamp = -4;  // where the broker's own disk begins, from version 8 on
struct PartitionTime {
  std::string topic;
  int32_t partition = 0;
  int32_t leader_epoch = -1;
  int64_t timestamp = kLatestTimestamp;  // milliseconds, or one of those above
};
struct ListedOffset {
  std::string topic;
  int32_t partition = 0;
  int16_t error = 0;
  int64_t offset = -1;
};
std::string EncodeListOffsets(int16_t version, bool read_committed, const std::vector<PartitionTime>& partitions);
Result<std::vector<ListedOffset>> DecodeListOffsets(std::string_view body, int16_t version);

// --- OffsetForLeaderEpoch
struct EpochQuestion {
  std::string topic;
  int32_t partition = 0;
  int32_t current_leader_epoch = -1;
  int32_t leader_epoch = 0;
};
struct EpochAnswer {
  std::string topic;
  int32_t partition = 0;
  int16_t error = 0;
  int32_t leader_epoch = -1;
  int64_t end_offset = -1;
};
std::string EncodeOffsetForLeaderEpoch(int16_t version, const std::vector<EpochQuestion>& questions);
Result<std::vector<EpochAnswer>> DecodeOffsetForLeaderEpoch(std::string_view body, int16_t version);

// --- Consumer groups (for people's dashboards, and 'group-offsets' as a start)
std::string EncodeFindCoordinator(int16_t version, std::string_view group);
struct CoordinatorResponse {
  int16_t error = 0;
  int32_t node = -1;
  std::string host;
  uint16_t port = 0;
};
Result<CoordinatorResponse> DecodeFindCoordinator(std::string_view body, int16_t version);

struct GroupOffset {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  int16_t error = 0;
};
std::string EncodeOffsetCommit(int16_t version, std::string_view group, const std::vector<GroupOffset>& offsets);
// One entry per partition, with its error.
Result<std::vector<GroupOffset>> DecodeOffsetCommit(std::string_view body, int16_t version);
std::string EncodeOffsetFetch(int16_t version, std::string_view group, const std::vector<GroupOffset>& partitions);
Result<std::vector<GroupOffset>> DecodeOffsetFetch(std::string_view body, int16_t version);

// --- SASL
std::string EncodeSaslHandshake(std::string_view mechanism);
struct SaslHandshakeResponse {
  int16_t error = 0;
  std::vector<std::string> mechanisms;
};
Result<SaslHandshakeResponse> DecodeSaslHandshake(std::string_view body);
std::string EncodeSaslAuthenticate(std::string_view bytes);
struct SaslAuthenticateResponse {
  int16_t error = 0;
  std::string message;
  std::string bytes;
};
Result<SaslAuthenticateResponse> DecodeSaslAuthenticate(std::string_view body);

// --- Fetch
struct FetchPartition {
  std::string topic;
  TopicId id{};
  int32_t partition = 0;
  int32_t leader_epoch = -1;
  int64_t offset = 0;
  int32_t max_bytes = 1 << 20;
};
struct FetchRequest {
  int32_t max_wait_ms = 500;
  int32_t min_bytes = 1;
  int32_t max_bytes = 50 << 20;
  bool read_committed = true;
  std::vector<FetchPartition> partitions;  // those of a topic side by side
};
// The version to send it in: by id from 13 on, so a topic without one (a cluster that does not keep ids yet, whatever
// its brokers speak) needs 12.
int16_t FetchVersion(int16_t highest, const FetchRequest& request);
std::string EncodeFetch(int16_t version, const FetchRequest& request);

struct AbortedTransaction {
  int64_t producer_id = 0;
  int64_t first_offset = 0;
};
struct FetchedPartition {
  std::string_view topic;  // by name up to version 12
  TopicId id{};            // by id from version 13
  int32_t partition = 0;
  int16_t error = 0;
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  int64_t log_start_offset = -1;
  std::vector<AbortedTransaction> aborted;
  std::string_view records;  // into the answer
};
struct FetchResponse {
  int32_t throttle_ms = 0;
  int16_t error = 0;
  std::vector<FetchedPartition> partitions;
};
Result<FetchResponse> DecodeFetch(std::string_view body, int16_t version);

}  // namespace semel::kafka
