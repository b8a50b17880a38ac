// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/properties.h"

#include "base/text.h"
#include "iceberg/error_codes.h"

namespace semel::iceberg {

namespace {

Status Refuse(const std::string& table, const std::string& key, const std::string& value, std::string hint) {
  return Status::Invalid(kUnsupportedTable,
                         fmt::format("{}'{}' = '{}' is nothing that Semel writes",
                                     table.empty() ? "" : "table " + table + ": ", key, value),
                         std::move(hint));
}

}  // namespace

Result<WriteOptions> WriteOptionsOf(const std::string& table, const std::map<std::string, std::string>& properties) {
  WriteOptions options;
  auto find = [&properties](const char* key) {
    const auto it = properties.find(key);
    return it == properties.end() ? nullptr : &it->second;
  };
  if (const std::string* target = find("write.target-file-size-bytes"))
    if (const uint64_t bytes = std::strtoull(target->c_str(), nullptr, 10); bytes > 0) options.target_bytes = bytes;
  if (const std::string* format = find("write.format.default"); format && ToLowerAscii(*format) != "parquet")
    return Refuse(table, "write.format.default", *format, "files are Parquet: set the property to 'parquet'");
  if (const std::string* upsert = find("write.upsert.enabled"); upsert && ToLowerAscii(*upsert) == "true")
    return Refuse(table, "write.upsert.enabled", *upsert, "rows are appended: set the property to 'false'");
  if (const std::string* name = find("write.parquet.compression-codec")) {
    const std::optional<parquet::ParquetCodec> codec = parquet::FindCodec(*name);
    if (!codec)
      return Refuse(table, "write.parquet.compression-codec", *name,
                    "set it to 'zstd', 'snappy', 'gzip', 'lz4' or 'uncompressed'");
    options.codec = *codec;
  }
  return options;
}

Result<std::map<std::string, std::string>> StoredProperties(const std::string& table,
                                                            std::map<std::string, std::string> declared) {
  if (const auto version = declared.find("format-version"); version != declared.end()) {
    if (version->second != "2") return Refuse(table, version->first, version->second, "tables have format version 2");
    declared.erase(version);
  }
  SEMEL_RETURN_IF_ERROR(WriteOptionsOf(table, declared).status());
  return declared;
}

}  // namespace semel::iceberg
