// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// For tests: Kafka brokers in the test's memory that answer as a script says, behind an env whose clock runs faster
// than the real one, so that seconds of patience are not waited for.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "env/api/env.h"
#include "kafka/messages.h"

namespace semel::kafka {

// A Fetch as broker `node` got it. Up to version 12 partitions have names, from 13 on ids.
struct FetchAsk {
  int32_t node = -1;
  int16_t version = 0;
  FetchRequest request;
};

// An env whose Connect leads to the script: broker 3 listens at "n3:9092". Everything else is the inner env's, which
// must outlive it. The script's functions are set before the first connection and are called from any strand.
class ScriptedBrokers final : public env::Env {
 public:
  ScriptedBrokers(env::Env& inner, int64_t speed) : inner_(inner), speed_(speed), mutex_(inner.NewMutex()) {}

  // --- the script
  std::map<Api, int16_t> highest;           // versions that the brokers stop at; the client's own where absent
  std::function<bool(int32_t node)> is_up;  // absent: always
  std::function<MetadataResponse(int32_t node)> on_metadata;
  std::function<std::vector<ListedOffset>(int32_t node, const std::vector<PartitionTime>&)> on_list;
  std::function<std::vector<EpochAnswer>(int32_t node, const std::vector<EpochQuestion>&)> on_epochs;
  std::function<CoordinatorResponse(int32_t node)> on_coordinator;
  // An answer without records or error is held back for the request's max_wait, as a broker does.
  std::function<FetchResponse(const FetchAsk&)> on_fetch;

  // What was logged as a warning so far.
  std::vector<std::string> Warnings() {
    env::MutexLock lock(*mutex_);
    return warnings_;
  }
  // The answer's body.
  std::string Answer(int32_t node, Api api, int16_t version, std::string_view body);

  WallTime Now() override { return inner_.Now(); }
  SteadyTime Steady() override { return SteadyTime{inner_.Steady().micros * speed_}; }
  void SleepFor(Micros duration) override { inner_.SleepFor(duration / speed_); }
  uint64_t Random() override { return inner_.Random(); }
  std::unique_ptr<env::Strand> Spawn(std::string name, std::function<void()> body) override {
    return inner_.Spawn(std::move(name), std::move(body));
  }
  std::unique_ptr<env::Mutex> NewMutex() override { return inner_.NewMutex(); }
  std::unique_ptr<env::Condition> NewCondition() override {
    return std::make_unique<FastCondition>(inner_.NewCondition(), speed_);
  }
  std::unique_ptr<env::Parker> NewParker() override { return inner_.NewParker(); }
  env::FileSystem& files() override { return inner_.files(); }
  Result<std::unique_ptr<env::Socket>> Connect(const std::string& host, uint16_t port, const env::TlsOptions& tls,
                                               SteadyTime deadline) override;
  Result<env::HttpResponse> Http(const env::HttpRequest& request) override { return inner_.Http(request); }
  Result<std::unique_ptr<env::SqlSession>> OpenSqlite(const env::SqliteOptions& options) override {
    return inner_.OpenSqlite(options);
  }
  Status Point(std::string_view label) override { return inner_.Point(label); }
  void Log(env::LogLevel level, std::string_view message) override {
    env::MutexLock lock(*mutex_);
    if (level == env::LogLevel::kWarning) warnings_.emplace_back(message);
  }
  std::string ProcessName() override { return inner_.ProcessName(); }

 private:
  class FastCondition final : public env::Condition {
   public:
    FastCondition(std::unique_ptr<env::Condition> inner, int64_t speed) : inner_(std::move(inner)), speed_(speed) {}
    void Wait(env::Mutex& mutex) override { inner_->Wait(mutex); }
    bool WaitFor(env::Mutex& mutex, Micros timeout) override {
      return inner_->WaitFor(mutex, std::max(timeout / speed_, Micros(100)));
    }
    void NotifyOne() override { inner_->NotifyOne(); }
    void NotifyAll() override { inner_->NotifyAll(); }

   private:
    std::unique_ptr<env::Condition> inner_;
    const int64_t speed_;
  };
  // Takes whole requests and holds their answers ready.
  class BrokerSocket final : public env::Socket {
   public:
    BrokerSocket(ScriptedBrokers& brokers, int32_t node) : brokers_(brokers), node_(node) {}
    Status Send(std::span<const std::string_view> parts, SteadyTime deadline) override;
    Result<size_t> Receive(std::span<char> out, SteadyTime deadline) override;
    void Close() override {}

   private:
    ScriptedBrokers& brokers_;
    const int32_t node_;
    std::string answers_;
  };
  std::string AnswerFetch(int32_t node, int16_t version, std::string_view body);

  env::Env& inner_;
  const int64_t speed_;
  std::unique_ptr<env::Mutex> mutex_;
  std::vector<std::string> warnings_;  // guarded by mutex_
};

}  // namespace semel::kafka
