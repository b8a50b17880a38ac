// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "codec/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace semel::codec {

uint64_t Xxh3(std::string_view data, uint64_t seed) { return XXH3_64bits_withSeed(data.data(), data.size(), seed); }

Hash128 Xxh3_128(std::string_view data, uint64_t seed) {
  const XXH128_hash_t h = XXH3_128bits_withSeed(data.data(), data.size(), seed);
  return {h.low64, h.high64};
}

uint32_t Murmur3(std::string_view data, uint32_t seed) {
  constexpr uint32_t kC1 = 0xcc9e2d51, kC2 = 0x1b873593;
  uint32_t h = seed;
  const size_t blocks = data.size() / 4;
  for (size_t i = 0; i < blocks; ++i) {
    uint32_t k;
    std::memcpy(&k, data.data() + i * 4, 4);
    h ^= std::rotl(k * kC1, 15) * kC2;
    h = std::rotl(h, 13) * 5 + 0xe6546b64;
  }
  uint32_t k = 0;
  const unsigned char* tail = reinterpret_cast<const unsigned char*>(data.data()) + blocks * 4;
  for (size_t i = data.size() & 3; i > 0; --i) k = (k << 8) | tail[i - 1];
  if (data.size() & 3) h ^= std::rotl(k * kC1, 15) * kC2;
  h ^= static_cast<uint32_t>(data.size());
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

}  // namespace semel::codec
