// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text in JSON → single values, by the grammars of the Java calls with which Flink's JSON format reads it
// (JsonParserToRowDataConverters, Flink 2.1): Integer.parseInt, Double.parseDouble, java.time, Jackson's base64. What
// they refuse is refused; where they make something silently wrong of it, it is refused as well (docs/differences.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace semel::json {

// String.trim: without blanks and control characters at both ends.
std::string_view TrimJava(std::string_view text);
// A sign and digits, nothing else.
std::optional<int64_t> ParseInteger(std::string_view text);
// A sign and a decimal number with or without exponent, or NaN or Infinity; not what is beyond the type's range.
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
// Base64 with its padding; blanks may stand between groups of four. False: it is none.
bool DecodeBase64(std::string_view text, std::string& bytes);
// "13:05:59[.123456789]" → microseconds of the day; in the ISO form the seconds may be missing.
std::optional<int64_t> ParseTime(std::string_view text, bool iso);
// As text within quotes, with the escapes that Jackson writes.
void AppendQuoted(std::string_view text, std::string& out);

}  // namespace semel::json
