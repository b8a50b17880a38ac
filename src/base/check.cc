// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace semel {

void CheckFailed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "semel: internal error at %s:%d: %s%s%.*s\n", file, line, condition, message.empty() ? "" : ": ",
               static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace semel
