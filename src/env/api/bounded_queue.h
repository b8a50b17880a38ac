// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A queue between strands with a fixed capacity: how back-pressure reaches a producer.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "env/api/env.h"

namespace semel::env {

// Multi-producer, multi-consumer. Push waits while full, Pop while empty; Close ends both: Push returns false, Pop
// drains what is left and then returns nothing. Any strand may call anything.
template <typename T>
class BoundedQueue {
 public:
  BoundedQueue(Env& env, size_t capacity) : mutex_(env.NewMutex()), changed_(env.NewCondition()), capacity_(capacity) {}

  bool Push(T item) {
    MutexLock lock(*mutex_);
    while (!closed_ && items_.size() >= capacity_) changed_->Wait(*mutex_);
    if (closed_) return false;
    items_.push_back(std::move(item));
    changed_->NotifyAll();
    return true;
  }
  // False if full or closed; never waits.
  bool TryPush(T& item) {
    MutexLock lock(*mutex_);
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    changed_->NotifyAll();
    return true;
  }
  std::optional<T> Pop() {
    MutexLock lock(*mutex_);
    while (!closed_ && items_.empty()) changed_->Wait(*mutex_);
    return TakeFront();
  }
  std::optional<T> PopFor(Micros timeout) {
    MutexLock lock(*mutex_);
    if (!closed_ && items_.empty()) changed_->WaitFor(*mutex_, timeout);
    return TakeFront();
  }
  std::optional<T> TryPop() {
    MutexLock lock(*mutex_);
    return TakeFront();
  }
  void Close() {
    MutexLock lock(*mutex_);
    closed_ = true;
    changed_->NotifyAll();
  }
  size_t size() {
    MutexLock lock(*mutex_);
    return items_.size();
  }

 private:
  std::optional<T> TakeFront() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_->NotifyAll();
    return item;
  }

  std::unique_ptr<Mutex> mutex_;
  std::unique_ptr<Condition> changed_;
  const size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace semel::env
