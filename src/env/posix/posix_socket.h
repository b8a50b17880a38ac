// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <memory>
#include <string>

#include "env/api/env.h"

namespace semel::env {

// A TCP connection, with TLS when asked. Transient if the peer cannot be reached; Invalid if the TLS options cannot be
// used.
Result<std::unique_ptr<Socket>> ConnectSocket(const std::string& host, uint16_t port, const TlsOptions& tls,
                                              SteadyTime deadline);
SteadyTime PosixSteady();

}  // namespace semel::env
