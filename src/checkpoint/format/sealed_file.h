// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The envelope of every durable file of a checkpoint store (docs/formats/checkpoint-store.md): magic, format version,
// writer version, length and CRC-32C, so that a damaged, cut, extended, foreign or newer file is told by name and never
// believed.
//
//   bytes 0–7 magic · 8–11 format version (LE) · 12–15 writer version (LE) · 16–23 payload length (LE) ·
//   24–27 CRC-32C of bytes 0–23 and of the payload · 28… payload, to the end of the file
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace semel::checkpoint {

inline constexpr std::string_view kManifestMagic = "SEMLMANI";
inline constexpr std::string_view kReceiptMagic = "SEMLRCPT";
inline constexpr std::string_view kClaimMagic = "SEMLCLAM";
inline constexpr std::string_view kPinMagic = "SEMLPINB";
inline constexpr std::string_view kLineageMagic = "SEMLLINE";
inline constexpr std::string_view kSegmentMagic = "SEMLSEGM";
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint32_t kWriterVersion = 1;
inline constexpr size_t kSealBytes = 28;

std::string Seal(std::string_view magic, std::string_view payload);
// The payload. Corrupt names `name` and what does not fit; a newer format version is Invalid (kNewerFormat).
Result<std::string_view> Unseal(std::string_view magic, std::string_view file, std::string_view name);

}  // namespace semel::checkpoint
