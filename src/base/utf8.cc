// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/utf8.h"

namespace semel {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// What begins at the front of `bytes`: a character, or what is replaced by one U+FFFD.
struct Piece {
  size_t length;
  bool is_character;
};

// Whether `second` may follow `first` in a character of three or four bytes: no longer form than needed, nothing beyond
// U+10FFFF.
bool MayFollow(uint8_t first, uint8_t second) {
  if (first == 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (first == 0xf0) return second >= 0x90 && second <= 0xbf;
  if (first == 0xf4) return second >= 0x80 && second <= 0x8f;
  return IsContinuation(second);
}

Piece NextPiece(std::string_view bytes) {
  auto at = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return {1, true};
  const size_t length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (length == 1 || bytes.size() == 1) return {1, false};
  if (length == 2) return IsContinuation(at(1)) ? Piece{2, true} : Piece{1, false};
  if (!MayFollow(first, at(1))) return {1, false};
  for (size_t i = 2; i < length; ++i)
    if (i == bytes.size() || !IsContinuation(at(i))) return {i, false};
  return {length, first != 0xed || at(1) < 0xa0};
}

}  // namespace

std::string Utf8FromBytes(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Piece piece = NextPiece(bytes);
    text += piece.is_character ? bytes.substr(0, piece.length) : kReplacement;
    bytes.remove_prefix(piece.length);
  }
  return text;
}

size_t Utf8Prefix(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const Piece piece = NextPiece(bytes.substr(at));
    if (!piece.is_character) break;
    at += piece.length;
  }
  return at;
}

}  // namespace semel
