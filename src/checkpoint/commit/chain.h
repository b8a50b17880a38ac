// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/protocol/manifest.h"

namespace semel::checkpoint {

using ManifestPtr = std::shared_ptr<const Manifest>;

// The newest stretch of the chain, oldest first: the last K committed attempts and everything decided after them.
// Guarded by its owner. Invariant: each entry is the parent of the next.
class Chain {
 public:
  struct Link {
    ManifestPtr manifest;
    bool committed = false;
  };
  const std::vector<Link>& links() const { return links_; }
  bool empty() const { return links_.empty(); }
  const Manifest& newest() const { return *links_.back().manifest; }

  void Append(ManifestPtr manifest, bool committed) {
    SEMEL_CHECK(links_.empty() || links_.back().manifest->attempt == manifest->parent,
                "the chain follows the parent links");
    links_.push_back({std::move(manifest), committed});
  }
  void MarkCommitted(const Attempt& attempt) {
    for (Link& link : links_)
      if (link.manifest->attempt == attempt) link.committed = true;
  }
  size_t uncommitted() const {
    size_t n = 0;
    for (const Link& link : links_) n += link.committed ? 0 : 1;
    return n;
  }
  // Markers that later links leave in `sink`.
  std::vector<Marker> LaterMarkers(const Attempt& attempt, const std::string& sink) const {
    std::vector<Marker> markers;
    for (const Link& link : links_) {
      if (!(link.manifest->attempt > attempt)) continue;
      for (const SinkStaged& staged : link.manifest->snapshot.sinks)
        if (staged.sink == sink && staged.rows > 0) markers.push_back(link.manifest->MarkerOf(staged));
    }
    return markers;
  }
  // Forgets committed links until `keep` committed ones are left (they are always the oldest).
  void Trim(size_t keep) {
    size_t committed = links_.size() - uncommitted();
    while (committed > keep) {
      SEMEL_CHECK(links_.front().committed, "commits follow the chain");
      links_.erase(links_.begin());
      --committed;
    }
  }

 private:
  std::vector<Link> links_;
};

}  // namespace semel::checkpoint
