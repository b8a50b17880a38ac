// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/api/store.h"

#include "checkpoint/api/error_codes.h"
#include "env/api/env.h"

namespace semel::checkpoint {

namespace {

constexpr int kCertainTries = 8;  // about 2.5 s

bool MayPass(const Status& status) { return status.is(StatusKind::kUnknown) || status.is(StatusKind::kTransient); }

}  // namespace

Status PutConfirmed(env::Env& env, Store& store, const std::string& name, std::string_view content, int attempts) {
  Micros pause(20'000);
  Status last;        // why it is not done yet
  bool open = false;  // whether an earlier try may have been, or may still be applied
  for (int i = 0; i < attempts; ++i) {
    const Status put = store.PutIfAbsent(name, content);
    if (!put.ok() && !put.is(StatusKind::kExists) && !MayPass(put)) return put;
    if (!put.ok()) last = put;
    open = open || !put.is(StatusKind::kTransient);
    // Whatever the answer was, what counts is what can be read.
    Result<std::string> found = store.Get(name);
    if (found.ok()) {
      if (*found != content)
        return Status::Exists(kNameTaken, fmt::format("'{}' exists with another content", name),
                              "another process writes into this checkpoint folder, or it was copied over: use one "
                              "folder per pipeline");
      // What was found may be visible without being durable, unless this very put vouched for it.
      const Status durable = put.ok() ? Status::Ok() : store.MakeDurable(name);
      if (durable.ok()) return Status::Ok();
      last = durable;
      open = true;
    } else if (!found.status().is(StatusKind::kNotFound) && !MayPass(found.status())) {
      return found.status();
    }
    if (!open && i + 1 >= kCertainTries) return last;  // nothing is in doubt: the cause is better told than waited out
    if (i == 3) env.Log(env::LogLevel::kWarning, fmt::format("storing '{}' is tried again: {}", name, last.ToString()));
    env.SleepFor(pause);
    pause = std::min(pause * 2, Micros(2'000'000));
  }
  return Status::Unknown(kStoreUnresolved, fmt::format("cannot tell whether '{}' was stored: {}", name, last.message()),
                         "the checkpoint store does not answer reliably; repair it and start again, nothing is lost");
}

}  // namespace semel::checkpoint
