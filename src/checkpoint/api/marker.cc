// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/text.h"
#include "checkpoint/api/committer.h"
#include "checkpoint/api/error_codes.h"

namespace semel::checkpoint {

namespace {
bool ParseNumber(const std::string& text, uint64_t& value) {
  if (text.empty() || text.size() > 19) return false;
  value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}
}  // namespace

std::string Marker::ToString() const {
  return fmt::format("{}/{}/{}/{}/{}", lineage, epoch.value, generation.value, rows, digest);
}

Result<Marker> Marker::Parse(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '/');
  Marker marker;
  if (parts.size() != 5 || parts[0].empty() || parts[4].size() != 32 || !ParseNumber(parts[1], marker.epoch.value) ||
      !ParseNumber(parts[2], marker.generation.value) || !ParseNumber(parts[3], marker.rows))
    return Status::Corrupt(kBadMarker, fmt::format("'{}' is no marker", text),
                           "somebody else wrote this property; `semel verify` shows what the sink holds");
  marker.lineage = parts[0];
  marker.digest = parts[4];
  return marker;
}

}  // namespace semel::checkpoint
