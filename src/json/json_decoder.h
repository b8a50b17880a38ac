// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// JSON documents → columns, with simdjson On-Demand. Every document is walked to its end whatever the query reads, so
// that whether a record is broken does not depend on the query; of duplicate keys the last one wins.
#pragma once

#include <memory>
#include <string>

#include "formats/api/decoder.h"

namespace semel::json {

inline constexpr ErrorCode kBrokenDocument{5101, ExitCode::kData, "broken JSON document"};
inline constexpr ErrorCode kWrongValue{5102, ExitCode::kData, "JSON value of the wrong type"};
inline constexpr ErrorCode kBadJsonOption{5104, ExitCode::kConfig, "unusable JSON option"};

struct JsonOptions {
  bool fail_on_missing_field = false;
  bool ignore_parse_errors = false;  // a bad value becomes NULL, a broken document is dropped; both are counted
  bool iso_timestamps = false;
};

Result<std::unique_ptr<formats::Decoder>> MakeJsonDecoder(const columnar::Schema& physical,
                                                          const std::vector<int>& columns, const JsonOptions& options);

std::string SimdjsonVersion();

}  // namespace semel::json
