// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "json/java_text.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "columnar/parse_text.h"

namespace semel::json {

namespace {

bool IsBlank(char c) { return static_cast<unsigned char>(c) <= ' '; }

size_t CountDigits(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  return n;
}

// Double.parseDouble's decimal form, to be read by strtod: without the suffix that Java allows. Empty: it is no number.
std::string DecimalForm(std::string_view text) {
  text = TrimJava(text);
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "NaN" || rest == "Infinity") return std::string(text);
  size_t digits = CountDigits(rest);
  rest.remove_prefix(digits);
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    const size_t fraction = CountDigits(rest);
    rest.remove_prefix(fraction);
    digits += fraction;
  }
  if (digits == 0) return {};
  if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
    rest.remove_prefix(1);
    if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
    const size_t exponent = CountDigits(rest);
    if (exponent == 0) return {};
    rest.remove_prefix(exponent);
  }
  const size_t suffix = rest.size();
  if (suffix > 1 || (suffix == 1 && std::string_view("fFdD").find(rest[0]) == std::string_view::npos)) return {};
  return std::string(text.substr(0, text.size() - suffix));
}

template <typename T>
std::optional<T> ParseFloating(std::string_view text, T (*parse)(const char*, char**)) {
  const std::string form = DecimalForm(text);
  if (form.empty()) return std::nullopt;
  const T value = parse(form.c_str(), nullptr);
  if (std::isinf(value) && form.back() != 'y') return std::nullopt;
  return value;
}

}  // namespace

std::string_view TrimJava(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  text = TrimJava(text);
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || CountDigits(text) != text.size()) return std::nullopt;
  int64_t value = 0;
  for (char c : text) {
    const int64_t digit = negative ? '0' - c : c - '0';
    if (__builtin_mul_overflow(value, int64_t{10}, &value) || __builtin_add_overflow(value, digit, &value))
      return std::nullopt;
  }
  return value;
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text, std::strtod); }
std::optional<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text, std::strtof); }

bool DecodeBase64(std::string_view text, std::string& bytes) {
  auto value = [](char c) {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
  };
  while (true) {
    while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
    if (text.empty()) return true;
    if (text.size() < 4) return false;
    const size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4 - padding; ++i) {
      const int v = value(text[i]);
      if (v < 0) return false;
      bits |= static_cast<uint32_t>(v) << (18 - 6 * i);
    }
    for (size_t i = 0; i < 3 - padding; ++i) bytes += static_cast<char>(bits >> (16 - 8 * i));
    text.remove_prefix(4);
  }
}

std::optional<int64_t> ParseTime(std::string_view text, bool iso) {
  if (iso && text.size() == 5) return columnar::ParseTimeOfDay(std::string(text) + ":00");
  if (text.size() == 9 && text.back() == '.') text.remove_suffix(1);  // a fraction of no digits
  return columnar::ParseTimeOfDay(text);
}

void AppendQuoted(std::string_view text, std::string& out) {
  constexpr std::string_view kShort = "btn?fr";  // \b to \r; there is none for \v
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) >= ' ') {
      out += c;
    } else if (c >= '\b' && c <= '\r' && c != '\v') {
      (out += '\\') += kShort[static_cast<size_t>(c - '\b')];
    } else {
      (((out += "\\u00") += kHex[static_cast<size_t>(c) >> 4])) += kHex[static_cast<size_t>(c) & 15];
    }
  }
  out += '"';
}

}  // namespace semel::json
