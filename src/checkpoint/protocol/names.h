// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Names of objects in the checkpoint store (docs/formats/checkpoint-store.md), and the attempt (n, G) that they carry.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong_id.h"

namespace semel::checkpoint {

// One try at checkpoint n by generation G. (0, 0) is the root of a lineage: before anything.
struct Attempt {
  Epoch epoch;
  Generation generation;
  auto operator<=>(const Attempt&) const = default;
  bool is_root() const { return epoch.value == 0; }
  std::string ToString() const;  // "7-2"
};

std::string LineageName(std::string_view uuid);     // LINEAGES/<uuid>
std::string ClaimName(Generation generation);       // generations/<G, 10 digits>
std::string PinName(Generation generation);         // bases/<G>
std::string AttemptFolder(const Attempt& attempt);  // checkpoints/<n>-<G>/
std::string ManifestName(const Attempt& attempt);   // …/MANIFEST
std::string ManifestCopyName(const Attempt& attempt);
std::string SegmentName(const Attempt& attempt, uint64_t number);  // segments/<n>-<G>-<number>
std::string ReceiptName(const Attempt& attempt);                   // commits/<n>-<G>

// The reverse: nothing if the name is of another kind.
std::optional<Generation> ParseClaimName(std::string_view name);
std::optional<Generation> ParsePinName(std::string_view name);
std::optional<Attempt> ParseManifestName(std::string_view name);
std::optional<Attempt> ParseAttemptFile(std::string_view name);  // anything below checkpoints/<n>-<G>/
std::optional<Attempt> ParseSegmentName(std::string_view name);
std::optional<Attempt> ParseReceiptName(std::string_view name);

}  // namespace semel::checkpoint
