// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "checkpoint/api/store.h"
#include "checkpoint/protocol/decisions.h"
#include "env/api/env.h"

namespace semel::checkpoint {

// Looks whether a higher generation has claimed the pipeline. Thread-safe, owned by the job.
class ClaimWatch {
 public:
  ClaimWatch(env::Env& env, Store& store, Generation own) : env_(env), store_(store), own_(own) {}

  // OK: still mine at some moment during the call. Fenced (exit code 3): somebody took over, whoever is named in the
  // message. A store that does not answer is asked again for a while; any failure means that the caller must not go on
  // as if it were alone.
  Status Look();
  // What fails in a process that was superseded may be its successor's tidying: the claims are read before a failure is
  // believed. Returns `status`, or Fenced.
  Status Judge(Status status) {
    if (status.ok() || status.is(StatusKind::kFenced)) return status;
    const Status look = Look();
    return look.is(StatusKind::kFenced) ? look : status;
  }
  Generation own() const { return own_; }

 private:
  env::Env& env_;
  Store& store_;
  const Generation own_;
};

// Lists with a few tries (2.5 s); for looks that decide something.
Result<std::vector<std::string>> ListSurely(env::Env& env, Store& store, const std::string& prefix);

}  // namespace semel::checkpoint
