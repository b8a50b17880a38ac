// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Hashes for authentication, by OpenSSL. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace semel::env {

enum class HashKind : uint8_t { kSha256, kSha512 };

// The raw bytes of the hash: 32 or 64.
std::string Hash(HashKind kind, std::string_view data);
// HMAC (RFC 2104).
std::string KeyedHash(HashKind kind, std::string_view key, std::string_view data);
// PBKDF2 (RFC 8018) with HMAC, as many bytes as the hash has.
std::string StretchPassword(HashKind kind, std::string_view password, std::string_view salt, int iterations);

std::string EncodeBase64(std::string_view bytes);
// Empty if the text is no Base64.
std::string DecodeBase64(std::string_view text);

}  // namespace semel::env
