// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The rows of a datagen table: row n is a function of the table's options, the seed and n, so that it can be made
// again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/type.h"
#include "plan/physical.h"

namespace semel::connectors {

inline constexpr ErrorCode kBadDatagenOption{5301, ExitCode::kConfig, "bad datagen option"};

class RowGenerator {
 public:
  // Invalid with the option's name if a value cannot be read, or a column's type cannot be generated.
  static Result<RowGenerator> Create(const columnar::Schema& schema, const plan::Options& with);

  int64_t rows_per_second() const { return rows_per_second_; }
  // Rows in all: 'number-of-rows', or the shortest sequence; INT64_MAX: no end.
  int64_t total_rows() const { return total_rows_; }
  // Row n as a JSON object. Times are counted from `base_micros`.
  void AppendJson(int64_t n, int64_t base_micros, std::string& out) const;

 private:
  struct Field {
    std::string key;  // "\"name\":"
    columnar::DataType type;
    bool is_sequence = false;
    int64_t min = 0, max = 0;  // of numbers (unscaled for DECIMAL); start and end of a sequence
    double real_min = 0, real_max = 0;
    int64_t length = 100;  // of text
    double null_rate = 0;
    int64_t max_past_micros = 0;
  };
  static Result<Field> MakeField(const columnar::Field& column, const plan::Options& with);
  void AppendValue(const Field& field, size_t index, int64_t n, int64_t base_micros, std::string& out) const;
  uint64_t Draw(size_t field, int64_t n, uint64_t salt) const;

  std::vector<Field> fields_;
  uint64_t seed_ = 0;
  int64_t rows_per_second_ = 10'000;
  int64_t total_rows_ = INT64_MAX;
};

}  // namespace semel::connectors
