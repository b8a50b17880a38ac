// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720 appendix B.4), by the SSE4.2 instruction where the
// processor has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace semel::codec {

// The checksum of `data`, continuing from `crc` (0 to begin).
uint32_t Crc32c(std::string_view data, uint32_t crc = 0);
// The table-driven form, for processors without the instruction and for tests of the other.
uint32_t Crc32cPortable(std::string_view data, uint32_t crc = 0);

}  // namespace semel::codec
