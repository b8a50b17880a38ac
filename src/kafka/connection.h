// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// One connection to one broker: versions negotiated, authenticated, requests answered in order.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/api/env.h"
#include "kafka/messages.h"

namespace semel::kafka {

struct Endpoint {
  std::string host;
  uint16_t port = 9092;
  std::string ToString() const { return host + ":" + std::to_string(port); }
};

// How connections are secured (Kafka's security.protocol) and named.
struct ConnectionOptions {
  std::string client_id = "semel";
  env::TlsOptions tls;         // server_name is filled per broker
  std::string sasl_mechanism;  // "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", or empty: no authentication
  std::string sasl_username;
  std::string sasl_password;
  Micros request_timeout{30'000'000};
  Micros connect_timeout{5'000'000};
};

// The bytes of an answer: `size` of them are the body, 64 more are readable.
struct AnswerBuffer {
  std::vector<char> bytes;
  size_t size = 0;
  std::string_view body() const { return {bytes.data(), size}; }
};

// One strand at a time, except Close.
class Connection {
 public:
  // Connects, authenticates and learns the broker's versions. Transient if it cannot be reached or answers nonsense,
  // Invalid if it is too old or refuses the credentials.
  static Result<std::unique_ptr<Connection>> Open(env::Env& env, const Endpoint& endpoint,
                                                  const ConnectionOptions& options);

  // The highest version that both sides speak.
  int16_t Version(Api api) const { return versions_.at(api); }
  // Sends `body`, encoded in `version`, which is Version(api) or less.
  Status Send(Api api, int16_t version, std::string_view body);
  // Receives the answer to the oldest request into `buffer` (its memory is used again). The connection is useless after
  // a failure.
  Status Receive(Api api, int16_t version, AnswerBuffer& buffer, Micros timeout);
  // Send and Receive.
  Result<std::string> Call(Api api, int16_t version, std::string_view body);
  // Ends the stream: pending calls of the owner fail. Any strand.
  void Close() { socket_->Close(); }

 private:
  Connection(env::Env& env, std::unique_ptr<env::Socket> socket, const ConnectionOptions& options, std::string peer)
      : env_(env), socket_(std::move(socket)), options_(options), peer_(std::move(peer)) {}
  Status Negotiate();
  Status Authenticate();
  Status AuthenticateByScram();
  // One message of the mechanism and its answer. Invalid: the broker refuses.
  Result<std::string> Exchange(std::string_view message);
  Result<std::string> Call(Api api, std::string_view body) { return Call(api, Version(api), body); }
  Status Fill(std::span<char> out, SteadyTime deadline);
  Result<size_t> ReceiveHead(SteadyTime deadline);

  env::Env& env_;
  std::unique_ptr<env::Socket> socket_;
  const ConnectionOptions& options_;
  const std::string peer_;
  std::map<Api, int16_t> versions_;
  int32_t next_correlation_ = 1;
  int32_t next_answer_ = 1;
};

}  // namespace semel::kafka
