// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Tells the address sanitizer when the stack changes under its feet (sanitizer/common_interface_defs.h); nothing in
// other builds. One world runs on one thread, so there are two kinds of stacks: the scheduler's and the fibers'.
//
//   scheduler: Leaving(fiber stack) … resume … Arrived()          also around the destruction of a suspended fiber,
//   which unwinds on its stack fiber:     Entered() at its first instruction, Leaving()/Arrived() around each switch
//   back, Left() as its very last
#pragma once

#include <cstddef>

#ifdef SEMEL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace semel::sim {

#ifdef SEMEL_ASAN
inline constexpr size_t kStackBytes = 512 * 1024;  // frames are several times larger

// What one side of the switches has to remember. Owned by that side.
class StackSide {
 public:
  void Leaving(const void* bottom, size_t size) { __sanitizer_start_switch_fiber(&fake_stack_, bottom, size); }
  void Leaving() { Leaving(other_bottom_, other_size_); }
  void Arrived() { __sanitizer_finish_switch_fiber(fake_stack_, &other_bottom_, &other_size_); }
  // After Arrived from a fiber that said nothing, as one that was never started.
  void Returned() {
    Leaving();
    Arrived();
  }
  void Entered() { __sanitizer_finish_switch_fiber(nullptr, &other_bottom_, &other_size_); }
  void Left() { __sanitizer_start_switch_fiber(nullptr, other_bottom_, other_size_); }
  // Frames that were jumped out of leave their marks.
  static void Clean(const void* bottom, size_t size) { __asan_unpoison_memory_region(bottom, size); }

 private:
  void* fake_stack_ = nullptr;
  const void* other_bottom_ = nullptr;
  size_t other_size_ = 0;
};
#else
inline constexpr size_t kStackBytes = 128 * 1024;

class StackSide {
 public:
  void Leaving(const void*, size_t) {}
  void Leaving() {}
  void Arrived() {}
  void Returned() {}
  void Entered() {}
  void Left() {}
  static void Clean(const void*, size_t) {}
};
#endif

}  // namespace semel::sim
