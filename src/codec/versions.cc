// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "codec/versions.h"

#include <fmt/format.h>
#include <lz4.h>
#include <snappy.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

namespace semel::codec {

std::vector<std::string> LibraryVersions() {
  const unsigned xxhash = XXH_versionNumber();
  return {fmt::format("zstd {}", ZSTD_versionString()), fmt::format("lz4 {}", LZ4_versionString()),
          fmt::format("snappy {}.{}.{}", SNAPPY_MAJOR, SNAPPY_MINOR, SNAPPY_PATCHLEVEL),
          fmt::format("zlib {}", zlibVersion()),
          fmt::format("xxHash {}.{}.{}", xxhash / 10000, xxhash / 100 % 100, xxhash % 100)};
}

}  // namespace semel::codec
