// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Parquet files by Apache Arrow C++; the only folder that knows Arrow.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
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

// A ROW of these fields.
columnar::DataType RowType(const std::vector<ParquetColumn>& fields, bool nullable);

enum class ParquetCodec : uint8_t { kUncompressed, kSnappy, kGzip, kLz4, kZstd };
// By Iceberg's name ("zstd"), in any case; nothing if it is another one or Arrow was built without it.
std::optional<ParquetCodec> FindCodec(std::string_view name);

// The bytes of one file and what its footer says.
struct EncodedParquet {
  std::string bytes;
  std::vector<int64_t> row_group_offsets;  // ascending
  std::map<int, uint64_t> column_bytes;    // by field id of the leaf: compressed, over all row groups
};

// Rows as one Parquet file (field ids, decimals as integers where they fit). Values of a narrower type than the
// column's are widened (INT to BIGINT, FLOAT to DOUBLE, DECIMAL). Invalid for types that the format of the table does
// not have.
Result<EncodedParquet> EncodeParquet(const std::vector<ParquetColumn>& columns,
                                     const std::vector<columnar::Batch>& batches,
                                     ParquetCodec codec = ParquetCodec::kZstd);
// All rows of a file; columns are found by field id, missing ones are NULL.
Result<columnar::Batch> DecodeParquet(std::string_view file, const std::vector<ParquetColumn>& columns);
// The same with those of the columns (and fields of structs) only that the file has, in its order: as it was written.
Result<columnar::Batch> DecodeAsWritten(std::string_view file, const std::vector<ParquetColumn>& columns);

std::string ArrowVersion();

}  // namespace semel::parquet
