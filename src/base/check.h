// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Assertions. SEMEL_CHECK is always on and guards decisions, formats and recovery: a process that would decide on a
// broken assumption ends instead, which is always safe (kill -9 is). SEMEL_DCHECK is for inner loops and off in release
// builds.
#pragma once

#include <string_view>

namespace semel {

// Prints the failed condition with its place to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace semel

// SEMEL_CHECK(condition) or SEMEL_CHECK(condition, message): the message is evaluated only on failure.
#define SEMEL_CHECK(condition, ...)                                                          \
  do {                                                                                       \
    if (!(condition)) [[unlikely]]                                                           \
      ::semel::CheckFailed(__FILE__, __LINE__, #condition, ::std::string_view(__VA_ARGS__)); \
  } while (false)

#ifdef SEMEL_DEBUG
#define SEMEL_DCHECK(condition, ...) SEMEL_CHECK(condition, ##__VA_ARGS__)
#else
#define SEMEL_DCHECK(condition, ...) \
  do {                               \
  } while (false)
#endif
