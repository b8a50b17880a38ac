// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/ledger.h"

#include <algorithm>

#include "checkpoint/commit/committing.h"
#include "checkpoint/format/records.h"
#include "checkpoint/recovery/recovery.h"

namespace semel::cli {

using checkpoint::Attempt;
using checkpoint::Manifest;
using checkpoint::Marker;
using checkpoint::Receipt;

namespace {

bool IsOlder(const Attempt& a, const Attempt& b) {
  return std::make_pair(a.generation, a.epoch) < std::make_pair(b.generation, b.epoch);
}

}  // namespace

std::optional<Ledger::Entry> Ledger::Newest(const std::string& sink) const {
  std::optional<Entry> newest;
  for (const auto& [attempt, receipt] : receipts)
    for (const Receipt::SinkEntry& entry : receipt.sinks)
      if (entry.sink == sink && (!newest || IsOlder(newest->attempt, attempt))) newest = Entry{attempt, entry.marker};
  return newest;
}

bool Ledger::LeftAtOrBehind(const std::string& sink, const std::optional<Entry>& newest, const Marker& marker) const {
  for (const auto& [attempt, receipt] : receipts)
    for (const Receipt::SinkEntry& entry : receipt.sinks)
      if (entry.sink == sink && entry.marker == marker && (!newest || !IsOlder(attempt, newest->attempt))) return true;
  for (const Manifest& manifest : manifests)
    for (const checkpoint::SinkStaged& staged : manifest.snapshot.sinks)
      if (staged.sink == sink && staged.rows > 0 && manifest.MarkerOf(staged) == marker &&
          (!newest || !IsOlder(manifest.attempt, newest->attempt)))
        return true;
  return false;
}

Result<Ledger> ReadLedger(env::Env& env, checkpoint::Store& store) {
  Ledger ledger;
  SEMEL_ASSIGN_OR_RETURN(ledger.receipts, checkpoint::ReadReceipts(env, store));
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, store.List("checkpoints/"));
  for (const std::string& name : names) {
    const std::optional<Attempt> attempt = checkpoint::ParseManifestName(name);
    bool healed = false;
    if (!attempt) continue;
    Result<Manifest> manifest = checkpoint::ReadManifest(store, *attempt, healed);
    if (manifest.status().is(StatusKind::kNotFound)) continue;  // pruned meanwhile
    if (!manifest.ok()) return manifest.status();
    ledger.manifests.push_back(std::move(manifest).value());
  }
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> lineages, store.List("LINEAGES/"));
  for (const std::string& name : lineages) {
    SEMEL_ASSIGN_OR_RETURN(std::string file, store.Get(name));
    SEMEL_ASSIGN_OR_RETURN(checkpoint::Lineage lineage, checkpoint::DecodeLineage(file, name));
    ledger.lineages[lineage.uuid] = std::move(lineage);
  }
  return ledger;
}

std::optional<std::string> WrongMarker(const Ledger& before, const Ledger& after, const std::string& sink,
                                       const std::optional<Marker>& shown) {
  const std::optional<Ledger::Entry> newest = before.Newest(sink);
  if (!shown) {
    if (!newest) return std::nullopt;
    return fmt::format(
        "it has no marker of this pipeline, but epoch {} was committed to it: it was dropped and made again",
        newest->attempt.ToString());
  }
  if (after.LeftAtOrBehind(sink, newest, *shown)) return std::nullopt;
  if (!newest) {
    for (const auto& [uuid, lineage] : after.lineages)
      if (auto it = lineage.initial.find(sink); it != lineage.initial.end() && it->second == shown) return std::nullopt;
    return fmt::format("its marker {} is not of this checkpoint folder: another state of the pipeline wrote to it",
                       shown->ToString());
  }
  return fmt::format(
      "its marker is {}, the newest receipt ({}) says {}: it was restored from an older copy, or another "
      "state of the pipeline wrote to it",
      shown->ToString(), newest->attempt.ToString(), newest->marker.ToString());
}

bool MustNotBeThere(const Ledger& ledger, const std::string& sink, const Marker& marker) {
  if (ledger.LeftAtOrBehind(sink, std::nullopt, marker)) return false;
  const auto newest =
      std::max_element(ledger.manifests.begin(), ledger.manifests.end(),
                       [](const Manifest& a, const Manifest& b) { return IsOlder(a.attempt, b.attempt); });
  if (newest == ledger.manifests.end() || newest->lineage != marker.lineage) return false;
  return checkpoint::Membership(newest->ancestry, {marker.epoch, marker.generation}, Generation(UINT64_MAX)) ==
         checkpoint::ChainMembership::kVoid;
}

}  // namespace semel::cli
