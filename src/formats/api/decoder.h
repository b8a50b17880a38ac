// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bytes of records → columns.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "plan/physical.h"

namespace semel::formats {

// One record as the source found it. Views point into the chunk's buffer, which must stay readable for 64 bytes past
// its end (simdjson's padding).
struct Record {
  std::string_view key;
  std::string_view value;
  int64_t timestamp_micros = -1;  // of the record in its system; -1: none
  int64_t position = 0;           // offset, line start …: for error messages and metadata columns
  bool has_key = false;
  bool is_tombstone = false;  // no value at all (Kafka's null)
};

// Counts for the books of an epoch (I15) and the status line.
struct DecodeCounters {
  int64_t records = 0;      // seen
  int64_t rejected = 0;     // dropped by ignore-parse-errors
  int64_t rounded = 0;      // decimal values whose extra scale was rounded
  int64_t null_fields = 0;  // fields set to NULL by ignore-parse-errors
};

// Decodes records of one table into the wanted physical columns. One strand; created per source task.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Appends one row per accepted record to `out` (one builder per wanted column) and the index of each accepted record
  // to `accepted`. An unacceptable record ends the call with an Invalid status that names its position (unless ignored
  // by option).
  virtual Status Decode(std::span<const Record> records, std::span<columnar::ColumnBuilder> out,
                        std::vector<uint32_t>& accepted, DecodeCounters& counters) = 0;
};

// What a format is made from.
struct DecoderRequest {
  const columnar::Schema* physical = nullptr;  // all physical columns of the table
  std::vector<int> columns;                    // the wanted ones, ascending
  plan::Options options;  // with the format's prefix removed: 'json.ignore-parse-errors' → 'ignore-parse-errors'
};

// A named format. `known_options` without prefix, for the check of unknown options.
struct Format {
  std::string name;
  std::vector<std::string> known_options;
  std::function<Result<std::unique_ptr<Decoder>>(const DecoderRequest&)> make_decoder;
  std::vector<std::string> ignored_options;  // those of the known ones that are accepted with one notice
};

}  // namespace semel::formats
