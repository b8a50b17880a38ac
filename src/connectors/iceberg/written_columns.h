// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Which of a table's columns a script writes. Others may have added columns, moved and widened them since the script
// was written: what it declares is found by name.
#pragma once

#include <optional>
#include <vector>

#include "columnar/column.h"
#include "iceberg/schema_json.h"

namespace semel::connectors {

// The declared columns, in their order, as the table has them: its ids, its types where they are wider (BIGINT for INT,
// DOUBLE for FLOAT, more digits of a DECIMAL), fields of a ROW likewise. Nothing if one is missing or of another type,
// or if the table has a required column or field that is not declared.
std::optional<std::vector<parquet::ParquetColumn>> WrittenColumns(const columnar::Schema& declared,
                                                                  const iceberg::TableSchema& table);

}  // namespace semel::connectors
