// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/world.h"

#include <sys/mman.h>

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <cstdio>

#include "base/check.h"
#include "sim/stack_switch.h"

namespace semel::sim {

namespace context = boost::context;

namespace {

// Stacks are reused: mapping one costs more than a simulated crash. The lowest page is a guard.
class PooledStack {
 public:
  static constexpr size_t kSize = kStackBytes, kGuard = 4096;
  context::stack_context allocate() {
    void* base = nullptr;
    if (pool().empty()) {
      base = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
      SEMEL_CHECK(base != MAP_FAILED, "no memory for a stack");
      ::mprotect(base, kGuard, PROT_NONE);
    } else {
      base = pool().back();
      pool().pop_back();
    }
    context::stack_context stack;
    stack.size = kSize;
    stack.sp = static_cast<char*>(base) + kSize;
    return stack;
  }
  void deallocate(context::stack_context& stack) {
    char* base = static_cast<char*>(stack.sp) - stack.size;
    StackSide::Clean(base + kGuard, kSize - kGuard);
    pool().push_back(base);
  }

 private:
  static std::vector<void*>& pool() {
    static std::vector<void*> stacks;
    return stacks;
  }
};

}  // namespace

struct Fiber {
  Process* process = nullptr;
  context::fiber context;    // of the fiber while it is suspended
  context::fiber scheduler;  // of the scheduler while the fiber runs
  const void* stack_bottom = nullptr;
  size_t stack_size = 0;
  StackSide side;  // the fiber's
  bool started = false;
  bool ready = true;
  bool finished = false;
  bool woken = false;
  int64_t wake_at = INT64_MAX;
  std::vector<Fiber*> joiners;
};

World::World(uint64_t seed) : random_(seed), scheduler_side_(std::make_unique<StackSide>()) {}

World::~World() {
  for (auto& process : processes_) Kill(process.get());
}

void World::TraceText(std::string_view what) {
  for (char c : what) Trace(static_cast<unsigned char>(c));
  if (verbose)
    std::printf("%9.3f ms  p%d  %.*s\n", static_cast<double>(now_) / 1000,
                current_ != nullptr ? current_->process->id : 0, static_cast<int>(what.size()), what.data());
}

Fiber* World::Spawn(Process* process, std::function<void()> body) {
  auto owned = std::make_unique<Fiber>();
  Fiber* fiber = owned.get();
  fiber->process = process;
  PooledStack stacks;
  const context::stack_context stack = stacks.allocate();
  fiber->stack_bottom = static_cast<char*>(stack.sp) - stack.size;
  fiber->stack_size = stack.size;
  auto run = [this, fiber, body = std::move(body)](context::fiber&& from) {
    struct Leave {  // however the fiber ends: by itself, or unwound by Kill
      StackSide& side;
      ~Leave() { side.Left(); }
    } leave{fiber->side};
    fiber->side.Entered();
    fiber->scheduler = std::move(from);
    body();
    fiber->finished = true;
    for (Fiber* joiner : fiber->joiners) Unblock(joiner);
    return std::move(fiber->scheduler);
  };
  fiber->context =
      context::fiber(std::allocator_arg, context::preallocated(stack.sp, stack.size, stack), stacks, std::move(run));
  process->fibers.push_back(fiber);
  fibers_.push_back(std::move(owned));
  return fiber;
}

Process* World::StartProcess(std::function<void(Process*)> main) {
  auto owned = std::make_unique<Process>();
  Process* process = owned.get();
  process->id = static_cast<int>(processes_.size()) + 1;
  processes_.push_back(std::move(owned));
  Spawn(process, [process, main = std::move(main)] {
    main(process);
    process->ended = true;
  });
  return process;
}

void World::Kill(Process* process) {
  process->alive = false;
  // Children first: they may refer to objects on their parent's stack.
  while (!process->fibers.empty()) {
    Fiber* fiber = process->fibers.back();
    process->fibers.pop_back();
    current_ = fiber;
    scheduler_side_->Leaving(fiber->stack_bottom, fiber->stack_size);
    fiber->context = context::fiber();  // unwinds
    scheduler_side_->Arrived();
    if (!fiber->started) scheduler_side_->Returned();
    fiber->finished = true;
    current_ = nullptr;
  }
}

std::vector<Process*> World::Running() {
  std::vector<Process*> running;
  for (auto& process : processes_)
    if (process->alive && !process->ended) running.push_back(process.get());
  return running;
}

void World::SwitchOut() {
  Fiber* fiber = current_;
  fiber->side.Leaving();
  try {
    fiber->scheduler = std::move(fiber->scheduler).resume();
  } catch (const context::detail::forced_unwind&) {
    fiber->side.Arrived();
    throw;
  }
  fiber->side.Arrived();
}

void World::Resume(Fiber* fiber) {
  current_ = fiber;
  fiber->ready = false;
  fiber->wake_at = INT64_MAX;
  fiber->started = true;
  scheduler_side_->Leaving(fiber->stack_bottom, fiber->stack_size);
  fiber->context = std::move(fiber->context).resume();
  scheduler_side_->Arrived();
  current_ = nullptr;
  if (kill_requested_) {
    kill_requested_ = false;
    Kill(fiber->process);
  } else if (fiber->finished) {
    std::erase(fiber->process->fibers, fiber);
  }
}

void World::Yield() {
  if (!current_->process->alive) return;
  current_->ready = true;
  SwitchOut();
}

void World::SleepUntil(int64_t time) {
  if (!current_->process->alive) return;
  current_->wake_at = time;
  SwitchOut();
}

bool World::Block(int64_t deadline) {
  if (!current_->process->alive) return true;
  Fiber* fiber = current_;
  fiber->woken = false;
  fiber->wake_at = deadline;
  SwitchOut();
  return fiber->woken;
}

void World::Unblock(Fiber* fiber) {
  if (fiber->finished) return;
  fiber->woken = true;
  fiber->ready = true;
}

void World::JoinFiber(Fiber* fiber) {
  while (!fiber->finished && current_->process->alive) {
    fiber->joiners.push_back(current_);
    Block(INT64_MAX);
  }
}

void World::KillCurrent() {
  kill_requested_ = true;
  SwitchOut();
}

void World::PauseCurrent() {
  current_->process->paused = true;
  Yield();
}

void World::Later(int64_t delay, std::function<void()> action) { later_.emplace(now_ + delay, std::move(action)); }

bool World::Step(int64_t deadline) {
  std::vector<Fiber*> ready;
  int64_t next = later_.empty() ? INT64_MAX : later_.begin()->first;
  for (auto& process : processes_) {
    if (!process->alive || process->paused) continue;
    for (Fiber* fiber : process->fibers) {
      if (fiber->ready || fiber->wake_at <= now_) {
        ready.push_back(fiber);
      } else {
        next = std::min(next, fiber->wake_at);
      }
    }
  }
  ++steps_;
  if (!later_.empty() && later_.begin()->first <= now_) {
    std::function<void()> action = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    action();
    return true;
  }
  if (!ready.empty()) {
    Fiber* chosen = ready[ready.size() == 1 ? 0 : random_.Below(ready.size())];
    now_ += static_cast<int64_t>(random_.Below(200));
    Resume(chosen);
    return true;
  }
  if (next == INT64_MAX || next > deadline) {
    now_ = std::max(now_, deadline);
    return false;
  }
  now_ = std::max(now_, next);
  return true;
}

void World::Reap() {
  std::erase_if(fibers_, [](const std::unique_ptr<Fiber>& fiber) { return fiber->finished && !fiber->process->alive; });
}

void World::RunUntil(int64_t deadline, const std::function<bool()>& done) {
  while (now_ < deadline && !done() && Step(deadline)) {
  }
  Reap();
}

}  // namespace semel::sim
