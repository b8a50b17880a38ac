// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Replayable sources. A source has splits (partitions, files); a split has a position that only grows and from which
// reading can be repeated exactly. Positions are the source's own text, stored in checkpoints.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/api/snapshot.h"
#include "env/api/env.h"
#include "formats/api/decoder.h"
#include "plan/physical.h"

namespace semel::connectors {

using checkpoint::SplitProgress;

// Records of one split, in order, as spans over one shared buffer. `position_after` is where the split stands once all
// of them are processed (it may have moved although `records` is empty: control records, compacted offsets).
struct Chunk {
  std::string split;
  std::vector<formats::Record> records;
  std::string position_after;
  std::shared_ptr<const void> buffer;  // keeps the spans alive; readable 64 bytes past its end
  bool at_end = false;                 // the split's `end` has been reached: nothing follows
};

// Where a split stands against what exists, for the status line and gap messages.
struct SplitLag {
  std::string split;
  int64_t records_behind = -1;  // -1: unknown
};

// Reads a set of splits. One strand (a worker); never waits longer than asked.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  // The next chunk of any split, or nothing within `wait`. A gap (truncated, recreated, out of range …) is an error
  // with the cause, the numbers and what to do; it is never skipped.
  virtual Result<std::optional<Chunk>> Poll(Micros wait) = 0;
  // Appends the values of a metadata key (Connector::metadata) for some records of the chunk that Poll gave last, in
  // their order.
  virtual Status AppendMetadata(const std::string& key, const Chunk& chunk, std::span<const uint32_t> records,
                                columnar::ColumnBuilder& out) {
    (void)chunk, (void)records, (void)out;
    return Status::Internal("no metadata '" + key + "'");
  }
  // Takes over further splits (discovered while running).
  virtual Status AddSplits(const std::vector<SplitProgress>& splits) = 0;
  virtual std::vector<SplitLag> Lag() = 0;
  // Produces columns instead of bytes (datagen): the schema's wanted columns are filled directly. Default: nothing.
  virtual void Close() = 0;
};

// One table to read. Created per job from a table descriptor; used by the coordinator's strand, except CreateReader's
// results.
class Source {
 public:
  virtual ~Source() = default;
  // The format of the records where the table need not name one; empty: it must.
  virtual std::string implied_format() const { return {}; }
  // The splits at a first start, with start positions resolved once ('latest' becomes numbers) so that they can be kept
  // in the first checkpoint. `bounded`: also resolve the ends (bounded mode of the table, or --until-end).
  virtual Result<std::vector<SplitProgress>> ResolveSplits(bool bounded) = 0;
  // True when the table itself is bounded (a finished file, 'scan.bounded.mode').
  virtual bool is_bounded() const = 0;
  // Ends for splits restored without one (--until-end on a restored job).
  virtual Status ResolveEnds(std::vector<SplitProgress>& splits) = 0;
  // New splits that `known`, this source's own, lacks (they start at their beginning). Called now and then in unbounded
  // runs.
  virtual Result<std::vector<SplitProgress>> DiscoverSplits(const std::vector<SplitProgress>& known) = 0;
  // `splits` are this reader's share. Checks restored positions against what exists.
  virtual Result<std::unique_ptr<SourceReader>> CreateReader(const std::vector<SplitProgress>& splits) = 0;
  // Tells the outside how far the pipeline is, after the receipt (Kafka group offsets; for people's dashboards only).
  virtual Status Acknowledge(const std::vector<SplitProgress>& committed) = 0;
  // Ends what runs in the background; the last call. What was acknowledged is told before.
  virtual void Close() {}
  // Identity of what is read (topic ids), part of the script's fingerprint.
  virtual Result<std::string> Identity() = 0;
  // Whether the service answers and the table's objects exist (semel check).
  virtual Status CheckReachable() = 0;
};

}  // namespace semel::connectors
