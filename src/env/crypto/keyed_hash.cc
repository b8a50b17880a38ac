// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/crypto/keyed_hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace semel::env {

namespace {

const EVP_MD* Algorithm(HashKind kind) { return kind == HashKind::kSha256 ? EVP_sha256() : EVP_sha512(); }

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string Hash(HashKind kind, std::string_view data) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  SEMEL_CHECK(EVP_Digest(data.data(), data.size(), out, &size, Algorithm(kind), nullptr) == 1, "OpenSSL has no SHA-2");
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string KeyedHash(HashKind kind, std::string_view key, std::string_view data) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  SEMEL_CHECK(
      HMAC(Algorithm(kind), key.data(), static_cast<int>(key.size()), Bytes(data), data.size(), out, &size) != nullptr,
      "OpenSSL has no HMAC");
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string StretchPassword(HashKind kind, std::string_view password, std::string_view salt, int iterations) {
  const int size = EVP_MD_size(Algorithm(kind));
  std::string out(static_cast<size_t>(size), '\0');
  SEMEL_CHECK(
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Bytes(salt), static_cast<int>(salt.size()),
                        iterations, Algorithm(kind), size, reinterpret_cast<unsigned char*>(out.data())) == 1,
      "OpenSSL has no PBKDF2");
  return out;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), Bytes(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string DecodeBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), Bytes(text), static_cast<int>(text.size())) < 0)
    return {};
  size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace semel::env
