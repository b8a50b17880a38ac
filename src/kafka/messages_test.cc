// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/messages.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "kafka/error_codes.h"

namespace semel::kafka {
namespace {

// Worked out by hand from the message definitions.
TEST(Messages, FetchRequestBytes) {
  FetchRequest request;
  request.max_wait_ms = 500;
  request.min_bytes = 1;
  request.max_bytes = 0x100;
  request.partitions = {{"ab", {}, 3, 5, 9, 0x40}};
  request.partitions[0].id[15] = 0x11;
  EXPECT_EQ(HexEncode(EncodeFetch(11, request)),
            "ffffffff"
            "000001f4"
            "00000001"
            "00000100"
            "01"
            "00000000"
            "ffffffff"  // replica, wait, min, max, isolation, session
            "00000001"
            "00026162"
            "00000001"
            "00000003"
            "00000005"
            "0000000000000009"
            "ffffffffffffffff"
            "00000040"
            "00000000"
            "0000");
  EXPECT_EQ(HexEncode(EncodeFetch(16, request)),
            "000001f4"
            "00000001"
            "00000100"
            "01"
            "00000000"
            "ffffffff"
            "02"
            "00000000000000000000000000000011"
            "02"
            "00000003"
            "00000005"
            "0000000000000009"
            "ffffffff"
            "ffffffffffffffff"
            "00000040"
            "00"
            "00"
            "01"
            "01"
            "00");
}

TEST(Messages, MetadataRequestBytes) {
  const std::vector<std::string> topics = {"ab"};
  EXPECT_EQ(HexEncode(EncodeMetadata(9, &topics)),
            "02"
            "036162"
            "00"
            "00"
            "00"
            "00"
            "00");
  EXPECT_EQ(HexEncode(EncodeMetadata(12, &topics)),
            "02"
            "00000000000000000000000000000000"
            "036162"
            "00"
            "00"
            "00"
            "00");
  EXPECT_EQ(HexEncode(EncodeMetadata(12, nullptr)),
            "00"
            "00"
            "00"
            "00");
}

TEST(Messages, FetchAnswerWithAbortedTransactions) {
  WireWriter out(true);
  out.Int32(12);  // throttle
  out.Int16(0);
  out.Int32(0);
  out.Array(1);
  TopicId id{};
  id[0] = 0xab;
  out.Id(id);
  out.Array(1);
  out.Int32(2);
  out.Int16(0);
  out.Int64(100);
  out.Int64(90);
  out.Int64(10);
  out.Array(1);
  out.Int64(77);
  out.Int64(50);
  out.Tags();
  out.Int32(-1);
  out.ByteString("records");
  out.Tags();
  out.Tags();
  out.Tags();
  const std::string body = out.Take();
  const FetchResponse response = DecodeFetch(body, 13).value();
  EXPECT_EQ(response.throttle_ms, 12);
  ASSERT_EQ(response.partitions.size(), 1u);
  const FetchedPartition& partition = response.partitions[0];
  EXPECT_EQ(partition.id, id);
  EXPECT_EQ(partition.partition, 2);
  EXPECT_EQ(partition.high_watermark, 100);
  EXPECT_EQ(partition.last_stable_offset, 90);
  ASSERT_EQ(partition.aborted.size(), 1u);
  EXPECT_EQ(partition.aborted[0].producer_id, 77);
  EXPECT_EQ(partition.aborted[0].first_offset, 50);
  EXPECT_EQ(partition.records, "records");
  // Cut anywhere, an answer is refused and never read past its end.
  for (size_t keep = 0; keep < body.size(); ++keep)
    EXPECT_FALSE(DecodeFetch(std::string_view(body).substr(0, keep), 13).ok()) << keep;
}

TEST(Messages, AHugeCountIsNoReasonToAllocate) {
  WireWriter out(false);
  out.Int32(0);
  out.Int32(0x7fffffff);
  EXPECT_EQ(DecodeListOffsets(out.Take(), 4).status().code(), kBadResponse);
}

TEST(Messages, TopicIdsAreThirtyTwoHexDigits) {
  TopicId id{};
  id[0] = 0x0f;
  id[15] = 0xa0;
  EXPECT_EQ(ParseTopicId(TopicIdText(id)), id);
  EXPECT_FALSE(ParseTopicId("0f"));
  EXPECT_FALSE(ParseTopicId(std::string(32, 'g')));
}

}  // namespace
}  // namespace semel::kafka
