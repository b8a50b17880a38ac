// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel verify: reads the Iceberg tables again and proves each epoch against its receipt: number and digest of its
// rows.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

#include "checkpoint/commit/committing.h"
#include "checkpoint/stores/local/local_store.h"
#include "cli/command.h"
#include "columnar/row_digest.h"
#include "connectors/iceberg/iceberg_sink.h"

namespace semel::cli {

namespace {

inline constexpr ErrorCode kNotProven{7201, ExitCode::kData, "output differs from its receipts"};

struct Tally {
  size_t proven = 0, differ = 0, gone = 0, foreign = 0;
};

// One table: every own snapshot's files against the marker that it carries, every receipt against what is there.
Status VerifyTable(env::Env& env, const plan::TableDescriptor& descriptor, const std::string& pipeline,
                   const std::string& commit_id, const std::map<checkpoint::Attempt, checkpoint::Receipt>& receipts,
                   Tally& tally) {
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<iceberg::Table> table, connectors::OpenIcebergTable(env, descriptor));
  SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const iceberg::TableVersion> version, table->Load());
  SEMEL_ASSIGN_OR_RETURN(std::vector<iceberg::Table::AddedBySnapshot> history, table->History(*version));
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> live_list, table->LiveFiles(*version));
  const std::set<std::string> live(live_list.begin(), live_list.end());
  std::map<std::string, const iceberg::Table::AddedBySnapshot*> by_marker;
  for (const auto& added : history) {
    auto marker = added.summary.find(connectors::MarkerKey(pipeline));
    if (marker == added.summary.end()) {
      ++tally.foreign;
    } else {
      by_marker[marker->second] = &added;
    }
  }
  for (const auto& [attempt, receipt] : receipts) {
    for (const checkpoint::Receipt::SinkEntry& entry : receipt.sinks) {
      if (entry.sink != commit_id) continue;
      auto found = by_marker.find(entry.marker.ToString());
      if (found == by_marker.end()) {
        ++tally.gone;  // its snapshot has expired
        continue;
      }
      columnar::RowDigest digest;
      uint64_t rows = 0;
      bool all_live = true;
      for (const std::string& path : found->second->files) {
        all_live = all_live && live.count(path) > 0;
        SEMEL_ASSIGN_OR_RETURN(std::string file, table->ReadFile(path));
        SEMEL_ASSIGN_OR_RETURN(columnar::Batch batch,
                               parquet::DecodeAsWritten(file, iceberg::FactsOf(*version).columns));
        digest.AddRows(batch);
        rows += static_cast<uint64_t>(batch.length());
      }
      const bool same = rows == entry.marker.rows && digest.ToString() == entry.marker.digest && all_live;
      ++(same ? tally.proven : tally.differ);
      if (!same)
        std::printf("epoch %s of %s: receipt %lu rows %s, table %lu rows %s%s\n", attempt.ToString().c_str(),
                    commit_id.c_str(), entry.marker.rows, entry.marker.digest.c_str(), rows, digest.ToString().c_str(),
                    all_live ? "" : ", some of its files are no longer part of the table");
    }
  }
  return Status::Ok();
}

void Verify(CommandContext& context, const std::string& file) {
  Result<env::Env*> made = context.MakeEnv();
  if (!made.ok()) return context.Fail(made.status());
  env::Env& env = **made;
  std::optional<PreparedScript> script = PrepareScript(context, env, file, false, false);
  if (!script) return;
  checkpoint::LocalStore store(env, job::StoreFolder(script->settings));
  Result<std::map<checkpoint::Attempt, checkpoint::Receipt>> receipts = checkpoint::ReadReceipts(env, store);
  if (!receipts.ok()) return context.Fail(receipts.status(), script->text, file);
  std::set<std::string> done;
  Tally total;
  for (const plan::PhysicalPtr& sink : script->plan.sinks) {
    const plan::TableDescriptor& table = *std::get<plan::SinkSpec>(sink->spec).table;
    const std::string commit_id = "iceberg:" + table.FullName();
    if (table.connector != "iceberg" || !done.insert(commit_id).second) continue;
    Tally tally;
    if (const Status status = VerifyTable(env, table, script->settings.pipeline_name, commit_id, *receipts, tally);
        !status.ok())
      return context.Fail(status, script->text, file);
    std::printf("%s: %zu epochs proven, %zu differ, %zu expired, %zu foreign snapshots\n", table.FullName().c_str(),
                tally.proven, tally.differ, tally.gone, tally.foreign);
    total.differ += tally.differ;
  }
  if (total.differ > 0)
    context.Fail(Status::Corrupt(kNotProven, fmt::format("{} epochs differ from their receipts", total.differ),
                                 "the lines above name them; restore the table's files"));
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CommandContext& context) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("verify", "re-read the Iceberg tables and prove each epoch against its receipt");
  command->add_option("script", *file, "the SQL script")->required();
  command->callback([&context, file] { Verify(context, *file); });
}

}  // namespace semel::cli
