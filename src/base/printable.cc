// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/printable.h"

#include <algorithm>

#include "base/text.h"

namespace semel {

namespace {

// Bytes of the UTF-8 character at the beginning of `text`; 0 if there is none (RFC 3629: no overlong forms, no
// surrogates).
size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool fits = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second >= 0xA0);
    return fits && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool fits = !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second >= 0x90);
    return fits && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// Calls `character` for what is well-formed and `broken` for every other byte.
template <typename Character, typename Broken>
void ForEachCharacter(std::string_view text, const Character& character, const Broken& broken) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      broken(static_cast<unsigned char>(text[0]));
    } else {
      character(text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
}

}  // namespace

std::string EscapeJson(std::string_view text) {
  std::string out;
  const auto character = [&out](std::string_view c) {
    const unsigned char first = static_cast<unsigned char>(c[0]);
    if (c == "\"" || c == "\\") {
      out += '\\';
      out += c;
    } else if (first < 0x20) {
      out += "\\u00" + HexEncode(c);
    } else {
      out += c;
    }
  };
  ForEachCharacter(text, character, [&out](char c) { out += "\\\\x" + HexEncode(std::string_view(&c, 1)); });
  return out;
}

std::string Printable(std::string_view text) {
  std::string out;
  const auto broken = [&out](char c) { out += "\\x" + HexEncode(std::string_view(&c, 1)); };
  const auto character = [&out, &broken](std::string_view c) {
    const unsigned char first = static_cast<unsigned char>(c[0]);
    const bool control = (first < 0x20 && first != '\t' && first != '\n') || first == 0x7F ||
                         (first == 0xC2 && static_cast<unsigned char>(c[1]) < 0xA0);
    if (!control) {
      out += c;
      return;
    }
    for (char byte : c) broken(byte);
  };
  ForEachCharacter(text, character, broken);
  return out;
}

}  // namespace semel
