// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <gtest/gtest.h>

#include "codec/bytes_io.h"
#include "codec/compression.h"
#include "codec/crc32c.h"
#include "codec/hash.h"
#include "codec/sha256.h"

namespace semel::codec {
namespace {

TEST(Crc32cTest, PublishedVectors) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720 B.4
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Crc32c(text), Crc32cPortable(text)) << i;
    EXPECT_EQ(Crc32c(text.substr(text.size() / 3), Crc32c(text.substr(0, text.size() / 3))), Crc32c(text));
    text += static_cast<char>(i * 37);
  }
}

TEST(Sha256Test, PublishedVectors) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HashTest, MurmurMatchesIcebergsTable) {
  auto signed_hash = [](std::string_view v) { return static_cast<int32_t>(Murmur3(v)); };
  const int64_t thirty_four = 34;
  EXPECT_EQ(signed_hash({reinterpret_cast<const char*>(&thirty_four), 8}), 2017239379);
  EXPECT_EQ(signed_hash("iceberg"), 1210000089);
  EXPECT_EQ(signed_hash(std::string_view("\x00\x01\x02\x03", 4)), -188683207);
}

TEST(BytesTest, RoundTripsAndNeverReadsPastTheEnd) {
  ByteWriter w;
  w.U8(7), w.Little<uint32_t>(1), w.Big<uint16_t>(258), w.Varint(300), w.Zigzag(-3), w.Text("text"),
      w.Zigzag(INT64_MIN);
  ByteReader r(w.bytes());
  EXPECT_EQ(r.U8(), 7);
  EXPECT_EQ(r.Little<uint32_t>(), 1u);
  EXPECT_EQ(r.Big<uint16_t>(), 258);
  EXPECT_EQ(r.Varint(), 300u);
  EXPECT_EQ(r.Zigzag(), -3);
  EXPECT_EQ(r.Text(), "text");
  EXPECT_EQ(r.Zigzag(), INT64_MIN);
  EXPECT_TRUE(r.ok() && r.at_end());
  EXPECT_EQ(r.Little<uint64_t>(), 0u);
  EXPECT_FALSE(r.ok());
  for (size_t n = 0; n < w.bytes().size(); ++n) {
    ByteReader cut(std::string_view(w.bytes()).substr(0, n));
    cut.U8(), cut.Little<uint32_t>(), cut.Big<uint16_t>(), cut.Varint(), cut.Zigzag(), cut.Text(), cut.Zigzag();
    EXPECT_FALSE(cut.ok()) << n;
  }
  ByteReader hostile(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9));
  EXPECT_EQ(hostile.Text(), "");
  EXPECT_FALSE(hostile.ok());
}

TEST(CompressionTest, EveryCodecRoundTripsAndRefusesDamage) {
  std::string data;
  for (int i = 0; i < 20000; ++i) data += "purchase " + std::to_string(i % 977) + ";";
  for (Compression kind : {Compression::kNone, Compression::kGzip, Compression::kSnappy, Compression::kLz4Frame,
                           Compression::kZstd, Compression::kDeflateRaw}) {
    const std::string packed = Compress(kind, data).value();
    EXPECT_EQ(Decompress(kind, packed, data.size()).value(), data);
    if (kind == Compression::kNone) continue;
    EXPECT_LT(packed.size(), data.size() / 2);
    EXPECT_FALSE(Decompress(kind, packed.substr(0, packed.size() / 2), data.size()).ok()) << static_cast<int>(kind);
    EXPECT_FALSE(Decompress(kind, packed, data.size() - 1).ok()) << "the limit holds";
    EXPECT_EQ(Decompress(kind, Compress(kind, "").value(), 10).value(), "");
  }
}

}  // namespace
}  // namespace semel::codec
