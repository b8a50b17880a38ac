// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bytes of the protocol's records (docs/formats/checkpoint-store.md). Decoding never trusts: anything that does not fit
// is Corrupt by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/protocol/manifest.h"

namespace semel::checkpoint {

std::string EncodeManifest(const Manifest& manifest);
Result<Manifest> DecodeManifest(std::string_view file, std::string_view name);
std::string EncodePin(const Pin& pin);
Result<Pin> DecodePin(std::string_view file, std::string_view name);
std::string EncodeClaim(const Claim& claim);
Result<Claim> DecodeClaim(std::string_view file, std::string_view name);
std::string EncodeLineage(const Lineage& lineage);
Result<Lineage> DecodeLineage(std::string_view file, std::string_view name);
// One or many receipts in a file: single (commits/<n>-<G>) and folded files have the same form.
std::string EncodeReceipts(const std::vector<Receipt>& receipts);
Result<std::vector<Receipt>> DecodeReceipts(std::string_view file, std::string_view name);

}  // namespace semel::checkpoint
