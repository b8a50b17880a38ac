// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// SCRAM (RFC 5802, RFC 7677), the client's side: neither the password nor anything that could stand for it is sent, and
// the broker has to prove that it knows it too.
#pragma once

#include <string>

#include "base/status.h"
#include "env/crypto/keyed_hash.h"

namespace semel::kafka {

// One exchange: First, Final with what the broker answered, Verify with what it answered to that.
class ScramClient {
 public:
  // `nonce`: printable, without commas, never used before.
  ScramClient(env::HashKind hash, std::string user, std::string password, std::string nonce);

  std::string First() const { return "n,," + first_bare_; }
  // Invalid: the answer is none, or asks for fewer than 4,096 rounds.
  Result<std::string> Final(std::string_view server_first);
  // Invalid: the broker refuses, or does not know the password itself.
  Status Verify(std::string_view server_final) const;

 private:
  const env::HashKind hash_;
  const std::string password_;
  const std::string nonce_;
  std::string first_bare_;
  std::string server_signature_;
};

}  // namespace semel::kafka
