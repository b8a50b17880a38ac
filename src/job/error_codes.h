// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of settings and of a job's life (7100–7199).
#pragma once

#include "base/error_code.h"

namespace semel::job {

inline constexpr ErrorCode kNoPipelineName{7101, ExitCode::kConfig, "pipeline.name is missing"};
inline constexpr ErrorCode kBadPipelineName{7102, ExitCode::kConfig, "unusable pipeline.name"};
inline constexpr ErrorCode kBadSetting{7103, ExitCode::kConfig, "unusable setting"};
inline constexpr ErrorCode kUnknownSetting{7104, ExitCode::kConfig, "unknown setting"};
inline constexpr ErrorCode kNothingToRun{7105, ExitCode::kConfig, "script without INSERT"};
inline constexpr ErrorCode kEndedSplit{7107, ExitCode::kConfig, "ended under --until-end"};

}  // namespace semel::job
