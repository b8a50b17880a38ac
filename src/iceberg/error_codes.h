// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of Iceberg tables and catalogs (4001–4099).
#pragma once

#include "base/error_code.h"

namespace semel::iceberg {

inline constexpr ErrorCode kNoTable{4001, ExitCode::kConfig, "no such Iceberg table"};
inline constexpr ErrorCode kBadMetadata{4002, ExitCode::kData, "unreadable Iceberg metadata"};
inline constexpr ErrorCode kSchemaDiffers{4003, ExitCode::kConfig, "table has another schema"};
inline constexpr ErrorCode kUnsupportedTable{4004, ExitCode::kConfig, "table feature not supported"};
inline constexpr ErrorCode kCatalogOption{4005, ExitCode::kConfig, "unusable catalog option"};
inline constexpr ErrorCode kTableReplaced{4006, ExitCode::kData, "table was replaced"};
inline constexpr ErrorCode kConflict{4007, ExitCode::kTryAgain, "another commit came first"};
inline constexpr ErrorCode kStagedMissing{4008, ExitCode::kData, "staged file is missing"};
inline constexpr ErrorCode kNotUtf8{4010, ExitCode::kData, "text is not UTF-8"};

}  // namespace semel::iceberg
