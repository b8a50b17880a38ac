// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/avro.h"

#include <nlohmann/json.hpp>

#include "codec/bytes_io.h"
#include "codec/compression.h"
#include "iceberg/error_codes.h"

namespace semel::iceberg {

using nlohmann::json;

namespace {

constexpr std::string_view kMagic("Obj\x01", 4);

const json& BranchOf(const json& schema, const json& value, size_t& index) {
  for (index = 0; index < schema.size(); ++index)
    if ((schema[index] == "null") == value.is_null()) return schema[index];
  SEMEL_CHECK(false, "a union without a fitting branch");
  return schema;
}

void WriteValue(const json& schema, const json& value, codec::ByteWriter& out) {
  if (schema.is_array()) {
    size_t index = 0;
    const json& branch = BranchOf(schema, value, index);
    out.Zigzag(static_cast<int64_t>(index));
    return WriteValue(branch, value, out);
  }
  const std::string type = schema.is_string() ? schema.get<std::string>() : schema.at("type").get<std::string>();
  if (type == "null") return;
  if (type == "boolean") return out.U8(value.get<bool>());
  if (type == "int" || type == "long") return out.Zigzag(value.get<int64_t>());
  if (type == "string") {
    const std::string& text = value.get_ref<const std::string&>();
    out.Zigzag(static_cast<int64_t>(text.size()));
    return out.Raw(text);
  }
  if (type == "bytes") {
    const auto& bytes = value.get_binary();
    out.Zigzag(static_cast<int64_t>(bytes.size()));
    return out.Raw({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (type == "record") {
    for (const json& field : schema.at("fields")) {
      const auto it = value.find(field.at("name").get<std::string>());
      WriteValue(field.at("type"), it == value.end() ? json() : *it, out);
    }
    return;
  }
  SEMEL_CHECK(type == "array", type);
  if (!value.empty()) {
    out.Zigzag(static_cast<int64_t>(value.size()));
    for (const json& item : value) WriteValue(schema.at("items"), item, out);
  }
  out.Zigzag(0);
}

// Reads by the writer's schema. Every failure marks the reader as failed.
class ValueReader {
 public:
  explicit ValueReader(codec::ByteReader& in) : in_(in) {}

  json Read(const json& schema, int depth = 0) {
    if (depth > 50 || !in_.ok()) return Fail();
    if (schema.is_array()) {
      const int64_t branch = in_.Zigzag();
      if (branch < 0 || static_cast<size_t>(branch) >= schema.size()) return Fail();
      return Read(schema[static_cast<size_t>(branch)], depth + 1);
    }
    if (schema.is_object() && schema.contains("type") && !schema["type"].is_string())
      return Read(schema["type"], depth + 1);
    const std::string type = schema.is_string() ? schema.get<std::string>() : schema.value("type", "");
    if (type == "record") return Record(schema, depth);
    if (named_.count(type) > 0) return Read(named_.at(type), depth + 1);
    if (type == "null") return json();
    if (type == "boolean") return json(in_.U8() != 0);
    if (type == "int" || type == "long") return json(in_.Zigzag());
    if (type == "float") return json(in_.Little<float>());
    if (type == "double") return json(in_.Little<double>());
    if (type == "string") return json(std::string(Sized()));
    if (type == "bytes") return Binary(Sized());
    if (type == "fixed") return Binary(in_.Raw(schema.value("size", uint64_t{0})));
    if (type == "array" || type == "map") return Blocks(schema, type == "map", depth);
    return Fail();
  }

 private:
  json Fail() {
    in_.Fail();
    return json();
  }
  static json Binary(std::string_view bytes) { return json::binary(std::vector<uint8_t>(bytes.begin(), bytes.end())); }
  std::string_view Sized() {
    const int64_t n = in_.Zigzag();
    if (n < 0) in_.Fail();
    return in_.Raw(n < 0 ? 0 : static_cast<uint64_t>(n));
  }
  json Record(const json& schema, int depth) {
    if (schema.contains("name")) named_[schema["name"].get<std::string>()] = schema;
    json record = json::object();
    for (const json& field : schema.value("fields", json::array()))
      record[field.value("name", "")] = Read(field.value("type", json()), depth + 1);
    return record;
  }
  json Blocks(const json& schema, bool is_map, int depth) {
    json items = is_map ? json::object() : json::array();
    while (in_.ok()) {
      int64_t n = in_.Zigzag();
      if (n == 0) break;
      if (n < 0) {
        n = -n;
        in_.Zigzag();  // the block's size in bytes
      }
      for (int64_t i = 0; i < n && in_.ok(); ++i) {
        if (is_map) {
          const std::string key(Sized());
          items[key] = Read(schema.value("values", json()), depth + 1);
        } else {
          items.push_back(Read(schema.value("items", json()), depth + 1));
        }
      }
    }
    return items;
  }

  codec::ByteReader& in_;
  std::map<std::string, json> named_;
};

}  // namespace

std::string WriteAvroFile(const json& schema, const std::map<std::string, std::string>& metadata,
                          const std::vector<json>& records, std::string_view sync_marker) {
  SEMEL_CHECK(sync_marker.size() == 16);
  codec::ByteWriter out;
  out.Raw(kMagic);
  std::map<std::string, std::string> header = metadata;
  header["avro.schema"] = schema.dump();
  header["avro.codec"] = "null";
  out.Zigzag(static_cast<int64_t>(header.size()));
  for (const auto& [key, value] : header) {
    out.Zigzag(static_cast<int64_t>(key.size()));
    out.Raw(key);
    out.Zigzag(static_cast<int64_t>(value.size()));
    out.Raw(value);
  }
  out.Zigzag(0);
  out.Raw(sync_marker);
  if (!records.empty()) {
    codec::ByteWriter block;
    for (const json& record : records) WriteValue(schema, record, block);
    out.Zigzag(static_cast<int64_t>(records.size()));
    out.Zigzag(static_cast<int64_t>(block.bytes().size()));
    out.Raw(block.bytes());
    out.Raw(sync_marker);
  }
  return out.Take();
}

namespace {

Result<AvroFile> ReadFile(std::string_view file, const Status& damaged) {
  codec::ByteReader in(file);
  if (in.Raw(4) != kMagic) return damaged;
  AvroFile result;
  const json header = ValueReader(in).Read(json{{"type", "map"}, {"values", "bytes"}});
  if (!in.ok()) return damaged;
  for (const auto& [key, value] : header.items())
    result.metadata[key] = std::string(value.get_binary().begin(), value.get_binary().end());
  const std::string sync(in.Raw(16));
  const json schema = json::parse(result.metadata["avro.schema"], nullptr, false);
  if (!in.ok() || schema.is_discarded()) return damaged;
  const bool deflate = result.metadata["avro.codec"] == "deflate";
  if (!deflate && !result.metadata["avro.codec"].empty() && result.metadata["avro.codec"] != "null") return damaged;
  while (in.ok() && !in.at_end()) {
    const int64_t n = in.Zigzag(), size = in.Zigzag();
    if (n < 0 || size < 0) return damaged;
    std::string block(in.Raw(static_cast<uint64_t>(size)));
    if (in.Raw(16) != sync) return damaged;
    if (deflate) {
      SEMEL_ASSIGN_OR_RETURN(block, codec::Decompress(codec::Compression::kDeflateRaw, block, 256 << 20));
    }
    codec::ByteReader reader(block);
    for (int64_t i = 0; i < n; ++i) {
      result.records.push_back(ValueReader(reader).Read(schema));
      if (!reader.ok()) return damaged;
    }
  }
  if (!in.ok()) return damaged;
  return result;
}

}  // namespace

Result<AvroFile> ReadAvroFile(std::string_view file, std::string_view name) {
  const Status damaged = Status::Corrupt(kBadMetadata, fmt::format("{} is no readable Avro file", name),
                                         "the table's files were damaged; restore them");
  try {
    return ReadFile(file, damaged);
  } catch (const json::exception&) {  // a schema that is none
    return damaged;
  }
}

}  // namespace semel::iceberg
