// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Kafka's primitive types (Apache Kafka, "Protocol guide", and KIP-482 for the flexible forms): big-endian integers,
// strings and arrays with fixed or (flexible versions) varint lengths, tagged fields at the end of every flexible
// structure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "codec/bytes_io.h"

namespace semel::kafka {

// A topic's identity (KIP-516); all zero where the broker does not know topic ids.
using TopicId = std::array<uint8_t, 16>;

// 32 hex digits.
std::string TopicIdText(const TopicId& id);
// Nothing if the text is not 32 hex digits.
std::optional<TopicId> ParseTopicId(std::string_view text);

// Writes the fields of one request in the form of its version.
class WireWriter {
 public:
  explicit WireWriter(bool flexible) : flexible_(flexible) {}
  void Int8(int8_t v) { out_.Big(v); }
  void Int16(int16_t v) { out_.Big(v); }
  void Int32(int32_t v) { out_.Big(v); }
  void Int64(int64_t v) { out_.Big(v); }
  void Bool(bool v) { out_.U8(v ? 1 : 0); }
  void String(std::string_view v) {
    Length(v.size(), true);
    out_.Raw(v);
  }
  void NullString() { flexible_ ? out_.U8(0) : out_.Big(int16_t{-1}); }
  void ByteString(std::string_view v) {
    Length(v.size(), false);
    out_.Raw(v);
  }
  void Id(const TopicId& id) { out_.Raw({reinterpret_cast<const char*>(id.data()), id.size()}); }
  void Array(size_t n) { Length(n, false); }
  // Ends a structure.
  void Tags() {
    if (flexible_) out_.U8(0);
  }
  std::string Take() { return out_.Take(); }

 private:
  void Length(size_t n, bool short_form) {
    if (flexible_) {
      out_.Varint(n + 1);
    } else if (short_form) {
      out_.Big(static_cast<int16_t>(n));
    } else {
      out_.Big(static_cast<int32_t>(n));
    }
  }
  const bool flexible_;
  codec::ByteWriter out_;
};

// Reads an answer; bytes that nobody vouches for. After a read past the end everything is 0 or empty and ok() is false.
class WireReader {
 public:
  WireReader(std::string_view bytes, bool flexible) : in_(bytes), flexible_(flexible) {}
  bool ok() const { return in_.ok(); }
  int8_t Int8() { return in_.Big<int8_t>(); }
  int16_t Int16() { return in_.Big<int16_t>(); }
  int32_t Int32() { return in_.Big<int32_t>(); }
  int64_t Int64() { return in_.Big<int64_t>(); }
  bool Bool() { return in_.U8() != 0; }
  // Null reads as the empty text.
  std::string_view String() { return Bytes(flexible_ ? static_cast<int64_t>(in_.Varint()) - 1 : Int16()); }
  std::string_view ByteString() { return Bytes(flexible_ ? static_cast<int64_t>(in_.Varint()) - 1 : Int32()); }
  TopicId Id() {
    TopicId id{};
    const std::string_view raw = in_.Raw(id.size());
    if (raw.size() == id.size()) std::copy(raw.begin(), raw.end(), id.begin());
    return id;
  }
  // The number of elements; null reads as 0. Never more than the bytes that are left.
  size_t Array() {
    const int64_t n = flexible_ ? static_cast<int64_t>(in_.Varint()) - 1 : Int32();
    if (n <= 0) return 0;
    if (static_cast<uint64_t>(n) > in_.remaining()) {
      in_.Fail();
      return 0;
    }
    return static_cast<size_t>(n);
  }
  // Skips the tagged fields at the end of a structure.
  void Tags() {
    if (!flexible_) return;
    for (uint64_t n = in_.Varint(); n > 0 && in_.ok(); --n) {
      in_.Varint();
      in_.Text();
    }
  }

 private:
  std::string_view Bytes(int64_t n) { return n <= 0 ? std::string_view() : in_.Raw(static_cast<uint64_t>(n)); }
  codec::ByteReader in_;
  const bool flexible_;
};

}  // namespace semel::kafka
