// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Hashes: XXH3 (xxHash specification 0.8) for tables and digests, Murmur3 x86 32-bit (Appleby) for Iceberg's bucket
// transform.
#pragma once

#include <cstdint>
#include <string_view>

namespace semel::codec {

uint64_t Xxh3(std::string_view data, uint64_t seed = 0);

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
};
Hash128 Xxh3_128(std::string_view data, uint64_t seed = 0);

uint32_t Murmur3(std::string_view data, uint32_t seed = 0);

}  // namespace semel::codec
