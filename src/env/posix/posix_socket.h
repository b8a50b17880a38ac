// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <memory>
#include <string>

#include "env/api/env.h"

struct addrinfo;

namespace semel::env {

// A TCP connection, with TLS when asked. Transient if the peer cannot be reached; Invalid if the TLS options cannot be
// used.
Result<std::unique_ptr<Socket>> ConnectSocket(const std::string& host, uint16_t port, const TlsOptions& tls,
                                              SteadyTime deadline);
// The descriptor, connected and non-blocking, of the first of the addresses that answers; -1 with `why`. Each gets its
// share of the time that is left: one that swallows packets leaves enough for the next.
int ConnectToAny(const addrinfo* addresses, SteadyTime deadline, std::string& why);
SteadyTime PosixSteady();

}  // namespace semel::env
