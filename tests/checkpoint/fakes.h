// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A store and sinks in memory whose answers a test can script, for table tests of commit, recovery, retention and the
// coordinator.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "checkpoint/commit/committing.h"
#include "env/posix/error_codes.h"
#include "env/posix/posix_env.h"
#include "tests/io_faults/failing_env.h"

namespace semel::checkpoint {

inline constexpr ErrorCode kFakeError = env::kFileIo;

// Thread-safe. `puts_fail` and `lists_fail` answer the next calls.
class FakeStore final : public Store {
 public:
  explicit FakeStore(env::Env& env) : mutex_(env.NewMutex()) {}
  Status PutIfAbsent(const std::string& name, std::string_view content) override {
    env::MutexLock lock(*mutex_);
    if (on_put) on_put(name);
    if (!puts_fail.empty()) {
      const Status status = puts_fail.front();
      puts_fail.pop_front();
      return status;
    }
    return objects.try_emplace(name, content).second ? Status::Ok() : Status::Exists(kFakeError, name + " exists");
  }
  Result<std::string> Get(const std::string& name) override {
    env::MutexLock lock(*mutex_);
    auto it = objects.find(name);
    if (it == objects.end()) return Status::NotFound(kFakeError, "no " + name);
    return it->second;
  }
  Result<std::vector<std::string>> List(const std::string& prefix) override {
    env::MutexLock lock(*mutex_);
    if (!lists_fail.empty()) {
      const Status status = lists_fail.front();
      lists_fail.pop_front();
      return status;
    }
    std::vector<std::string> names;
    for (const auto& [name, content] : objects)
      if (name.rfind(prefix, 0) == 0) names.push_back(name);
    return names;
  }
  Status Remove(const std::string& name) override {
    env::MutexLock lock(*mutex_);
    if (removes_fail) return Status::Unknown(kFakeError, "cannot remove " + name);
    objects.erase(name);
    return Status::Ok();
  }
  Status MakeDurable(const std::string& name) override {
    env::MutexLock lock(*mutex_);
    made_durable.insert(name);
    return objects.count(name) > 0 ? Status::Ok() : Status::NotFound(kFakeError, "no " + name);
  }

  std::map<std::string, std::string> objects;
  std::set<std::string> made_durable;
  std::deque<Status> puts_fail, lists_fail;
  bool removes_fail = false;
  std::function<void(const std::string&)> on_put;  // under the lock: may change `objects`

 private:
  std::unique_ptr<env::Mutex> mutex_;
};

// What a sink holds, and how it answers. A commit takes the next answer of `answers`; without one it is applied.
struct FakeSink {
  enum class Answer : uint8_t { kApplied, kBusy, kLostApplied, kLostNotApplied, kInvalid };
  std::optional<Marker> marker;
  bool live = true;
  std::deque<Answer> answers;
  bool always_busy = false;
  std::deque<Status> looks_fail;
  std::vector<Committer::StagedAttempt> staged;
  std::vector<std::string> log;  // what was done to it: "look", "commit 3-1", "discard 4-1"
};

class FakeCommitter final : public Committer {
 public:
  explicit FakeCommitter(FakeSink& sink) : sink_(sink) {}
  Status Fence(Generation) override { return Status::Ok(); }
  Result<std::unique_ptr<SinkView>> Look() override {
    sink_.log.push_back("look");
    if (!sink_.looks_fail.empty()) {
      const Status status = sink_.looks_fail.front();
      sink_.looks_fail.pop_front();
      return status;
    }
    return std::unique_ptr<SinkView>(std::make_unique<View>(sink_));
  }
  Status Discard(const std::string&, Epoch epoch, Generation generation) override {
    sink_.log.push_back(fmt::format("discard {}-{}", epoch.value, generation.value));
    return Status::Ok();
  }
  Result<std::vector<StagedAttempt>> ListStaged() override { return sink_.staged; }

 private:
  class View final : public SinkView {
   public:
    explicit View(FakeSink& sink) : sink_(sink), marker_(sink.marker), live_(sink.live) {}
    const std::optional<Marker>& marker() const override { return marker_; }
    bool marker_is_live() const override { return live_; }
    CommitResult Commit(const CommitPermit&, const Committable& committable) override {
      using Answer = FakeSink::Answer;
      sink_.log.push_back(
          fmt::format("commit {}-{}", committable.marker.epoch.value, committable.marker.generation.value));
      Answer answer = sink_.always_busy ? Answer::kBusy : Answer::kApplied;
      if (!sink_.answers.empty()) {
        answer = sink_.answers.front();
        sink_.answers.pop_front();
      }
      if (answer == Answer::kApplied || answer == Answer::kLostApplied) {
        sink_.marker = committable.marker;
        sink_.live = true;
      }
      switch (answer) {
        case Answer::kApplied:
          return {CommitOutcome::kCommitted, Status::Ok(), "handle"};
        case Answer::kBusy:
          return {CommitOutcome::kRejected, Status::Transient(kFakeError, "busy", "wait"), {}};
        case Answer::kInvalid:
          return {CommitOutcome::kRejected, Status::Invalid(kFakeError, "no right to write", "ask"), {}};
        default:
          return {CommitOutcome::kUnknown, Status::Unknown(kFakeError, "no answer", "wait"), {}};
      }
    }

   private:
    FakeSink& sink_;
    const std::optional<Marker> marker_;
    const bool live_;
  };

  FakeSink& sink_;
};

// One pipeline with two sinks, on real strands and with short sleeps.
struct World {
  std::unique_ptr<env::Env> posix = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
  tests::FailingEnv env{*posix, {}};
  FakeStore store{env};
  FakeSink a, b;
  Committers Make() {
    Committers committers;
    committers["a"] = std::make_unique<FakeCommitter>(a);
    committers["b"] = std::make_unique<FakeCommitter>(b);
    return committers;
  }
};

inline Attempt A(uint64_t n, uint64_t g) { return {Epoch(n), Generation(g)}; }
inline std::string Digest() { return std::string(32, '0'); }
inline Marker M(const std::string& lineage, uint64_t n, uint64_t g, uint64_t rows = 1) {
  return {lineage, Epoch(n), Generation(g), rows, Digest()};
}

}  // namespace semel::checkpoint
