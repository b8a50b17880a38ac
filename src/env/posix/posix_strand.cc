// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_strand.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace semel::env {

namespace {

class ThreadStrand final : public Strand {
 public:
  ThreadStrand(std::string name, std::function<void()> body) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([name = std::move(name), body = std::move(body)] {
      pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
      body();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~ThreadStrand() override { SEMEL_CHECK(!thread_.joinable(), "a strand must be joined before it is destroyed"); }
  void Join() override { thread_.join(); }

 private:
  std::thread thread_;
};

class StdMutex final : public Mutex {
 public:
  void Lock() override { mutex_.lock(); }
  void Unlock() override { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

class StdCondition final : public Condition {
 public:
  void Wait(Mutex& mutex) override {
    std::unique_lock<std::mutex> lock(static_cast<StdMutex&>(mutex).native(), std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  bool WaitFor(Mutex& mutex, Micros timeout) override {
    std::unique_lock<std::mutex> lock(static_cast<StdMutex&>(mutex).native(), std::adopt_lock);
    const bool woken = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void NotifyOne() override { condition_.notify_one(); }
  void NotifyAll() override { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

class StdParker final : public Parker {
 public:
  void Park() override {
    std::unique_lock<std::mutex> lock(mutex_);
    condition_.wait(lock, [this] { return permit_; });
    permit_ = false;
  }
  bool ParkFor(Micros timeout) override {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool woken = condition_.wait_for(lock, timeout, [this] { return permit_; });
    permit_ = false;
    return woken;
  }
  void Wake() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      permit_ = true;
    }
    condition_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool permit_ = false;
};

}  // namespace

std::unique_ptr<Strand> SpawnThread(std::string name, std::function<void()> body) {
  return std::make_unique<ThreadStrand>(std::move(name), std::move(body));
}
std::unique_ptr<Mutex> MakePosixMutex() { return std::make_unique<StdMutex>(); }
std::unique_ptr<Condition> MakePosixCondition() { return std::make_unique<StdCondition>(); }
std::unique_ptr<Parker> MakePosixParker() { return std::make_unique<StdParker>(); }

}  // namespace semel::env
