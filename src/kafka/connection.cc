// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/connection.h"

#include <algorithm>

#include "kafka/error_codes.h"
#include "kafka/scram.h"

namespace semel::kafka {

namespace {

constexpr size_t kPadding = 64;
constexpr size_t kMaxAnswerBytes = 1u << 30;

// Flexible answers carry tagged fields in their header, except ApiVersions', which must be readable before anything is
// known.
bool HeaderHasTags(Api api, int16_t version) { return IsFlexible(api, version) && api != Api::kApiVersions; }

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(env::Env& env, const Endpoint& endpoint,
                                                     const ConnectionOptions& options) {
  env::TlsOptions tls = options.tls;
  tls.server_name = endpoint.host;
  const SteadyTime deadline = env.Steady() + options.connect_timeout;
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::Socket> socket, env.Connect(endpoint.host, endpoint.port, tls, deadline));
  std::unique_ptr<Connection> connection(new Connection(env, std::move(socket), options, endpoint.ToString()));
  SEMEL_RETURN_IF_ERROR(connection->Negotiate());
  if (!options.sasl_mechanism.empty()) SEMEL_RETURN_IF_ERROR(connection->Authenticate());
  return connection;
}

// Asks with the highest version; a broker that does not know it says so in version 0.
Status Connection::Negotiate() {
  int16_t version = RangeOf(Api::kApiVersions).highest;
  ApiVersionsResponse response;
  while (true) {
    SEMEL_RETURN_IF_ERROR(Send(Api::kApiVersions, version, EncodeApiVersions(version)));
    AnswerBuffer answer;
    SEMEL_RETURN_IF_ERROR(Receive(Api::kApiVersions, version, answer, options_.connect_timeout));
    const bool refused = answer.size >= 2 && WireReader(answer.body(), false).Int16() ==
                                                 static_cast<int16_t>(BrokerError::kUnsupportedVersion);
    if (refused && version > 0) {
      version = 0;
      continue;
    }
    SEMEL_ASSIGN_OR_RETURN(response, DecodeApiVersions(answer.body(), version));
    break;
  }
  for (const ApiRange& mine : SpokenApis()) {
    const auto theirs = std::find_if(response.ranges.begin(), response.ranges.end(),
                                     [&mine](const auto& r) { return r.api == static_cast<int16_t>(mine.api); });
    if (mine.api == Api::kApiVersions) continue;
    const bool sasl = mine.api == Api::kSaslHandshake || mine.api == Api::kSaslAuthenticate;
    if (theirs == response.ranges.end() && sasl && options_.sasl_mechanism.empty()) continue;
    if (theirs == response.ranges.end() || theirs->highest < mine.lowest || theirs->lowest > mine.highest)
      return Status::Invalid(
          kOldBroker,
          fmt::format("{} does not speak {} in a version from {} to {}", peer_, mine.name, mine.lowest, mine.highest),
          "Kafka 2.4 or newer is needed");
    versions_[mine.api] = std::min(mine.highest, theirs->highest);
  }
  return Status::Ok();
}

Status Connection::Authenticate() {
  SEMEL_ASSIGN_OR_RETURN(std::string handshake,
                         Call(Api::kSaslHandshake, EncodeSaslHandshake(options_.sasl_mechanism)));
  SEMEL_ASSIGN_OR_RETURN(SaslHandshakeResponse offered, DecodeSaslHandshake(handshake));
  if (offered.error != 0) {
    std::string mechanisms;
    for (const std::string& m : offered.mechanisms) mechanisms += (mechanisms.empty() ? "" : ", ") + m;
    return Status::Invalid(kAuthentication,
                           fmt::format("{} does not accept SASL mechanism {}", peer_, options_.sasl_mechanism),
                           "it accepts: " + mechanisms);
  }
  if (options_.sasl_mechanism != "PLAIN") return AuthenticateByScram();
  std::string token;
  token += '\0';
  token += options_.sasl_username;
  token += '\0';
  token += options_.sasl_password;
  return Exchange(token).status();
}

Status Connection::AuthenticateByScram() {
  const env::HashKind hash =
      options_.sasl_mechanism == "SCRAM-SHA-512" ? env::HashKind::kSha512 : env::HashKind::kSha256;
  ScramClient client(hash, options_.sasl_username, options_.sasl_password,
                     fmt::format("{:016x}{:016x}", env_.Random(), env_.Random()));
  SEMEL_ASSIGN_OR_RETURN(std::string challenge, Exchange(client.First()));
  SEMEL_ASSIGN_OR_RETURN(std::string proof, client.Final(challenge));
  SEMEL_ASSIGN_OR_RETURN(std::string last, Exchange(proof));
  return client.Verify(last).WithContext(peer_);
}

Result<std::string> Connection::Exchange(std::string_view message) {
  SEMEL_ASSIGN_OR_RETURN(std::string answer, Call(Api::kSaslAuthenticate, EncodeSaslAuthenticate(message)));
  SEMEL_ASSIGN_OR_RETURN(SaslAuthenticateResponse response, DecodeSaslAuthenticate(answer));
  if (response.error != 0)
    return Status::Invalid(kAuthentication,
                           fmt::format("{} refuses user '{}': {}", peer_, options_.sasl_username, response.message),
                           "check 'properties.sasl.jaas.config'");
  return std::move(response.bytes);
}

Status Connection::Send(Api api, int16_t version, std::string_view body) {
  codec::ByteWriter head;
  const bool flexible = IsFlexible(api, version);
  const size_t head_bytes = 2 + 2 + 4 + 2 + options_.client_id.size() + (flexible ? 1 : 0);
  head.Big(static_cast<int32_t>(head_bytes + body.size()));
  head.Big(static_cast<int16_t>(api));
  head.Big(version);
  head.Big(next_correlation_++);
  head.Big(static_cast<int16_t>(options_.client_id.size()));
  head.Raw(options_.client_id);
  if (flexible) head.U8(0);
  const std::string_view parts[] = {head.bytes(), body};
  return socket_->Send(parts, env_.Steady() + options_.request_timeout).WithContext("sending to " + peer_);
}

Status Connection::Fill(std::span<char> out, SteadyTime deadline) {
  while (!out.empty()) {
    SEMEL_ASSIGN_OR_RETURN(size_t n, socket_->Receive(out, deadline));
    if (n == 0)
      return Status::Transient(kBadResponse, fmt::format("{} closed the connection", peer_),
                               "if it happens at every start, the listener may want another security.protocol");
    out = out.subspan(n);
  }
  return Status::Ok();
}

// The length and the correlation id; returns the bytes that follow.
Result<size_t> Connection::ReceiveHead(SteadyTime deadline) {
  char head[8];
  SEMEL_RETURN_IF_ERROR(Fill(head, deadline));
  codec::ByteReader in({head, sizeof(head)});
  const auto length = in.Big<int32_t>();
  const auto correlation = in.Big<int32_t>();
  if (length < 4 || static_cast<size_t>(length) > kMaxAnswerBytes)
    return Status::Transient(kBadResponse, fmt::format("{} does not answer like a Kafka broker", peer_),
                             "check bootstrap.servers and 'properties.security.protocol'");
  if (correlation != next_answer_)
    return Status::Transient(kBadResponse,
                             fmt::format("{} answers request {} instead of {}", peer_, correlation, next_answer_),
                             "a proxy between may mix up answers; connect to the broker directly");
  ++next_answer_;
  return static_cast<size_t>(length) - 4;
}

Status Connection::Receive(Api api, int16_t version, AnswerBuffer& buffer, Micros timeout) {
  const SteadyTime deadline = env_.Steady() + timeout;
  SEMEL_ASSIGN_OR_RETURN(size_t length, ReceiveHead(deadline));
  // Tagged fields of the header: none are defined, their count is one zero byte.
  if (HeaderHasTags(api, version) && length > 0) {
    char tags = 0;
    SEMEL_RETURN_IF_ERROR(Fill({&tags, 1}, deadline));
    --length;
    if (tags != 0)
      return Status::Transient(kBadResponse, fmt::format("{} sends header fields that are not known", peer_),
                               "report this with the broker's version");
  }
  if (buffer.bytes.size() < length + kPadding) buffer.bytes.resize(length + kPadding);
  buffer.size = length;
  return Fill({buffer.bytes.data(), length}, deadline);
}

Result<std::string> Connection::Call(Api api, int16_t version, std::string_view body) {
  SEMEL_RETURN_IF_ERROR(Send(api, version, body));
  AnswerBuffer buffer;
  SEMEL_RETURN_IF_ERROR(Receive(api, version, buffer, options_.request_timeout));
  return std::string(buffer.body());
}

}  // namespace semel::kafka
