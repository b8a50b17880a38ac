// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Parquet files by Apache Arrow C++; the only folder that knows Arrow.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "columnar/column.h"
#include "env/api/env.h"

namespace semel::parquet {

inline constexpr ErrorCode kParquet{4901, ExitCode::kData, "Parquet file cannot be read or written"};

// A column as the table's schema knows it.
struct ParquetColumn {
  std::string name;
  columnar::DataType type;
  int field_id = 0;
  bool required = false;
  std::vector<ParquetColumn> fields = {};  // of a ROW
};

// The bytes of one file and what its footer says.
struct EncodedParquet {
  std::string bytes;
  std::vector<int64_t> row_group_offsets;  // ascending
  std::map<int, uint64_t> column_bytes;    // by field id of the leaf: compressed, over all row groups
};

// Rows as one Parquet file (zstd, field ids, decimals as integers where they fit). Invalid for types that the format of
// the table does not have.
Result<EncodedParquet> EncodeParquet(const std::vector<ParquetColumn>& columns,
                                     const std::vector<columnar::Batch>& batches);
// All rows of a file; columns are found by field id, missing ones are NULL.
Result<columnar::Batch> DecodeParquet(std::string_view file, const std::vector<ParquetColumn>& columns);

std::string ArrowVersion();

}  // namespace semel::parquet
