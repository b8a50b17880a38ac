// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/sim_env.h"

#include <algorithm>

namespace semel::sim {

namespace {

inline constexpr ErrorCode kSimulated{6900, ExitCode::kInternal, "simulated failure"};

// A strand is joined by its owner unless the process dies, in which case nobody asks any more.
class SimStrand final : public env::Strand {
 public:
  SimStrand(World& world, Fiber* fiber) : world_(world), fiber_(fiber) {}
  void Join() override { world_.JoinFiber(fiber_); }

 private:
  World& world_;
  Fiber* fiber_;
};

class SimMutex final : public env::Mutex {
 public:
  SimMutex(World& world, Process* process) : world_(world), process_(process) {}
  void Lock() override {
    while (locked_ && process_->alive) {
      waiters_.push_back(world_.Current());
      world_.Block(INT64_MAX);
    }
    locked_ = true;
  }
  void Unlock() override {
    locked_ = false;
    if (!process_->alive || waiters_.empty()) return;
    const size_t i = waiters_.size() == 1 ? 0 : world_.random().Below(waiters_.size());
    Fiber* next = waiters_[i];
    waiters_.erase(waiters_.begin() + static_cast<ptrdiff_t>(i));
    world_.Unblock(next);
  }

 private:
  World& world_;
  Process* process_;
  bool locked_ = false;
  std::vector<Fiber*> waiters_;
};

class SimCondition final : public env::Condition {
 public:
  SimCondition(World& world, Process* process) : world_(world), process_(process) {}
  void Wait(env::Mutex& mutex) override { WaitUntil(mutex, INT64_MAX); }
  bool WaitFor(env::Mutex& mutex, Micros timeout) override { return WaitUntil(mutex, world_.now() + timeout.count()); }
  void NotifyOne() override { NotifyAll(); }
  void NotifyAll() override {
    if (!process_->alive) return;
    for (Fiber* waiter : waiters_) world_.Unblock(waiter);
    waiters_.clear();
  }

 private:
  bool WaitUntil(env::Mutex& mutex, int64_t deadline) {
    if (!process_->alive) return true;
    Fiber* self = world_.Current();
    waiters_.push_back(self);
    mutex.Unlock();
    const bool woken = world_.Block(deadline);
    std::erase(waiters_, self);
    mutex.Lock();
    return woken;
  }

  World& world_;
  Process* process_;
  std::vector<Fiber*> waiters_;
};

class SimParker final : public env::Parker {
 public:
  explicit SimParker(World& world) : world_(world) {}
  void Park() override {
    while (!permit_) {
      waiter_ = world_.Current();
      world_.Block(INT64_MAX);
    }
    permit_ = false;
  }
  bool ParkFor(Micros timeout) override {
    if (!permit_) {
      waiter_ = world_.Current();
      world_.Block(world_.now() + timeout.count());
    }
    return std::exchange(permit_, false);
  }
  void Wake() override {
    permit_ = true;
    if (waiter_ != nullptr) world_.Unblock(std::exchange(waiter_, nullptr));
  }

 private:
  World& world_;
  bool permit_ = false;
  Fiber* waiter_ = nullptr;
};

class SimEnv final : public env::Env {
 public:
  SimEnv(World& world, Process* process, SimDisk& disk)
      : world_(world), process_(process), files_(disk.OpenFor(world, process)) {}

  WallTime Now() override { return WallTime{world_.now()}; }
  SteadyTime Steady() override { return SteadyTime{world_.now()}; }
  void SleepFor(Micros duration) override { world_.SleepUntil(world_.now() + duration.count()); }
  uint64_t Random() override { return world_.random().Next(); }

  std::unique_ptr<env::Strand> Spawn(std::string, std::function<void()> body) override {
    return std::make_unique<SimStrand>(world_, world_.Spawn(process_, std::move(body)));
  }
  std::unique_ptr<env::Mutex> NewMutex() override { return std::make_unique<SimMutex>(world_, process_); }
  std::unique_ptr<env::Condition> NewCondition() override { return std::make_unique<SimCondition>(world_, process_); }
  std::unique_ptr<env::Parker> NewParker() override { return std::make_unique<SimParker>(world_); }

  env::FileSystem& files() override { return *files_; }
  Result<std::unique_ptr<env::Socket>> Connect(const std::string&, uint16_t, const env::TlsOptions&,
                                               SteadyTime) override {
    return Status::NotSupported("this simulation has no network");
  }
  Result<env::HttpResponse> Http(const env::HttpRequest&) override {
    return Status::NotSupported("this simulation has no network");
  }
  Result<std::unique_ptr<env::SqlSession>> OpenSqlite(const env::SqliteOptions&) override {
    return Status::NotSupported("this simulation has no database; the catalog is modelled behind the committer");
  }

  Status Point(std::string_view label) override {
    if (!process_->alive) return Status::Cancelled();
    world_.TraceText(label);
    const Faults& faults = world_.faults();
    const char* outcome = "passed";
    Status status;
    if (world_.random().Chance(faults.crash_at_point)) {
      ++world_.outcomes[std::string(label) + "/killed"];
      world_.KillCurrent();
    } else if (world_.random().Chance(faults.pause_at_point)) {
      outcome = "paused";
      ++world_.outcomes[std::string(label) + "/paused"];
      world_.PauseCurrent();
      return Status::Ok();
    } else if (world_.random().Chance(faults.error_at_point)) {
      outcome = "failed";
      status = Status::Unknown(kSimulated, fmt::format("simulated failure at {}", label), "none");
    } else {
      world_.Yield();
    }
    ++world_.outcomes[std::string(label) + "/" + outcome];
    return status;
  }
  void Log(env::LogLevel, std::string_view message) override { world_.TraceText(message); }
  std::string ProcessName() override { return fmt::format("sim/{}", process_->id); }

 private:
  World& world_;
  Process* process_;
  std::unique_ptr<env::FileSystem> files_;
};

}  // namespace

std::unique_ptr<env::Env> MakeSimEnv(World& world, Process* process, SimDisk& disk) {
  return std::make_unique<SimEnv>(world, process, disk);
}

}  // namespace semel::sim
