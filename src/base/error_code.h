// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// An error code is the stable name of one thing that can go wrong: SEMEL-2041. Each area defines its own codes as
// constants in its own header (`inline constexpr ErrorCode kOffsetOutOfRange{3104, ExitCode::kData, "offset out of
// range"};`); docs/errors.md lists them all and a test checks that the list is complete and free of duplicates.
//
// Ranges: 1000 SQL, 2000 checkpoint and protocol, 3000 Kafka, 4000 Iceberg and catalogs, 5000 files, formats and data,
// 6000 machine and I/O, 7000 configuration and command line, 8000 runtime, 9000 internal.
#pragma once

#include <cstdint>
#include <string_view>

namespace semel {

// How the process ends; the values are those of BSD sysexits, and 3 for "another instance took over".
enum class ExitCode : int {
  kOk = 0,
  kSuperseded = 3,
  kUsage = 64,
  kData = 65,
  kNoInput = 66,
  kUnavailable = 69,
  kInternal = 70,
  kCannotCreate = 73,
  kIo = 74,
  kTryAgain = 75,
  kPermission = 77,
  kConfig = 78,
};

// A stable error number with the exit code that a process ending on it returns. Literal type, compared by number.
struct ErrorCode {
  uint16_t number = 0;
  ExitCode exit = ExitCode::kInternal;
  std::string_view title;

  constexpr bool operator==(const ErrorCode& other) const { return number == other.number; }
};

inline constexpr ErrorCode kNoError{0, ExitCode::kOk, "no error"};
inline constexpr ErrorCode kInternalError{9000, ExitCode::kInternal, "internal error"};
inline constexpr ErrorCode kNotSupported{9001, ExitCode::kConfig, "not supported"};

}  // namespace semel
