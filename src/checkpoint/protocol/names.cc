// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/protocol/names.h"

#include <fmt/format.h>

namespace semel::checkpoint {

namespace {

// Removes `prefix`, or fails.
bool Consume(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool ConsumeNumber(std::string_view& text, uint64_t& value) {
  size_t n = 0;
  value = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
    if (n == 19) return false;
    value = value * 10 + static_cast<uint64_t>(text[n++] - '0');
  }
  text.remove_prefix(n);
  return n > 0;
}

bool ConsumeAttempt(std::string_view& text, Attempt& attempt) {
  return ConsumeNumber(text, attempt.epoch.value) && Consume(text, "-") &&
         ConsumeNumber(text, attempt.generation.value);
}

std::optional<Generation> ParseGeneration(std::string_view name, std::string_view prefix) {
  uint64_t g = 0;
  if (!Consume(name, prefix) || !ConsumeNumber(name, g) || !name.empty()) return std::nullopt;
  return Generation(g);
}

}  // namespace

std::string Attempt::ToString() const { return fmt::format("{}-{}", epoch.value, generation.value); }

std::string LineageName(std::string_view uuid) { return fmt::format("LINEAGES/{}", uuid); }
std::string ClaimName(Generation generation) { return fmt::format("generations/{:010}", generation.value); }
std::string PinName(Generation generation) { return fmt::format("bases/{:010}", generation.value); }
std::string AttemptFolder(const Attempt& attempt) { return fmt::format("checkpoints/{}/", attempt.ToString()); }
std::string ManifestName(const Attempt& attempt) { return AttemptFolder(attempt) + "MANIFEST"; }
std::string ManifestCopyName(const Attempt& attempt) { return AttemptFolder(attempt) + "MANIFEST.copy"; }
std::string SegmentName(const Attempt& attempt, uint64_t number) {
  return fmt::format("segments/{}-{}", attempt.ToString(), number);
}
std::string ReceiptName(const Attempt& attempt) { return fmt::format("commits/{}", attempt.ToString()); }

std::optional<Generation> ParseClaimName(std::string_view name) { return ParseGeneration(name, "generations/"); }
std::optional<Generation> ParsePinName(std::string_view name) { return ParseGeneration(name, "bases/"); }

std::optional<Attempt> ParseAttemptFile(std::string_view name) {
  Attempt attempt;
  if (!Consume(name, "checkpoints/") || !ConsumeAttempt(name, attempt) || !Consume(name, "/")) return std::nullopt;
  return attempt;
}

std::optional<Attempt> ParseManifestName(std::string_view name) {
  if (name.size() < 9 || name.substr(name.size() - 9) != "/MANIFEST") return std::nullopt;
  return ParseAttemptFile(name);
}

std::optional<Attempt> ParseSegmentName(std::string_view name) {
  Attempt attempt;
  uint64_t number = 0;
  if (!Consume(name, "segments/") || !ConsumeAttempt(name, attempt) || !Consume(name, "-") ||
      !ConsumeNumber(name, number) || !name.empty())
    return std::nullopt;
  return attempt;
}

std::optional<Attempt> ParseReceiptName(std::string_view name) {
  Attempt attempt;
  if (!Consume(name, "commits/") || !ConsumeAttempt(name, attempt) || !name.empty()) return std::nullopt;
  return attempt;
}

}  // namespace semel::checkpoint
