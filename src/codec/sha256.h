// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// SHA-256 (FIPS 180-4).
#pragma once

#include <string>
#include <string_view>

namespace semel::codec {

// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view data);

}  // namespace semel::codec
