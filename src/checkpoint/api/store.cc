// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/api/store.h"

#include "checkpoint/api/error_codes.h"
#include "env/api/env.h"

namespace semel::checkpoint {

Status PutConfirmed(env::Env& env, Store& store, const std::string& name, std::string_view content, int attempts) {
  Micros pause(20'000);
  for (int i = 0; i < attempts; ++i) {
    const Status put = store.PutIfAbsent(name, content);
    if (!put.ok() && !put.is(StatusKind::kExists) && !put.is(StatusKind::kUnknown) && !put.is(StatusKind::kTransient)) return put;
    // Whatever the answer was, what counts is what can be read.
    Result<std::string> found = store.Get(name);
    if (found.ok()) {
      // What was found may be visible without being durable, unless this very put vouched for it.
      if (*found == content && (put.ok() || store.MakeDurable(name).ok())) return Status::Ok();
      if (*found != content) return Status::Exists(kNameTaken, fmt::format("'{}' exists with another content", name));
    } else if (!found.status().is(StatusKind::kNotFound) && !found.status().is(StatusKind::kUnknown) &&
        !found.status().is(StatusKind::kTransient))
      return found.status();
    env.SleepFor(pause);
    pause = std::min(pause * 2, Micros(2'000'000));
  }
  return Status::Unknown(kStoreUnresolved, fmt::format("cannot tell whether '{}' was stored", name),
                         "the checkpoint store does not answer reliably; repair it and start again, nothing is lost");
}

}  // namespace semel::checkpoint
