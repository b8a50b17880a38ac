// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/scram.h"

#include <cstdlib>

#include "base/text.h"
#include "kafka/error_codes.h"

namespace semel::kafka {

namespace {

constexpr int kFewestIterations = 4096;  // RFC 7677, section 4
constexpr int kMostIterations = 10'000'000;

// The attribute `name` of "a=x,b=y"; empty if it is not there.
std::string Attribute(std::string_view message, char name) {
  for (const std::string& part : Split(message, ','))
    if (part.size() > 2 && part[0] == name && part[1] == '=') return part.substr(2);
  return {};
}

std::string EscapeName(std::string_view user) {
  std::string text;
  for (const char c : user) {
    if (c == '=') {
      text += "=3D";
    } else if (c == ',') {
      text += "=2C";
    } else {
      text += c;
    }
  }
  return text;
}

Status BadServer(const std::string& what) {
  return Status::Invalid(kAuthentication, what, "check that 'properties.bootstrap.servers' names the right cluster");
}

}  // namespace

ScramClient::ScramClient(env::HashKind hash, std::string user, std::string password, std::string nonce)
    : hash_(hash),
      password_(std::move(password)),
      nonce_(std::move(nonce)),
      first_bare_("n=" + EscapeName(user) + ",r=" + nonce_) {}

Result<std::string> ScramClient::Final(std::string_view server_first) {
  const std::string nonce = Attribute(server_first, 'r');
  const std::string salt = env::DecodeBase64(Attribute(server_first, 's'));
  const int iterations = std::atoi(Attribute(server_first, 'i').c_str());
  if (nonce.size() <= nonce_.size() || nonce.rfind(nonce_, 0) != 0 || salt.empty())
    return BadServer("the broker's SCRAM challenge is none");
  if (iterations < kFewestIterations || iterations > kMostIterations)
    return BadServer(fmt::format("the broker asks for {} rounds of SCRAM, at least {} and at most {} are sane",
                                 iterations, kFewestIterations, kMostIterations));
  const std::string salted = env::StretchPassword(hash_, password_, salt, iterations);
  const std::string without_proof = "c=biws,r=" + nonce;  // biws: "n,," in Base64
  const std::string signed_text = first_bare_ + "," + std::string(server_first) + "," + without_proof;
  const std::string client_key = env::KeyedHash(hash_, salted, "Client Key");
  std::string proof = env::KeyedHash(hash_, env::Hash(hash_, client_key), signed_text);
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
  server_signature_ = env::KeyedHash(hash_, env::KeyedHash(hash_, salted, "Server Key"), signed_text);
  return without_proof + ",p=" + env::EncodeBase64(proof);
}

Status ScramClient::Verify(std::string_view server_final) const {
  if (const std::string error = Attribute(server_final, 'e'); !error.empty())
    return Status::Invalid(kAuthentication, "the broker refuses: " + error, "check 'properties.sasl.jaas.config'");
  if (server_signature_.empty() || env::DecodeBase64(Attribute(server_final, 'v')) != server_signature_)
    return BadServer("the broker does not prove that it knows the password");
  return Status::Ok();
}

}  // namespace semel::kafka
