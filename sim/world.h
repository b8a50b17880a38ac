// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A world in one thread: processes made of fibers, a virtual clock, a seeded scheduler that decides who runs next and
// what goes wrong. The same seed gives the same run, told by its trace hash (I14).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/units.h"

namespace semel::sim {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return Next() % n; }
  bool Chance(double p) { return static_cast<double>(Next() >> 11) * 0x1.0p-53 < p; }

 private:
  uint64_t state_;
};

struct Fiber;
class StackSide;

// How often things go wrong, drawn per seed. All zero in the quiet phase.
struct Faults {
  double crash_at_point = 0;  // kill -9 at a labelled point
  double pause_at_point = 0;  // SIGSTOP there
  double error_at_point = 0;  // an unknown outcome there
  double lost_answer = 0;     // of a store or catalog call: applied or not, and nobody tells
  double late_apply = 0;      // the call takes effect later, perhaps after its process is gone
  double busy = 0;            // a certain refusal
};

// One simulated process: its fibers live and die together.
struct Process {
  int id = 0;
  bool alive = true;
  bool paused = false;
  bool stop_asked = false;  // SIGTERM
  std::string exit_reason;  // once its main fiber has returned
  bool ended = false;
  std::vector<Fiber*> fibers;
};

class World {
 public:
  explicit World(uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Random& random() { return random_; }
  Faults& faults() { return faults_; }
  int64_t now() const { return now_; }
  uint64_t trace_hash() const { return trace_; }
  uint64_t steps() const { return steps_; }

  Process* StartProcess(std::function<void(Process*)> main);
  // kill -9: unwinds every fiber of the process; its env ignores what destructors do meanwhile.
  void Kill(Process* process);
  void Pause(Process* process) { process->paused = true; }
  void Resume(Process* process) { process->paused = false; }
  std::vector<Process*> Running();

  // Runs fibers until `deadline` of virtual time, until nothing can run any more, or until `done` says so.
  void RunUntil(int64_t deadline, const std::function<bool()>& done);
  // Calls `action` at a later virtual time, whatever happens to processes meanwhile.
  void Later(int64_t delay, std::function<void()> action);

  // --- for the env, from inside a fiber
  Fiber* Spawn(Process* process, std::function<void()> body);
  Fiber* Current() { return current_; }
  void Yield();  // others may run
  void SleepUntil(int64_t time);
  bool Block(int64_t deadline);  // until Unblock, or the time: false
  void Unblock(Fiber* fiber);
  void JoinFiber(Fiber* fiber);
  void KillCurrent();  // does not return
  void PauseCurrent();
  void Trace(uint64_t what) { trace_ = (trace_ ^ what) * 0x100000001b3; }
  void TraceText(std::string_view what);
  bool verbose = false;

  std::map<std::string, uint64_t> outcomes;  // "label/outcome" → times reached

 private:
  void Resume(Fiber* fiber);
  void SwitchOut();
  bool Step(int64_t deadline);
  void Reap();

  Random random_;
  std::unique_ptr<StackSide> scheduler_side_;
  Faults faults_;
  int64_t now_ = 1'000'000;
  uint64_t trace_ = 0xcbf29ce484222325;
  uint64_t steps_ = 0;
  Fiber* current_ = nullptr;
  bool kill_requested_ = false;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::multimap<int64_t, std::function<void()>> later_;
};

}  // namespace semel::sim
