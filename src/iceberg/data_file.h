// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Data files with what readers prune by: counts, sizes and bounds per column (Iceberg specification, "Manifests",
// data_file fields 108 to 132, and appendix D for the binary form of single values).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "parquet/parquet_file.h"

namespace semel::iceberg {

// Of one column in one file. Bounds are in the binary form; text and bytes are cut to 16 characters or bytes.
struct ColumnStats {
  int field_id = 0;
  uint64_t compressed_bytes = 0;
  uint64_t values = 0;  // NULLs and NaNs included
  uint64_t nulls = 0;
  std::optional<uint64_t> nans;  // FLOAT and DOUBLE only
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

// Collects a column's counts and bounds over batches.
class StatsCollector {
 public:
  explicit StatsCollector(const parquet::ParquetColumn& column) : type_(column.type) {
    stats_.field_id = column.field_id;
  }
  void Add(const columnar::Column& column);
  // The bounds are present only if a value was seen that has an order.
  ColumnStats Finish() const;

 private:
  template <typename T>
  void AddFloats(const columnar::Column& column);
  void AddText(const columnar::Column& column);
  void AddIntegers(const columnar::Column& column);

  const columnar::DataType type_;
  ColumnStats stats_;
  bool seen_ = false;
  columnar::int128 least_ = 0, greatest_ = 0;
  double least_float_ = 0, greatest_float_ = 0;
  std::string least_text_, greatest_text_;
};

// Counts and bounds of the columns of one file; the fields of a ROW count each for itself, NULL where the ROW is.
class FileStats {
 public:
  explicit FileStats(const std::vector<parquet::ParquetColumn>& columns);
  // REQUIRES: the batch has the columns.
  void Add(const columnar::Batch& batch);
  // In the order of the leaves.
  std::vector<ColumnStats> Finish() const;

 private:
  std::vector<StatsCollector> leaves_;
};

// A data file that was written and is not (yet) part of the table.
struct DataFile {
  std::string path;  // as stored in manifests
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::vector<ColumnStats> columns;
  std::vector<int64_t> split_offsets;  // where row groups begin, ascending
  std::string partition = "{}";        // JSON object: name of the partition field → value
  std::optional<int> spec_id = {};     // the partition spec that it was written under; nothing: by an older build

  // One line of JSON (docs/formats/iceberg.md), and back; kBadMetadata if it is none.
  std::string Encode() const;
  static Result<DataFile> Decode(std::string_view line);
  // The data_file record of a manifest entry, without the partition.
  nlohmann::json ToManifest() const;
};

// Files of one writer, a line each.
std::string EncodeDataFiles(const std::vector<DataFile>& files);
Result<std::vector<DataFile>> DecodeDataFiles(std::string_view text);

// The first 16 code points; the whole text if it has no more.
std::string LowerTextBound(std::string_view text);
// The shortest text of at most 16 code points that is no less than every text that begins so; nothing if there is none.
std::optional<std::string> UpperTextBound(std::string_view text);
// The same in bytes.
std::optional<std::string> UpperBytesBound(std::string_view bytes);
// Two's complement, big-endian, in the fewest bytes.
std::string DecimalBytes(columnar::int128 unscaled);

}  // namespace semel::iceberg
