// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/format/sealed_file.h"

#include "checkpoint/api/error_codes.h"
#include "codec/bytes_io.h"
#include "codec/crc32c.h"

namespace semel::checkpoint {

namespace {

Status Damaged(std::string_view name, std::string_view what) {
  return Status::Corrupt(kDamagedFile, fmt::format("'{}' is damaged: {}", name, what),
                         "restore the file from a backup of the checkpoint folder, or see `semel checkpoint verify`");
}

uint32_t Checksum(std::string_view head, std::string_view payload) {
  return codec::Crc32c(payload, codec::Crc32c(head));
}

}  // namespace

std::string Seal(std::string_view magic, std::string_view payload) {
  SEMEL_CHECK(magic.size() == 8);
  codec::ByteWriter writer;
  writer.Raw(magic);
  writer.Little<uint32_t>(kFormatVersion);
  writer.Little<uint32_t>(kWriterVersion);
  writer.Little<uint64_t>(payload.size());
  writer.Little<uint32_t>(Checksum(writer.bytes(), payload));
  writer.Raw(payload);
  return writer.Take();
}

Result<std::string_view> Unseal(std::string_view magic, std::string_view file, std::string_view name) {
  if (file.size() < kSealBytes) return Damaged(name, fmt::format("only {} bytes", file.size()));
  codec::ByteReader reader(file);
  const std::string_view found = reader.Raw(8);
  const uint32_t version = reader.Little<uint32_t>();
  reader.Little<uint32_t>();
  const uint64_t length = reader.Little<uint64_t>();
  const uint32_t crc = reader.Little<uint32_t>();
  const std::string_view payload = file.substr(kSealBytes);
  if (crc != Checksum(file.substr(0, 24), payload)) return Damaged(name, "its checksum does not fit");
  if (found != magic) return Damaged(name, "it is a file of another kind");
  if (version > kFormatVersion)
    return Status::Invalid(kNewerFormat,
                           fmt::format("'{}' has format {}, this Semel reads up to {}", name, version, kFormatVersion),
                           "start the newer Semel that wrote it");
  if (length != payload.size()) return Damaged(name, "its length does not fit");
  return payload;
}

}  // namespace semel::checkpoint
