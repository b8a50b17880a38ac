// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Where checkpoints live: four calls with read-after-write, list-after-write and a race-free exclusive create, which a
// folder and an object store with conditional puts can both give.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/strong_id.h"

namespace semel::checkpoint {

// Names are relative, with '/' between parts ("checkpoints/7-2/MANIFEST"). Thread-safe.
class Store {
 public:
  virtual ~Store() = default;
  // Stores `content` under a name that nobody has. OK: it is durable. kExists: somebody (perhaps an own earlier try)
  // has the name. kUnknown: it may be stored now or later; PutConfirmed resolves that.
  virtual Status PutIfAbsent(const std::string& name, std::string_view content) = 0;
  virtual Result<std::string> Get(const std::string& name) = 0;  // kNotFound is certain
  // Every name that begins with `prefix`, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& prefix) = 0;
  virtual Status Remove(const std::string& name) = 0;  // OK if there is none
  // Makes durable what was found, for adoption (R2): visible is not durable. No-op where every visible object is
  // durable.
  virtual Status MakeDurable(const std::string& name) = 0;
  // What is put from now on is put by this generation. A store whose puts leave nothing half-written need not know.
  virtual void WriteFor(Generation generation) { (void)generation; }
  // Removes what puts of generations below the own one left half-written when their process was killed. REQUIRES: the
  // own pin is effective (R3). A put that a lower generation is still making fails by this.
  virtual Status RemoveUnfinished() { return Status::Ok(); }
};

// Puts and confirms (R1): OK means that exactly this content is durable under the name, kExists that another content
// is. A put of unknown outcome is tried again and read back until it is known, with a growing pause, at most `attempts`
// times; after that the status is kUnknown and the process has to stop, never to go on as if it had failed. Where every
// try certainly failed (a full disk), the last failure is returned after about 2.5 s. REQUIRES: nobody else would put
// the same content (a claim carries a random token).
}  // namespace semel::checkpoint

namespace semel::env {
class Env;
}

namespace semel::checkpoint {
Status PutConfirmed(env::Env& env, Store& store, const std::string& name, std::string_view content, int attempts = 20);
}  // namespace semel::checkpoint
