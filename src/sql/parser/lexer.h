// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace semel::sql {

enum class TokenKind : uint8_t { kWord, kQuotedName, kString, kNumber, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;   // word as written; name and string without quotes; symbol
  std::string upper;  // kWord: upper case, for keywords
  SourceSpan span;
  uint32_t line = 1;  // in which it begins
};

// Some editors put it in front of UTF-8 text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Splits a script into tokens; the last one is kEnd. Comments (-- and /* */), white space and a byte order mark at the
// beginning are skipped. Invalid names the place of an unended string, name or comment, or of a character that starts
// nothing.
Result<std::vector<Token>> Tokenize(std::string_view script);

}  // namespace semel::sql
