// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What a pipeline's checkpoint folder says was committed to a sink, against what the sink shows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/api/store.h"
#include "checkpoint/protocol/manifest.h"
#include "env/api/env.h"

namespace semel::cli {

// Receipts, kept manifests and lineages of a store. Plain data: a running pipeline goes on meanwhile.
struct Ledger {
  std::map<checkpoint::Attempt, checkpoint::Receipt> receipts;
  std::vector<checkpoint::Manifest> manifests;
  std::map<std::string, checkpoint::Lineage> lineages;

  // The newest attempt with a receipt that wrote to the sink, and the marker that it left. Generations grow along the
  // chain and across lineages, epochs begin again with a lineage.
  struct Entry {
    checkpoint::Attempt attempt;
    checkpoint::Marker marker;
  };
  std::optional<Entry> Newest(const std::string& sink) const;
  // Whether some attempt at or behind `newest` left this marker, by a receipt or by a manifest that is decided only.
  bool LeftAtOrBehind(const std::string& sink, const std::optional<Entry>& newest,
                      const checkpoint::Marker& marker) const;
};

Result<Ledger> ReadLedger(env::Env& env, checkpoint::Store& store);

// What is wrong with the marker that a sink shows; nothing: it is what the newest receipt says, or later on the chain.
// `before` was read before the sink was looked at, `after` behind it.
std::optional<std::string> WrongMarker(const Ledger& before, const Ledger& after, const std::string& sink,
                                       const std::optional<checkpoint::Marker>& shown);

// A snapshot that carries this marker: is it one that the store cannot know (an earlier state's, a lost receipt's), or
// one that must not be there?
bool MustNotBeThere(const Ledger& ledger, const std::string& sink, const checkpoint::Marker& marker);

}  // namespace semel::cli
