// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "job/flink_settings.h"

#include <algorithm>
#include <array>

#include "base/duration.h"
#include "base/text.h"
#include "job/error_codes.h"

namespace semel::job {

namespace {

bool IsHarmless(const RefusedSetting& setting, const std::string& value) {
  const std::string upper = ToUpperAscii(TrimAscii(value));
  for (const std::string& harmless : setting.harmless) {
    if (upper == harmless) return true;
    if (harmless != "0") continue;
    if (const Result<Micros> duration = ParseDuration(value); duration.ok() && *duration == Micros(0)) return true;
  }
  return false;
}

}  // namespace

const std::vector<RefusedSetting>& RefusedSettings() {
  static const std::vector<RefusedSetting> kRefused{
      {"table.exec.state.ttl",
       {"0"},
       "Semel keeps state for as long as the pipeline lives; Flink would forget keys and begin their sums again",
       "remove it, or set it to '0'; windows forget by themselves"},
      {"table.exec.sink.not-null-enforcer",
       {"ERROR"},
       "Semel never drops a row because of a NULL in a NOT NULL column: it ends the run",
       "filter such rows in the query: WHERE c IS NOT NULL"},
      {"table.exec.sink.type-length-enforcer",
       {"IGNORE"},
       "Semel writes CHAR, VARCHAR, BINARY and VARBINARY as they are; Flink would trim, pad or fail",
       "CAST the column to its length in the query"},
      {"table.exec.sink.upsert-materialize",
       {"AUTO", "NONE"},
       "Semel makes no operator that orders changes by their key before a sink",
       "remove it"},
      {"table.exec.legacy-cast-behaviour",
       {"DISABLED"},
       "Semel's CAST ends the run where a value does not fit; the legacy one gives NULL",
       "use TRY_CAST, which gives NULL"},
      {"table.exec.emit.early-fire.enabled",
       {"FALSE"},
       "Semel's windows give one final row",
       "aggregate without a window for results that change, or into smaller windows"},
      {"table.exec.emit.late-fire.enabled",
       {"FALSE"},
       "Semel's windows give one final row; later rows are late",
       "give the WATERMARK more delay"},
      {"table.exec.emit.allow-lateness", {"0"}, "Semel's windows take no late rows", "give the WATERMARK more delay"},
      {"table.sql-dialect", {"DEFAULT"}, "Semel reads Flink's default dialect only", "remove it"},
      {"table.column-expansion-strategy", {""}, "in Semel t.* means every column", "name the columns in SELECT"},
      {"execution.runtime-mode",
       {"STREAMING"},
       "Semel runs streams, also over bounded sources: an aggregation without a window gives each change",
       "remove it, and use --until-end or bounded sources for a run that ends"},
      {"execution.state-recovery.path",
       {},
       "Semel goes on from its own checkpoint folder, never from a snapshot of Flink",
       "remove it; the old pipeline's rows have to be read again"},
      {"execution.savepoint.path",
       {},
       "Semel goes on from its own checkpoint folder, never from a snapshot of Flink",
       "remove it; the old pipeline's rows have to be read again"},
  };
  return kRefused;
}

Status CheckResultChanging(const std::string& key, const std::string& value) {
  for (const RefusedSetting& setting : RefusedSettings()) {
    if (setting.key != key || IsHarmless(setting, value)) continue;
    return Status::Invalid(
        kBadSetting,
        fmt::format("'{}' = '{}' changes results in Flink, and Semel cannot follow: {}", key, value, setting.reason),
        setting.way_out);
  }
  return Status::Ok();
}

bool IsFlinkSetting(const std::string& key) {
  static constexpr std::array<std::string_view, 34> kNamespaces{"akka.",
                                                                "blob.",
                                                                "classloader.",
                                                                "client.",
                                                                "cluster.",
                                                                "compiler.",
                                                                "daemon.",
                                                                "env.",
                                                                "execution.",
                                                                "external-resource.",
                                                                "fs.",
                                                                "heartbeat.",
                                                                "high-",
                                                                "historyserver.",
                                                                "io.",
                                                                "jobmanager.",
                                                                "jobstore.",
                                                                "kubernetes.",
                                                                "metrics.",
                                                                "parallelism.",
                                                                "pekko.",
                                                                "pipeline.",
                                                                "process.",
                                                                "python.",
                                                                "queryable-",
                                                                "rest.",
                                                                "restart-strategy",
                                                                "security.",
                                                                "slot.",
                                                                "slotmanager.",
                                                                "sql-client.",
                                                                "state.",
                                                                "table.",
                                                                "taskmanager."};
  return std::any_of(kNamespaces.begin(), kNamespaces.end(),
                     [&key](std::string_view space) { return key.rfind(space, 0) == 0; });
}

}  // namespace semel::job
