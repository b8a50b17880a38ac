// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/injection.h"

#include <cstdlib>

#include "base/text.h"
#include "env/posix/error_codes.h"

namespace semel::env {

Result<Injection> ParseInjection(std::string_view text) {
  const std::vector<std::string> parts = Split(text, ':');
  const Status bad =
      Status::Invalid(kBadInjection, fmt::format("cannot read --inject '{}'", text),
                      "label:nth:action with action crash, stop, delay=MS, error=unknown or error=transient");
  if (parts.size() != 3 || parts[0].empty()) return bad;
  Injection injection;
  injection.label = parts[0];
  injection.nth = std::atoi(parts[1].c_str());
  if (injection.nth < 1) return bad;
  const std::string& action = parts[2];
  if (action == "crash") {
    injection.action = Injection::Action::kCrash;
  } else if (action == "stop") {
    injection.action = Injection::Action::kStop;
  } else if (action.rfind("delay=", 0) == 0) {
    injection.action = Injection::Action::kDelay;
    injection.delay_millis = std::atoll(action.c_str() + 6);
  } else if (action == "error=unknown" || action == "error=transient") {
    injection.action = Injection::Action::kError;
    injection.error = action == "error=unknown" ? StatusKind::kUnknown : StatusKind::kTransient;
  } else {
    return bad;
  }
  return injection;
}

}  // namespace semel::env
