// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Small operations on text that several areas need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace semel {

std::string ToUpperAscii(std::string_view text);
std::string ToLowerAscii(std::string_view text);
std::string_view TrimAscii(std::string_view text);
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string HexEncode(std::string_view bytes);

// The candidate with the smallest edit distance to `name` (letters added, left out, changed, or two swapped), if it is
// at most a third of its length; else empty.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace semel
