// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A digest of a multiset of rows (docs/formats/row-digest.md): the sum mod 2^128 of a hash of each row, so that it does
// not depend on order, batches or files, and digests of parts add up. A sum, never XOR: a row twice must not vanish.
#pragma once

#include <string>
#include <string_view>

#include "columnar/column.h"

namespace semel::columnar {

class RowDigest {
 public:
  // Adds every row of the batch: XXH3-128 over the row's logical values (kind, NULL or value in its widest form).
  void AddRows(const Batch& batch);
  void Add(const RowDigest& other) { sum_ += other.sum_; }
  std::string ToString() const;  // 32 hex digits
  static Result<RowDigest> Parse(std::string_view text);
  bool operator==(const RowDigest&) const = default;

 private:
  uint128 sum_ = 0;
};

}  // namespace semel::columnar
