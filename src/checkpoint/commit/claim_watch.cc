// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/commit/claim_watch.h"

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/records.h"

namespace semel::checkpoint {

Result<std::vector<std::string>> ListSurely(env::Env& env, Store& store, const std::string& prefix) {
  Micros pause(10'000);
  for (int i = 0;; ++i) {
    Result<std::vector<std::string>> names = store.List(prefix);
    const bool again = names.status().is(StatusKind::kTransient) || names.status().is(StatusKind::kUnknown);
    if (names.ok() || !again || i == 8) return names;
    env.SleepFor(pause);
    pause *= 2;
  }
}

Status ClaimWatch::Look() {
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env_, store_, "generations/"));
  if (LookAtClaims(own_, names) == ClaimLook::kStillMine) return Status::Ok();
  std::string who = "another process";
  if (Result<std::string> claim = store_.Get(names.back()); claim.ok())
    if (Result<Claim> decoded = DecodeClaim(*claim, names.back()); decoded.ok()) who = decoded->process;
  return Status::Fenced(kSuperseded, fmt::format("superseded: {} took over this pipeline", who),
                        "do not restart this instance; two would chase each other for ever");
}

}  // namespace semel::checkpoint
