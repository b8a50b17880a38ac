// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/data_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "iceberg/error_codes.h"
#include "iceberg/utf8.h"

namespace semel::iceberg {

using columnar::Column;
using columnar::int128;
using columnar::PhysicalKind;
using columnar::TypeKind;
using nlohmann::json;

namespace {

constexpr size_t kBoundLength = 16;

template <typename T>
std::string LittleEndian(T v) {
  return std::string(reinterpret_cast<const char*>(&v), sizeof(T));
}

// A value of a column without text, in the binary form of the table's type.
std::string IntegerBound(const columnar::DataType& type, int128 v) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return std::string(1, static_cast<char>(v != 0));
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kDate:
      return LittleEndian(static_cast<int32_t>(v));
    case TypeKind::kTime:
      return LittleEndian(static_cast<int64_t>(v) * 1000);
    case TypeKind::kDecimal:
      return DecimalBytes(v);
    default:
      return LittleEndian(static_cast<int64_t>(v));
  }
}

// Where the code point number `n` begins, or the end.
size_t OffsetOfCodePoint(std::string_view text, size_t n) {
  size_t at = 0;
  for (; n > 0 && at < text.size(); --n) NextCodePoint(text, at);
  return std::min(at, text.size());
}

std::string EncodeCodePoint(uint32_t v) {
  if (v < 0x80) return {static_cast<char>(v)};
  if (v < 0x800) return {static_cast<char>(0xc0 | v >> 6), static_cast<char>(0x80 | (v & 0x3f))};
  if (v < 0x10000)
    return {static_cast<char>(0xe0 | v >> 12), static_cast<char>(0x80 | (v >> 6 & 0x3f)),
            static_cast<char>(0x80 | (v & 0x3f))};
  return {static_cast<char>(0xf0 | v >> 18), static_cast<char>(0x80 | (v >> 12 & 0x3f)),
          static_cast<char>(0x80 | (v >> 6 & 0x3f)), static_cast<char>(0x80 | (v & 0x3f))};
}

std::string FromHex(std::string_view hex) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return bytes;
}

json Binary(const std::string& bytes) { return json::binary(std::vector<uint8_t>(bytes.begin(), bytes.end())); }

}  // namespace

std::string LowerTextBound(std::string_view text) {
  return std::string(text.substr(0, OffsetOfCodePoint(text, kBoundLength)));
}

std::optional<std::string> UpperTextBound(std::string_view text) {
  const size_t end = OffsetOfCodePoint(text, kBoundLength);
  if (end == text.size()) return std::string(text);
  std::string_view head = text.substr(0, end);
  for (size_t n = kBoundLength; n > 0; --n) {
    const size_t last = OffsetOfCodePoint(head, n - 1);
    size_t at = last;
    uint32_t next = NextCodePoint(head, at) + 1;
    if (next >= 0xd800 && next <= 0xdfff) next = 0xe000;  // surrogates are no characters
    if (next <= 0x10ffff) return std::string(head.substr(0, last)) + EncodeCodePoint(next);
    head = head.substr(0, last);
  }
  return std::nullopt;
}

std::optional<std::string> UpperBytesBound(std::string_view bytes) {
  if (bytes.size() <= kBoundLength) return std::string(bytes);
  std::string head(bytes.substr(0, kBoundLength));
  while (!head.empty() && static_cast<unsigned char>(head.back()) == 0xff) head.pop_back();
  if (head.empty()) return std::nullopt;
  head.back() = static_cast<char>(static_cast<unsigned char>(head.back()) + 1);
  return head;
}

std::string DecimalBytes(int128 unscaled) {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) bytes += static_cast<char>(unscaled >> shift);
  const char fill = unscaled < 0 ? '\xff' : '\0';
  size_t skip = 0;
  while (skip < 15 && bytes[skip] == fill && (bytes[skip] & 0x80) == (bytes[skip + 1] & 0x80)) ++skip;
  return bytes.substr(skip);
}

template <typename T>
void StatsCollector::AddFloats(const Column& column) {
  if (!stats_.nans) stats_.nans = 0;
  for (int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) continue;
    const double v = column.values<T>()[i];
    if (std::isnan(v)) {
      ++*stats_.nans;
      continue;
    }
    // −0.0 sorts before +0.0, which the comparison cannot tell.
    if (!seen_ || v < least_float_ || (v == least_float_ && std::signbit(v))) least_float_ = v;
    if (!seen_ || v > greatest_float_ || (v == greatest_float_ && !std::signbit(v))) greatest_float_ = v;
    seen_ = true;
  }
}

void StatsCollector::AddText(const Column& column) {
  for (int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) continue;
    const std::string_view v = column.GetString(i);
    if (!seen_ || v < least_text_) least_text_ = v;
    if (!seen_ || v > greatest_text_) greatest_text_ = v;
    seen_ = true;
  }
}

void StatsCollector::AddIntegers(const Column& column) {
  const bool bits = column.type().physical() == PhysicalKind::kBit;
  for (int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) continue;
    const int128 v = bits ? column.GetBool(i) : column.GetInt(i);
    if (!seen_ || v < least_) least_ = v;
    if (!seen_ || v > greatest_) greatest_ = v;
    seen_ = true;
  }
}

void StatsCollector::Add(const Column& column) {
  stats_.values += static_cast<uint64_t>(column.length());
  stats_.nulls += static_cast<uint64_t>(column.CountNulls());
  switch (column.type().physical()) {
    case PhysicalKind::kFloat:
      return AddFloats<float>(column);
    case PhysicalKind::kDouble:
      return AddFloats<double>(column);
    case PhysicalKind::kBinary:
      return AddText(column);
    case PhysicalKind::kStruct:
    case PhysicalKind::kNone:
      return;
    default:
      return AddIntegers(column);
  }
}

ColumnStats StatsCollector::Finish() const {
  ColumnStats stats = stats_;
  if (!seen_) return stats;
  switch (type_.kind()) {
    case TypeKind::kFloat:
      stats.lower = LittleEndian(static_cast<float>(least_float_));
      stats.upper = LittleEndian(static_cast<float>(greatest_float_));
      break;
    case TypeKind::kDouble:
      stats.lower = LittleEndian(least_float_);
      stats.upper = LittleEndian(greatest_float_);
      break;
    case TypeKind::kString:
      stats.lower = LowerTextBound(least_text_);
      stats.upper = UpperTextBound(greatest_text_);
      break;
    case TypeKind::kBytes:
      stats.lower = least_text_.substr(0, kBoundLength);
      stats.upper = UpperBytesBound(greatest_text_);
      break;
    default:
      stats.lower = IntegerBound(type_, least_);
      stats.upper = IntegerBound(type_, greatest_);
  }
  return stats;
}

namespace {

void AddLeaves(const std::vector<parquet::ParquetColumn>& columns, std::vector<StatsCollector>& leaves) {
  for (const parquet::ParquetColumn& column : columns) {
    if (column.type.kind() == TypeKind::kRow) {
      AddLeaves(column.fields, leaves);
    } else {
      leaves.emplace_back(column);
    }
  }
}

void AddToLeaves(const Column& column, std::vector<StatsCollector>& leaves, size_t& next) {
  if (column.type().kind() != TypeKind::kRow) return leaves[next++].Add(column);
  for (size_t f = 0; f < column.children().size(); ++f) AddToLeaves(*columnar::FieldOf(column, f), leaves, next);
}

}  // namespace

FileStats::FileStats(const std::vector<parquet::ParquetColumn>& columns) { AddLeaves(columns, leaves_); }

void FileStats::Add(const columnar::Batch& batch) {
  size_t next = 0;
  for (const columnar::ColumnPtr& column : batch.columns()) AddToLeaves(*column, leaves_, next);
}

std::vector<ColumnStats> FileStats::Finish() const {
  std::vector<ColumnStats> stats;
  for (const StatsCollector& leaf : leaves_) stats.push_back(leaf.Finish());
  return stats;
}

std::string DataFile::Encode() const {
  json all = json::array();
  for (const ColumnStats& c : columns)
    all.push_back({c.field_id, c.compressed_bytes, c.values, c.nulls, c.nans ? json(*c.nans) : json(),
                   c.lower ? json(HexEncode(*c.lower)) : json(), c.upper ? json(HexEncode(*c.upper)) : json()});
  json line = {{"path", path},
               {"rows", rows},
               {"bytes", bytes},
               {"columns", all},
               {"split_offsets", split_offsets},
               {"partition", json::parse(partition)}};
  if (spec_id) line["spec_id"] = *spec_id;
  return line.dump();
}

Result<DataFile> DataFile::Decode(std::string_view line) {
  const Status bad = Status::Corrupt(kBadMetadata, "a staged data file in the checkpoint is unreadable",
                                     "the checkpoint is of another version or damaged");
  try {
    const json text = json::parse(line);
    DataFile file;
    file.path = text.at("path").get<std::string>();
    file.rows = text.at("rows").get<uint64_t>();
    file.bytes = text.at("bytes").get<uint64_t>();
    file.split_offsets = text.at("split_offsets").get<std::vector<int64_t>>();
    file.partition = text.at("partition").dump();
    if (text.contains("spec_id")) file.spec_id = text.at("spec_id").get<int>();
    for (const json& c : text.at("columns")) {
      ColumnStats stats;
      stats.field_id = c.at(0).get<int>();
      stats.compressed_bytes = c.at(1).get<uint64_t>();
      stats.values = c.at(2).get<uint64_t>();
      stats.nulls = c.at(3).get<uint64_t>();
      if (!c.at(4).is_null()) stats.nans = c.at(4).get<uint64_t>();
      if (!c.at(5).is_null()) stats.lower = FromHex(c.at(5).get<std::string>());
      if (!c.at(6).is_null()) stats.upper = FromHex(c.at(6).get<std::string>());
      file.columns.push_back(std::move(stats));
    }
    return file;
  } catch (const json::exception&) {
    return bad;
  }
}

json DataFile::ToManifest() const {
  json entry = {{"content", 0},         {"file_path", path},           {"file_format", "PARQUET"},
                {"record_count", rows}, {"file_size_in_bytes", bytes}, {"sort_order_id", 0}};
  for (const char* key :
       {"column_sizes", "value_counts", "null_value_counts", "nan_value_counts", "lower_bounds", "upper_bounds"})
    entry[key] = json::array();
  auto put = [&entry](const char* key, int id, json value) {
    entry[key].push_back({{"key", id}, {"value", std::move(value)}});
  };
  for (const ColumnStats& c : columns) {
    put("column_sizes", c.field_id, c.compressed_bytes);
    put("value_counts", c.field_id, c.values);
    put("null_value_counts", c.field_id, c.nulls);
    if (c.nans) put("nan_value_counts", c.field_id, *c.nans);
    if (c.lower) put("lower_bounds", c.field_id, Binary(*c.lower));
    if (c.upper) put("upper_bounds", c.field_id, Binary(*c.upper));
  }
  entry["split_offsets"] = split_offsets;
  return entry;
}

std::string EncodeDataFiles(const std::vector<DataFile>& files) {
  std::string text;
  for (const DataFile& file : files) text += file.Encode() + "\n";
  return text;
}

Result<std::vector<DataFile>> DecodeDataFiles(std::string_view text) {
  std::vector<DataFile> files;
  for (const std::string& line : Split(text, '\n')) {
    if (line.empty()) continue;
    SEMEL_ASSIGN_OR_RETURN(files.emplace_back(), DataFile::Decode(line));
  }
  return files;
}

}  // namespace semel::iceberg
