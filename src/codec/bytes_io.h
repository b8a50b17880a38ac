// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Writing and reading of binary forms: fixed-width integers in either byte order, varints, length-prefixed text. The
// reader is for bytes that nobody vouches for: it never reads past the end, and one check at the end tells whether
// anything was missing.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace semel::codec {

// Appends to a string.
class ByteWriter {
 public:
  std::string& bytes() { return bytes_; }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

  void U8(uint8_t v) { bytes_ += static_cast<char>(v); }
  template <typename T>
  void Little(T v) {
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof(T));
  }
  template <typename T>
  void Big(T v) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(static_cast<uint64_t>(v) >> shift);
  }
  void Varint(uint64_t v) {
    for (; v >= 0x80; v >>= 7) bytes_ += static_cast<char>(v | 0x80);
    bytes_ += static_cast<char>(v);
  }
  void Zigzag(int64_t v) { Varint((static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63)); }
  void Raw(std::string_view v) { bytes_.append(v); }
  // Varint length, then the bytes.
  void Text(std::string_view v) {
    Varint(v.size());
    Raw(v);
  }

 private:
  std::string bytes_;
};

// Reads from a view, which must outlive it. After any read past the end `ok()` is false and every value is 0 or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  size_t position() const { return at_; }
  size_t remaining() const { return bytes_.size() - at_; }

  uint8_t U8() { return static_cast<uint8_t>(Fixed<1>()[0]); }
  template <typename T>
  T Little() {
    T v;
    std::memcpy(&v, Fixed<sizeof(T)>(), sizeof(T));
    return v;
  }
  template <typename T>
  T Big() {
    const char* p = Fixed<sizeof(T)>();
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof(T); ++i) v = v << 8 | static_cast<unsigned char>(p[i]);
    return static_cast<T>(v);
  }
  uint64_t Varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t b = U8();
      v |= uint64_t{b & 0x7fu} << shift;
      if (b < 0x80) return ok_ ? v : 0;
    }
    ok_ = false;
    return 0;
  }
  int64_t Zigzag() {
    const uint64_t v = Varint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  std::string_view Raw(uint64_t n) {
    if (n > remaining()) {
      Fail();
      return {};
    }
    const std::string_view v = bytes_.substr(at_, static_cast<size_t>(n));
    at_ += static_cast<size_t>(n);
    return v;
  }
  std::string_view Text() { return Raw(Varint()); }
  void Fail() {
    ok_ = false;
    at_ = bytes_.size();
  }

 private:
  template <size_t N>
  const char* Fixed() {
    static constexpr char kZeros[N] = {};
    if (remaining() < N) {
      Fail();
      return kZeros;
    }
    const char* p = bytes_.data() + at_;
    at_ += N;
    return p;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace semel::codec
