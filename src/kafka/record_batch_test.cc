// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/record_batch.h"

#include <gtest/gtest.h>

#include "kafka/error_codes.h"
#include "kafka/scripted/scripted_batch.h"

namespace semel::kafka {
namespace {

std::string Encode(const ScriptedBatch& batch) { return EncodeBatch(batch); }

std::vector<std::string> Values(const RecordSet& set) {
  std::vector<std::string> values;
  for (const Record& record : set.records) values.push_back(fmt::format("{}:{}", record.offset, record.value));
  return values;
}

using Strings = std::vector<std::string>;

TEST(RecordBatch, EveryCodecGivesTheSameRecords) {
  for (int compression = 0; compression <= 4; ++compression) {
    const std::string bytes = Encode({100, {"a", "b", "c"}, compression});
    RecordSetRequest request;
    request.bytes = bytes;
    request.first_offset = 100;
    const RecordSet set = ReadRecordSet(request).value();
    EXPECT_EQ(Values(set), (Strings{"100:a", "101:b", "102:c"})) << compression;
    EXPECT_EQ(set.next_offset, 103);
    EXPECT_EQ(set.leader_epoch, 7);
    EXPECT_EQ(set.records[2].timestamp_ms, 1'020);
    EXPECT_EQ(set.records[2].key, "kc");
  }
}

TEST(RecordBatch, RecordsBeforeTheStartAndFromTheStopOnAreLeftOut) {
  const std::string bytes = Encode({100, {"a", "b", "c", "d"}}) + Encode({104, {"e"}});
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 101;
  request.stop_offset = 103;
  const RecordSet set = ReadRecordSet(request).value();
  EXPECT_EQ(Values(set), (Strings{"101:b", "102:c"}));
  EXPECT_EQ(set.next_offset, 103);
}

TEST(RecordBatch, HolesOfCompactionAreSteppedOver) {
  ScriptedBatch compacted{100, {"a"}};
  compacted.last_offset_delta = 49;
  const std::string bytes = Encode(compacted) + Encode({170, {"b"}});
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 100;
  const RecordSet set = ReadRecordSet(request).value();
  EXPECT_EQ(Values(set), (Strings{"100:a", "170:b"}));
  EXPECT_EQ(set.next_offset, 171);
}

TEST(RecordBatch, ABatchCutOffAtTheEndWaitsForTheNextFetch) {
  const std::string whole = Encode({100, {"a"}});
  const std::string cut = Encode({101, {"bbbbbbbbbb"}});
  for (size_t keep = 0; keep < cut.size(); ++keep) {
    const std::string bytes = whole + cut.substr(0, keep);
    RecordSetRequest request;
    request.bytes = bytes;
    request.first_offset = 100;
    const RecordSet set = ReadRecordSet(request).value();
    EXPECT_EQ(set.next_offset, 101) << keep;
    EXPECT_EQ(set.records.size(), 1u);
  }
}

TEST(RecordBatch, AbortedTransactionsAndControlRecordsAreLeftOutOfReadCommitted) {
  const auto data = [](int64_t offset, int64_t producer, std::string value) {
    return Encode({offset, {std::move(value)}, 0, true, false, false, producer});
  };
  const auto marker = [](int64_t offset, int64_t producer, bool commit) {
    return Encode({offset, {}, 0, true, true, commit, producer});
  };
  // Producer 1 aborts (100, 102), then commits (104); producer 2 commits what lies between; 106 has no transaction.
  const std::string bytes = data(100, 1, "gone") + data(101, 2, "kept") + marker(102, 1, false) + marker(103, 2, true) +
                            data(104, 1, "again") + marker(105, 1, true) + Encode({106, {"plain"}});
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 100;
  request.aborted = {{1, 100}};
  EXPECT_EQ(Values(ReadRecordSet(request).value()), (Strings{"101:kept", "104:again", "106:plain"}));
  // Going on in the middle of the aborted transaction gives the same rest.
  request.bytes = std::string_view(bytes).substr(data(100, 1, "gone").size());
  request.first_offset = 101;
  EXPECT_EQ(Values(ReadRecordSet(request).value()), (Strings{"101:kept", "104:again", "106:plain"}));
  request.read_committed = false;
  request.bytes = bytes;
  request.first_offset = 100;
  const RecordSet all = ReadRecordSet(request).value();
  EXPECT_EQ(Values(all), (Strings{"100:gone", "101:kept", "104:again", "106:plain"}));
  EXPECT_EQ(all.next_offset, 107);
}

// The broker names the aborted transactions of the range that was asked for, so one whose marker comes first is named
// although nothing of its data is there: the marker has to close it, or the producer's next transaction is dropped.
TEST(RecordBatch, AnAnswerThatBeginsAtAnAbortMarkerKeepsTheNextTransaction) {
  const std::string marker = Encode({110, {}, 0, true, true, false, 1});
  const std::string next = Encode({111, {"a", "b"}, 0, true, false, false, 1});
  const std::string bytes = marker + next + Encode({113, {}, 0, true, true, true, 1});
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 110;
  request.aborted = {{1, 100}};
  const RecordSet set = ReadRecordSet(request).value();
  EXPECT_EQ(Values(set), (Strings{"111:a", "112:b"}));
  EXPECT_EQ(set.next_offset, 114);
}

// Likewise where other producers' markers lie between, and where the transaction that is aborted next is named too.
TEST(RecordBatch, EachMarkerClosesTheAbortedTransactionsBeforeItOnly) {
  const auto data = [](int64_t offset, int64_t producer, std::string value) {
    return Encode({offset, {std::move(value)}, 0, true, false, false, producer});
  };
  const auto marker = [](int64_t offset, int64_t producer, bool commit) {
    return Encode({offset, {}, 0, true, true, commit, producer});
  };
  const std::string bytes = marker(100, 2, true) + marker(101, 1, false) + data(102, 1, "kept") + marker(103, 1, true) +
                            data(104, 1, "gone") + marker(105, 1, false) + data(106, 1, "last");
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 100;
  request.aborted = {{1, 90}, {1, 104}};
  EXPECT_EQ(Values(ReadRecordSet(request).value()), (Strings{"102:kept", "106:last"}));
}

TEST(RecordBatch, APartitionThatEndsInAControlRecordIsReadToItsEnd) {
  const std::string bytes = Encode({100, {"a"}, 0, true, false, false, 1}) + Encode({101, {}, 0, true, true, true, 1});
  RecordSetRequest request;
  request.bytes = bytes;
  request.first_offset = 100;
  request.stop_offset = 102;
  EXPECT_EQ(ReadRecordSet(request).value().next_offset, 102);
}

TEST(RecordBatch, TheNextRecordLiesAtTheFirstBatchThatReachesTheOffset) {
  const std::string bytes = Encode({100, {"a", "b"}}) + Encode({150, {"c"}});
  EXPECT_EQ(NextRecordOffset(bytes, 100), 100);
  EXPECT_EQ(NextRecordOffset(bytes, 101), 101);
  EXPECT_EQ(NextRecordOffset(bytes, 102), 150);
  EXPECT_EQ(NextRecordOffset(bytes, 151), 151);  // a batch may have been cut off behind
  EXPECT_EQ(NextRecordOffset(std::string_view(bytes).substr(0, 20), 102), 102);
  EXPECT_EQ(NextRecordOffset("", 102), -1);
}

TEST(RecordBatch, EveryFlippedByteIsRefusedOrHarmless) {
  const std::string good = Encode({100, {"aaaa", "bbbb"}});
  RecordSetRequest request;
  request.first_offset = 100;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    request.bytes = bytes;
    const Result<RecordSet> set = ReadRecordSet(request);
    // The checksum covers everything from the attributes on; the base offset, the length and the leader epoch lie
    // before it.
    if (at >= 16) {
      EXPECT_FALSE(set.ok()) << at;
    } else if (set.ok() && at >= 12) {
      EXPECT_EQ(set->records.size(), 2u) << at;
    }
  }
}

TEST(RecordBatch, OldFormatsAreRefusedByName) {
  std::string bytes = Encode({100, {"a"}});
  bytes[16] = 1;
  RecordSetRequest request;
  request.bytes = bytes;
  EXPECT_EQ(ReadRecordSet(request).status().code(), kOldBatch);
}

}  // namespace
}  // namespace semel::kafka
