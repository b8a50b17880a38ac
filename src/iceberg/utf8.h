// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text that goes into tables: readers, and the JSON of metadata and checkpoints, take nothing that is not UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/column.h"

namespace semel::iceberg {

// Whether the bytes are UTF-8 (Unicode 15, table 3-7: no surrogates, nothing longer than needed).
bool IsUtf8(std::string_view text);
// The code point that begins at `at`, which moves behind it. REQUIRES: at < text.size(); text that is not UTF-8 gives
// any number.
uint32_t NextCodePoint(std::string_view text, size_t& at);
// The error for text that is none; `where` says what it was to become.
Status NotUtf8(const std::string& where);
// Invalid if a STRING of the column, or of a field in it, is not UTF-8.
Status CheckText(const columnar::Column& column, const std::string& name);

}  // namespace semel::iceberg
