// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/row_digest.h"

#include "codec/hash.h"

namespace semel::columnar {

namespace {

inline constexpr ErrorCode kBadDigest{5902, ExitCode::kData, "unreadable digest"};
constexpr uint64_t kSeed = 0x53454d454c2d3031;  // "SEMEL-01"

// Per value: 0 for NULL; else 1 and 16 bytes for every exact number or time, 2 and 8 bytes for floating, 3, length and
// bytes for text.
void AppendValue(const Column& column, int64_t i, std::string& out) {
  if (column.IsNull(i)) {
    out += '\0';
    return;
  }
  switch (column.type().physical()) {
    case PhysicalKind::kBinary: {
      const std::string_view text = column.GetString(i);
      const uint32_t size = static_cast<uint32_t>(text.size());
      out += '\3';
      out.append(reinterpret_cast<const char*>(&size), 4).append(text);
      break;
    }
    case PhysicalKind::kFloat:
    case PhysicalKind::kDouble: {
      double v = column.type().physical() == PhysicalKind::kFloat ? static_cast<double>(column.values<float>()[i])
                                                                  : column.values<double>()[i];
      if (v != v) v = __builtin_nan("");
      out += '\2';
      out.append(reinterpret_cast<const char*>(&v), 8);
      break;
    }
    case PhysicalKind::kStruct:
      out += '\4';
      for (const ColumnPtr& child : column.children()) AppendValue(*child, i, out);
      break;
    case PhysicalKind::kNone:
      out += '\0';
      break;
    default: {
      const int128 v = column.type().physical() == PhysicalKind::kBit ? column.GetBool(i) : column.GetInt(i);
      out += '\1';
      out.append(reinterpret_cast<const char*>(&v), 16);
    }
  }
}

}  // namespace

void RowDigest::AddRows(const Batch& batch) {
  std::string row;
  for (int64_t i = 0; i < batch.length(); ++i) {
    row.clear();
    for (const ColumnPtr& column : batch.columns()) AppendValue(*column, i, row);
    const codec::Hash128 hash = codec::Xxh3_128(row, kSeed);
    sum_ += static_cast<uint128>(hash.high) << 64 | hash.low;
  }
}

std::string RowDigest::ToString() const {
  return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(sum_ >> 64), static_cast<uint64_t>(sum_));
}

Result<RowDigest> RowDigest::Parse(std::string_view text) {
  RowDigest digest;
  bool good = text.size() == 32;
  for (char c : text) {
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    good = good && value >= 0;
    digest.sum_ = digest.sum_ << 4 | static_cast<uint128>(value & 15);
  }
  if (!good) return Status::Corrupt(kBadDigest, fmt::format("'{}' is no digest", text), "32 hex digits were expected");
  return digest;
}

}  // namespace semel::columnar
