// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "codec/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "codec/bytes_io.h"

namespace semel::codec {

namespace {

Status Damaged(std::string_view what) {
  return Status::Corrupt(kBadCompression, fmt::format("{} data is damaged or too large", what),
                         "the sender or the disk damaged it; read it again");
}

// Window bits as zlib wants them: 15 + 32 finds gzip or zlib by itself, −15 is raw deflate (Avro).
Result<std::string> Inflate(std::string_view data, int window_bits, size_t limit, const char* name) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return Status::Internal("inflateInit2");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK && out.size() <= limit) {
    const size_t at = out.size();
    out.resize(at + std::max<size_t>(4096, data.size() * 2));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = static_cast<uInt>(out.size() - at);
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || out.size() > limit) return Damaged(name);
  return out;
}

Result<std::string> Deflate(std::string_view data, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return Status::Internal("deflateInit2");
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return Status::Internal("deflate");
  return out;
}

Result<std::string> UnsnapBlock(std::string_view data, size_t limit) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(data.data(), data.size(), &size) || size > limit) return Damaged("snappy");
  std::string out(size, '\0');
  if (!snappy::RawUncompress(data.data(), data.size(), out.data())) return Damaged("snappy");
  return out;
}

// snappy-java's stream: magic "\x82SNAPPY\0", two versions, then blocks with a big-endian length each.
Result<std::string> Unsnap(std::string_view data, size_t limit) {
  constexpr std::string_view kMagic("\x82SNAPPY\0", 8);
  if (data.substr(0, 8) != kMagic) return UnsnapBlock(data, limit);
  ByteReader reader(data);
  reader.Raw(16);
  std::string out;
  while (reader.ok() && !reader.at_end()) {
    const std::string_view block = reader.Raw(reader.Big<uint32_t>());
    if (!reader.ok()) return Damaged("snappy");
    SEMEL_ASSIGN_OR_RETURN(std::string part, UnsnapBlock(block, limit - out.size()));
    out += part;
  }
  if (!reader.ok()) return Damaged("snappy");
  return out;
}

Result<std::string> UnLz4(std::string_view data, size_t limit) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return Status::Internal("lz4 context");
  std::string out;
  size_t hint = 1;
  while (hint != 0 && out.size() <= limit) {
    const size_t at = out.size();
    out.resize(at + std::max<size_t>(65536, data.size() * 2));
    size_t written = out.size() - at, consumed = data.size();
    hint = LZ4F_decompress(context, out.data() + at, &written, data.data(), &consumed, nullptr);
    out.resize(at + written);
    data.remove_prefix(consumed);
    if (LZ4F_isError(hint) || (consumed == 0 && written == 0)) break;
  }
  LZ4F_freeDecompressionContext(context);
  if (hint != 0 || out.size() > limit) return Damaged("lz4");
  return out;
}

Result<std::string> UnZstd(std::string_view data, size_t limit) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string out;
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  size_t hint = 1;
  while (hint != 0 && out.size() <= limit) {
    const size_t at = out.size();
    out.resize(at + std::max<size_t>(65536, data.size() * 3));
    ZSTD_outBuffer to{out.data() + at, out.size() - at, 0};
    const size_t before = in.pos;
    hint = ZSTD_decompressStream(context, &to, &in);
    out.resize(at + to.pos);
    if (ZSTD_isError(hint) || (in.pos == before && to.pos == 0)) break;
  }
  ZSTD_freeDCtx(context);
  if (hint != 0 || out.size() > limit) return Damaged("zstd");
  return out;
}

}  // namespace

Result<std::string> Decompress(Compression kind, std::string_view data, size_t limit) {
  switch (kind) {
    case Compression::kNone:
      return std::string(data);
    case Compression::kGzip:
      return Inflate(data, 15 + 32, limit, "gzip");
    case Compression::kDeflateRaw:
      return Inflate(data, -15, limit, "deflate");
    case Compression::kSnappy:
      return Unsnap(data, limit);
    case Compression::kLz4Frame:
      return UnLz4(data, limit);
    case Compression::kZstd:
      return UnZstd(data, limit);
  }
  return Status::Internal("compression kind");
}

Result<std::string> Compress(Compression kind, std::string_view data) {
  switch (kind) {
    case Compression::kNone:
      return std::string(data);
    case Compression::kGzip:
      return Deflate(data, 15 + 16);
    case Compression::kDeflateRaw:
      return Deflate(data, -15);
    case Compression::kSnappy: {
      std::string out;
      snappy::Compress(data.data(), data.size(), &out);
      return out;
    }
    case Compression::kLz4Frame: {
      std::string out(LZ4F_compressFrameBound(data.size(), nullptr), '\0');
      const size_t n = LZ4F_compressFrame(out.data(), out.size(), data.data(), data.size(), nullptr);
      if (LZ4F_isError(n)) return Status::Internal("lz4");
      out.resize(n);
      return out;
    }
    case Compression::kZstd: {
      std::string out(ZSTD_compressBound(data.size()), '\0');
      const size_t n = ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 3);
      if (ZSTD_isError(n)) return Status::Internal("zstd");
      out.resize(n);
      return out;
    }
  }
  return Status::Internal("compression kind");
}

}  // namespace semel::codec
