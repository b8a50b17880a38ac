// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/wire.h"

#include "base/text.h"

namespace semel::kafka {

std::string TopicIdText(const TopicId& id) { return HexEncode({reinterpret_cast<const char*>(id.data()), id.size()}); }

std::optional<TopicId> ParseTopicId(std::string_view text) {
  TopicId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    id[i / 2] = static_cast<uint8_t>(id[i / 2] << 4 | digit);
  }
  return id;
}

}  // namespace semel::kafka
