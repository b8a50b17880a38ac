// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the machine and its I/O (6000–6199).
#pragma once

#include "base/error_code.h"

namespace semel::env {

inline constexpr ErrorCode kNoSuchFile{6001, ExitCode::kNoInput, "no such file"};
inline constexpr ErrorCode kFileExists{6002, ExitCode::kCannotCreate, "file exists"};
inline constexpr ErrorCode kPermissionDenied{6003, ExitCode::kPermission, "permission denied"};
inline constexpr ErrorCode kDiskFull{6004, ExitCode::kIo, "no space left"};
inline constexpr ErrorCode kFileIo{6005, ExitCode::kIo, "file I/O failed"};
inline constexpr ErrorCode kBadPath{6006, ExitCode::kCannotCreate, "path cannot be used"};
inline constexpr ErrorCode kStandardOutput{6007, ExitCode::kIo, "cannot write to standard output"};
inline constexpr ErrorCode kCannotConnect{6010, ExitCode::kUnavailable, "cannot connect"};
inline constexpr ErrorCode kConnectionLost{6011, ExitCode::kUnavailable, "connection lost"};
inline constexpr ErrorCode kDeadline{6012, ExitCode::kUnavailable, "no answer in time"};
inline constexpr ErrorCode kTls{6013, ExitCode::kUnavailable, "TLS failed"};
inline constexpr ErrorCode kHttp{6014, ExitCode::kUnavailable, "HTTP request failed"};
inline constexpr ErrorCode kDatabase{6020, ExitCode::kIo, "database failed"};
inline constexpr ErrorCode kDatabaseBusy{6021, ExitCode::kTryAgain, "database is locked"};
inline constexpr ErrorCode kDatabaseConstraint{6022, ExitCode::kData, "database constraint"};
inline constexpr ErrorCode kBadInjection{6030, ExitCode::kUsage, "unreadable --inject"};
inline constexpr ErrorCode kInjected{6031, ExitCode::kInternal, "injected failure"};

}  // namespace semel::env
