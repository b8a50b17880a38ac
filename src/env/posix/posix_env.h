// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The real world: threads, clocks, files, sockets, libcurl and SQLite behind the seam.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/api/env.h"

namespace semel::env {

struct PosixOptions {
  LogLevel log_level = LogLevel::kInfo;
  // Injected failures "label:nth:action"; action: crash (SIGKILL to itself), stop (SIGSTOP), delay=MS,
  // error=transient|unknown. Refused unless `testing`.
  std::vector<std::string> injections;
  bool testing = false;
};

// Made by main. Invalid if an injection cannot be read or injections are given without `testing`.
Result<std::unique_ptr<Env>> MakePosixEnv(const PosixOptions& options);

// "SQLite 3.40.1", "OpenSSL 3.0.19", "libcurl 7.88.1".
std::vector<std::string> PosixLibraryVersions();

}  // namespace semel::env
