// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/format/records.h"

#include <gtest/gtest.h>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/sealed_file.h"
#include "codec/bytes_io.h"
#include "codec/crc32c.h"

namespace semel::checkpoint {
namespace {

Marker SomeMarker(uint64_t n) { return {"lineage", Epoch(n), Generation(2), 10 * n, std::string(32, 'f')}; }

Manifest SomeManifest() {
  Manifest m;
  m.lineage = "lineage";
  m.attempt = {Epoch(7), Generation(2)};
  m.parent = {Epoch(6), Generation(1)};
  m.fingerprint = "abc";
  m.time_zone = "UTC";
  m.created_micros = 123456789;
  m.snapshot.epoch = Epoch(7);
  m.snapshot.splits = {{"scan", "purchases-0", "offset=5", "", -5, false},
                       {"scan", "purchases-1", "offset=9", "offset=9", 7, true}};
  m.snapshot.segments = {{"op", "segments/7-2-1", 100, std::string(64, 'a'), 0, 127, 3, "delta"}};
  m.snapshot.sinks = {{"t", {"payload", std::string("\0x", 2)}, 70, std::string(32, '0')}};
  m.snapshot.watermarks = {{"op", kNoWatermark}};
  m.snapshot.books = {{"scan/read", 70}};
  m.expected = {{"t", SomeMarker(6)}, {"u", std::nullopt}};
  m.ancestry = {{Generation(1), Epoch(1), Epoch(6)}, {Generation(2), Epoch(7), Epoch(7)}};
  return m;
}

TEST(RecordsTest, EveryRecordRoundTrips) {
  const Manifest m = SomeManifest();
  const Manifest back = DecodeManifest(EncodeManifest(m), "m").value();
  EXPECT_EQ(EncodeManifest(back), EncodeManifest(m));
  EXPECT_EQ(back.snapshot.splits, m.snapshot.splits);
  EXPECT_EQ(back.snapshot.segments, m.snapshot.segments);
  EXPECT_EQ(back.snapshot.sinks, m.snapshot.sinks);
  EXPECT_EQ(back.expected, m.expected);
  EXPECT_EQ(back.ancestry, m.ancestry);
  const Pin pin{"l", {Epoch(3), Generation(1)}};
  EXPECT_EQ(DecodePin(EncodePin(pin), "p").value(), pin);
  const Claim claim{"host/1", 5, 0xffffffffffffffff};
  EXPECT_EQ(DecodeClaim(EncodeClaim(claim), "c").value(), claim);
  const Lineage lineage{"u", "p", {Epoch(1), Generation(1)}, "UTC", 9, {{"t", SomeMarker(1)}, {"v", std::nullopt}}};
  EXPECT_EQ(DecodeLineage(EncodeLineage(lineage), "l").value(), lineage);
  const std::vector<Receipt> receipts{
      {"l", {Epoch(1), Generation(1)}, 5, {{"t", SomeMarker(1), "snapshot 5"}}, m.snapshot.splits, {{"a/b", 1}}}};
  EXPECT_EQ(DecodeReceipts(EncodeReceipts(receipts), "r").value(), receipts);
}

TEST(RecordsTest, EverySingleBitFlipIsDetected) {
  const std::string files[] = {EncodeManifest(SomeManifest()), EncodePin({"l", {Epoch(3), Generation(1)}}),
                               EncodeClaim({"h", 1, 2}), EncodeLineage({"u", "", {}, "UTC", 1, {}}),
                               EncodeReceipts({Receipt{"l", {}, 1, {}, {}, {}}})};
  for (const std::string& file : files) {
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
      std::string flipped = file;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(DecodeManifest(flipped, "f").ok() || DecodePin(flipped, "f").ok() ||
                   DecodeClaim(flipped, "f").ok() || DecodeLineage(flipped, "f").ok() ||
                   DecodeReceipts(flipped, "f").ok())
          << bit;
    }
  }
}

TEST(RecordsTest, CutAndExtendedFilesAreRefused) {
  const std::string file = EncodeManifest(SomeManifest());
  for (size_t n = 0; n < file.size(); ++n)
    EXPECT_TRUE(DecodeManifest(file.substr(0, n), "f").status().is(StatusKind::kCorrupt));
  EXPECT_FALSE(DecodeManifest(file + "x", "f").ok());
  EXPECT_FALSE(DecodePin(file, "f").ok()) << "another kind of file";
}

TEST(RecordsTest, ANewerFormatIsRefusedByName) {
  std::string file = EncodePin({"l", {Epoch(3), Generation(1)}});
  file[8] = 2;
  const uint32_t crc = codec::Crc32c(std::string_view(file).substr(kSealBytes), codec::Crc32c(file.substr(0, 24)));
  file.replace(24, 4, std::string(reinterpret_cast<const char*>(&crc), 4));
  const Status status = DecodePin(file, "bases/0000000001").status();
  EXPECT_EQ(status.code(), kNewerFormat);
  EXPECT_NE(status.message().find("bases/0000000001"), std::string::npos);
}

TEST(RecordsTest, FieldsThatDoNotFitAreRefusedEvenWithAGoodChecksum) {
  const std::string good = EncodeManifest(SomeManifest());
  const std::string payload = good.substr(kSealBytes);
  for (size_t n = 0; n < payload.size(); ++n)
    EXPECT_FALSE(DecodeManifest(Seal(kManifestMagic, payload.substr(0, n)), "f").ok()) << n;
}

}  // namespace
}  // namespace semel::checkpoint
