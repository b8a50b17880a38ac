// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The physical plan: what the planner hands to the job. A tree (a DAG in a statement set: shared sub-plans are shared
// pointers) of nodes, each with its output columns, changelog properties and the specification of its operator.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plan/expr.h"

namespace semel::plan {

// Which kinds of row a node's output may carry (Flink's ChangelogMode).
struct ChangelogMode {
  bool insert = true;
  bool update_before = false;
  bool update_after = false;
  bool deletes = false;
  bool append_only() const { return !update_before && !update_after && !deletes; }
  std::string ToString() const;  // "[I,UB,UA,D]" as EXPLAIN CHANGELOG_MODE prints it
  bool operator==(const ChangelogMode&) const = default;
};

using Options = std::map<std::string, std::string>;

// A table as the catalog knows it: resolved from CREATE TABLE or loaded from an external catalog.
struct TableDescriptor {
  std::string catalog;
  std::string database;
  std::string name;
  std::string connector;  // "kafka", "filesystem", "iceberg", …
  Options options;  // WITH (…), without 'connector'; for catalog tables the catalog's options under "catalog.<key>"
  columnar::Schema physical;  // physical columns, in declaration order
  struct MetadataColumn {
    std::string name;
    std::string key;  // connector's metadata key
    DataType type;
    bool is_virtual = false;
  };
  std::vector<MetadataColumn> metadata;
  std::vector<std::string> primary_key;
  std::vector<std::string> partitioned_by;
  std::string FullName() const { return catalog + "." + database + "." + name; }
};
using TablePtr = std::shared_ptr<const TableDescriptor>;

enum class AggregateKind : uint8_t { kCountStar, kCount, kSum, kAvg, kMin, kMax };

struct AggregateCall {
  AggregateKind kind;
  int argument = -1;  // input column; -1 for COUNT(*)
  int filter = -1;    // BOOLEAN input column of FILTER (WHERE …); -1: none
  DataType type;      // result
  std::string name;   // for EXPLAIN
};

// --- operator specifications
// -------------------------------------------------------------------------------------------- Reads a table: decodes
// exactly the physical columns in `columns` (indices into table->physical), then appends the metadata columns in
// `metadata` (indices into table->metadata). Output schema in that order.
struct ScanSpec {
  TablePtr table;
  std::vector<int> columns;
  std::vector<int> metadata;
};
// Filters by `condition` (may be null) and computes `projections` over the input.
struct CalcSpec {
  ExprPtr condition;
  std::vector<ExprPtr> projections;
};
// Marks column `rowtime` as event time and emits watermarks: the maximum of `watermark` (an expression over the input
// of TIMESTAMP or TIMESTAMP_LTZ type, usually rowtime − delay) seen so far, per split. Runs inside the source task.
struct WatermarkSpec {
  int rowtime = -1;
  ExprPtr watermark;
};
// GROUP BY without window: emits a changelog. Output: keys, then aggregates.
struct GroupAggregateSpec {
  std::vector<int> keys;
  std::vector<AggregateCall> aggregates;
};
enum class WindowKind : uint8_t { kTumble };
struct WindowSpec {
  WindowKind kind = WindowKind::kTumble;
  int rowtime = -1;  // input column
  int64_t size_micros = 0;
  int64_t offset_micros = 0;
};
// TABLE(TUMBLE(…)) without an aggregation directly above: appends window_start, window_end, window_time.
struct WindowTableFunctionSpec {
  WindowSpec window;
};
// GROUP BY keys, window_start, window_end. Output: keys, aggregates, then window_start, window_end, window_time
// (TIMESTAMP(3) NOT NULL; window_time = window_end − 1 ms and is the rowtime attribute).
struct WindowAggregateSpec {
  std::vector<int> keys;
  WindowSpec window;
  std::vector<AggregateCall> aggregates;
};
enum class FrameKind : uint8_t { kRangeUnboundedPreceding, kRowsUnboundedPreceding };
// aggregate(…) OVER (PARTITION BY keys ORDER BY rowtime [RANGE|ROWS UNBOUNDED PRECEDING]). Output: all input columns,
// then the aggregates. Late rows (rowtime <= watermark) are dropped and counted, as in Flink.
struct OverAggregateSpec {
  std::vector<int> keys;
  int rowtime = -1;
  FrameKind frame = FrameKind::kRangeUnboundedPreceding;
  std::vector<AggregateCall> aggregates;
};
struct UnionSpec {};
// Redistributes rows so that equal keys meet on one worker. No keys: all rows on worker 0.
struct ExchangeSpec {
  std::vector<int> keys;
};
// Writes to a table. Input columns match table->physical by position and type.
struct SinkSpec {
  TablePtr table;
};

using OperatorSpec = std::variant<ScanSpec, CalcSpec, WatermarkSpec, GroupAggregateSpec, WindowTableFunctionSpec,
                                  WindowAggregateSpec, OverAggregateSpec, UnionSpec, ExchangeSpec, SinkSpec>;

struct PhysicalNode;
using PhysicalPtr = std::shared_ptr<const PhysicalNode>;

struct PhysicalNode {
  // Stable identity: from the node's place and meaning in the plan (hash of its spec and of its inputs' ids), never a
  // running number. State, sinks and sources are addressed by it. Equal sub-plans of one script get "-2", "-3" appended
  // in order.
  std::string id;
  OperatorSpec spec;
  std::vector<PhysicalPtr> inputs;
  columnar::SchemaPtr schema;  // of the output (of the input, for a sink)
  ChangelogMode mode;
  std::vector<std::vector<int>> upsert_keys;  // each a set of output columns that identifies a row
  const char* Name() const;                   // "GroupAggregate", …
};

// One script, planned: every sink of its INSERTs. What a job runs.
struct PhysicalPlan {
  std::vector<PhysicalPtr> sinks;
  Options settings;                                  // SET 'key' = 'value', in effect for the job
  std::map<std::string, SourceSpan> setting_places;  // where each was last SET, for errors
  std::string fingerprint;  // hash of the bound logical plan and of what decides results (see docs)
  std::string pipeline_name;
};

}  // namespace semel::plan
