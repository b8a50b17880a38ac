// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The JSON that commands print with --format json.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"

namespace semel::cli {

// An object in the making; members in the order in which they are added.
class JsonObject {
 public:
  JsonObject& Text(std::string_view key, std::string_view value) {
    return Raw(key, fmt::format("\"{}\"", EscapeJson(value)));
  }
  template <typename Integer>
  JsonObject& Number(std::string_view key, Integer value) {
    return Raw(key, fmt::format("{:d}", value));
  }
  JsonObject& Bool(std::string_view key, bool value) { return Raw(key, value ? "true" : "false"); }
  // `json`: a value that is JSON already.
  JsonObject& Raw(std::string_view key, std::string_view json) {
    members_ += fmt::format("{}\"{}\": {}", members_.empty() ? "" : ", ", EscapeJson(key), json);
    return *this;
  }
  std::string ToString() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// An array of values that are JSON already.
inline std::string JsonArray(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return "[" + text + "]";
}
inline std::string JsonTexts(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  for (const std::string& text : texts) values.push_back(fmt::format("\"{}\"", EscapeJson(text)));
  return JsonArray(values);
}

}  // namespace semel::cli
