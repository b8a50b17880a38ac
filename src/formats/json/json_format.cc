// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'format' = 'json', with Flink's options.
#include "formats/json/register.h"
#include "json/json_decoder.h"

namespace semel::formats {

namespace {

Result<bool> Bool(const plan::Options& options, const std::string& key) {
  auto it = options.find(key);
  if (it == options.end() || it->second == "false") return false;
  if (it->second == "true") return true;
  return Status::Invalid(json::kBadJsonOption, fmt::format("'json.{}' = '{}'", key, it->second), "'true' or 'false'");
}

Result<std::unique_ptr<Decoder>> Make(const DecoderRequest& request) {
  json::JsonOptions options;
  SEMEL_ASSIGN_OR_RETURN(options.fail_on_missing_field, Bool(request.options, "fail-on-missing-field"));
  SEMEL_ASSIGN_OR_RETURN(options.ignore_parse_errors, Bool(request.options, "ignore-parse-errors"));
  if (options.fail_on_missing_field && options.ignore_parse_errors)
    return Status::Invalid(json::kBadJsonOption,
                           "'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be 'true'",
                           "the one ends the run where the other goes on: choose one");
  if (auto standard = request.options.find("timestamp-format.standard"); standard != request.options.end()) {
    if (standard->second != "SQL" && standard->second != "ISO-8601")
      return Status::Invalid(json::kBadJsonOption,
                             fmt::format("'json.timestamp-format.standard' = '{}'", standard->second),
                             "'SQL' or 'ISO-8601'");
    options.iso_timestamps = standard->second == "ISO-8601";
  }
  return json::MakeJsonDecoder(*request.physical, request.columns, options);
}

}  // namespace

void RegisterJson(Registry& registry) {
  registry.Add(
      {"json",
       {"fail-on-missing-field", "ignore-parse-errors", "timestamp-format.standard", "map-null-key.mode",
        "map-null-key.literal", "encode.decimal-as-plain-number", "encode.ignore-null-fields"},
       Make,
       // There are no MAPs, and no sink that writes JSON.
       {"map-null-key.mode", "map-null-key.literal", "encode.decimal-as-plain-number", "encode.ignore-null-fields"}});
}

}  // namespace semel::formats
