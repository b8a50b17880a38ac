// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Whole-buffer compression. Decompression has a limit, so that a small hostile input cannot fill the memory.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace semel::codec {

inline constexpr ErrorCode kBadCompression{5901, ExitCode::kData, "damaged compressed data"};

enum class Compression : uint8_t { kNone, kGzip, kSnappy, kLz4Frame, kZstd, kDeflateRaw };

// Corrupt if the data is damaged or unpacks to more than `limit` bytes. Snappy: plain or in xerial's framing (Kafka's
// Java client).
Result<std::string> Decompress(Compression kind, std::string_view data, size_t limit);
Result<std::string> Compress(Compression kind, std::string_view data);

}  // namespace semel::codec
