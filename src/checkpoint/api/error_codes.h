// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the checkpoint family (2000–2999).
#pragma once

#include "base/error_code.h"

namespace semel::checkpoint {

inline constexpr ErrorCode kBadMarker{2001, ExitCode::kData, "unreadable marker in a sink"};
inline constexpr ErrorCode kNameTaken{2002, ExitCode::kInternal, "name in the checkpoint store is taken"};
inline constexpr ErrorCode kStoreUnresolved{2003, ExitCode::kIo, "outcome of a store call cannot be told"};
inline constexpr ErrorCode kDamagedFile{2004, ExitCode::kData, "damaged file in the checkpoint store"};
inline constexpr ErrorCode kNewerFormat{2005, ExitCode::kConfig, "file of a newer Semel"};
inline constexpr ErrorCode kMissingFile{2006, ExitCode::kData, "file missing in the checkpoint store"};
inline constexpr ErrorCode kSuperseded{2010, ExitCode::kSuperseded, "superseded by a newer start"};
inline constexpr ErrorCode kMarkerMismatch{2011, ExitCode::kData, "the sink does not show the expected marker"};
inline constexpr ErrorCode kRolledBack{2012, ExitCode::kData, "the sink was rolled back"};
inline constexpr ErrorCode kChangedScript{2020, ExitCode::kConfig, "the script has changed"};
inline constexpr ErrorCode kStillDecided{2021, ExitCode::kTryAgain, "stopped with a decided epoch"};
inline constexpr ErrorCode kTargetHoldsRows{2022, ExitCode::kConfig, "a target holds rows of this pipeline"};
inline constexpr ErrorCode kNoCheckpoint{2023, ExitCode::kNoInput, "no such checkpoint"};
inline constexpr ErrorCode kTargetReplaced{2024, ExitCode::kData, "a target was replaced"};

}  // namespace semel::checkpoint
