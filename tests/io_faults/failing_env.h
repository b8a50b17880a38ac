// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The real world with one bad moment: the n-th call that touches a file or a database fails. What fails is counted over
// the whole process, so that running once for every n visits every call site there is.
#pragma once

#include <atomic>
#include <string>

#include "env/api/env.h"

namespace semel::tests {

struct Fault {
  enum class Kind : uint8_t {
    kError,       // EIO, nothing was applied
    kLostAnswer,  // a change was applied, and reported as failed
    kNoSpace,     // ENOSPC: of an append only the first half is written; reads go on
  };
  uint64_t first = 0;   // the number of the first call that fails, from 1; 0: none
  uint64_t length = 1;  // how many calls fail
  Kind kind = Kind::kError;
};

// Wraps another env, which must outlive it. Thread-safe. Sleeps are cut short: retries are wanted, not waited for.
class FailingEnv final : public env::Env {
 public:
  FailingEnv(env::Env& inner, Fault fault);
  ~FailingEnv() override;

  bool hit() const { return hits_ > 0; }
  uint64_t calls() const { return calls_; }
  std::string failed();                            // the first call that failed, with its path
  std::function<void(std::string_view)> on_point;  // set before the env is used

  WallTime Now() override { return inner_.Now(); }
  SteadyTime Steady() override { return inner_.Steady(); }
  void SleepFor(Micros duration) override { inner_.SleepFor(std::min(duration, Micros(500))); }
  uint64_t Random() override { return inner_.Random(); }
  std::unique_ptr<env::Strand> Spawn(std::string name, std::function<void()> body) override {
    return inner_.Spawn(std::move(name), std::move(body));
  }
  std::unique_ptr<env::Mutex> NewMutex() override { return inner_.NewMutex(); }
  std::unique_ptr<env::Condition> NewCondition() override { return inner_.NewCondition(); }
  std::unique_ptr<env::Parker> NewParker() override { return inner_.NewParker(); }
  env::FileSystem& files() override { return *files_; }
  Result<std::unique_ptr<env::Socket>> Connect(const std::string& host, uint16_t port, const env::TlsOptions& tls,
                                               SteadyTime deadline) override {
    return inner_.Connect(host, port, tls, deadline);
  }
  Result<env::HttpResponse> Http(const env::HttpRequest& request) override { return inner_.Http(request); }
  Result<std::unique_ptr<env::SqlSession>> OpenSqlite(const env::SqliteOptions& options) override;
  Status Point(std::string_view label) override {
    if (on_point) on_point(label);
    return inner_.Point(label);
  }
  void Log(env::LogLevel, std::string_view) override {}
  std::string ProcessName() override { return inner_.ProcessName(); }

  // Decides about the next call. `change`: whether it changes anything outside.
  enum class Verdict : uint8_t { kGo, kFail, kDoAndFail };
  Verdict Next(std::string_view call, const std::string& where, bool change);
  Status Error(std::string_view call, const std::string& where, bool change) const;
  const Fault& fault() const { return fault_; }

 private:
  env::Env& inner_;
  const Fault fault_;
  std::unique_ptr<env::FileSystem> files_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> hits_{0};
  std::unique_ptr<env::Mutex> mutex_;
  std::string failed_;  // guarded by mutex_
};

}  // namespace semel::tests
