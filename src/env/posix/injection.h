// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// `--inject label:nth:action`: what happens when a crash point is reached for the nth time in this process.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace semel::env {

struct Injection {
  enum class Action : uint8_t { kCrash, kStop, kDelay, kError };
  std::string label;
  int nth = 1;
  Action action = Action::kCrash;
  int64_t delay_millis = 0;
  StatusKind error = StatusKind::kUnknown;
};

// "commit.receipt.put.before:2:crash" (stop, delay=500, error=unknown, error=transient).
Result<Injection> ParseInjection(std::string_view text);

}  // namespace semel::env
