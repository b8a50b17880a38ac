// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Table properties that decide how data files are written (docs/formats/iceberg.md lists every one that is honoured).
#pragma once

#include <map>
#include <string>

#include "parquet/parquet_file.h"

namespace semel::iceberg {

struct WriteOptions {
  uint64_t target_bytes = 512ull << 20;                        // write.target-file-size-bytes, as in Iceberg
  parquet::ParquetCodec codec = parquet::ParquetCodec::kZstd;  // write.parquet.compression-codec
};

// Of a table's properties. Invalid, by name, for a file format or a codec that Semel does not write.
Result<WriteOptions> WriteOptionsOf(const std::string& table, const std::map<std::string, std::string>& properties);
// Those that a CREATE TABLE stores. Invalid for those that cannot be honoured, and for a format version other than 2,
// which is no property of a table.
Result<std::map<std::string, std::string>> StoredProperties(const std::string& table,
                                                            std::map<std::string, std::string> declared);

}  // namespace semel::iceberg
