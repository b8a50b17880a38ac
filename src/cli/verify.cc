// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel verify: reads the Iceberg tables again and proves each epoch against its receipt: number and digest of its
// rows, and the table's marker against the newest receipt. What cannot be proven is a finding, and the other tables are
// looked at all the same.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/stores/local/local_store.h"
#include "cli/command.h"
#include "cli/error_codes.h"
#include "cli/json_text.h"
#include "cli/ledger.h"
#include "columnar/row_digest.h"
#include "connectors/iceberg/iceberg_sink.h"

namespace semel::cli {

namespace {

using Added = iceberg::Table::AddedBySnapshot;

struct Tally {
  size_t proven = 0, differ = 0, gone = 0, foreign = 0, without_receipt = 0;
  std::vector<std::string> findings;
  void Differs(std::string finding) {
    ++differ;
    findings.push_back(std::move(finding));
  }
};

// One table: every own snapshot's files against the marker that it carries, every receipt against what is there.
class TableProof {
 public:
  TableProof(env::Env& env, checkpoint::Store& store, const plan::TableDescriptor& descriptor, std::string marker_key,
             const Ledger& ledger, Tally& tally)
      : env_(env),
        store_(store),
        descriptor_(descriptor),
        name_(descriptor.FullName()),
        commit_id_("iceberg:" + name_),
        marker_key_(std::move(marker_key)),
        ledger_(ledger),
        tally_(tally) {}

  Status Run() {
    SEMEL_ASSIGN_OR_RETURN(table_, connectors::OpenIcebergTable(env_, descriptor_));
    SEMEL_ASSIGN_OR_RETURN(version_, table_->Load());
    SEMEL_ASSIGN_OR_RETURN(std::vector<Added> history, table_->History(*version_));
    SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> live, table_->LiveFiles(*version_));
    live_.insert(live.begin(), live.end());
    SEMEL_ASSIGN_OR_RETURN(const Ledger after, ReadLedger(env_, store_));
    SEMEL_RETURN_IF_ERROR(ReadSnapshots(history, after));
    SEMEL_RETURN_IF_ERROR(CheckMarker(after));
    for (const auto& [attempt, receipt] : ledger_.receipts)
      for (const checkpoint::Receipt::SinkEntry& entry : receipt.sinks)
        if (entry.sink == commit_id_) SEMEL_RETURN_IF_ERROR(ProveEpoch(attempt, entry.marker));
    return Status::Ok();
  }

 private:
  Status ReadSnapshots(const std::vector<Added>& history, const Ledger& after) {
    for (const Added& added : history) {
      auto text = added.summary.find(marker_key_);
      if (text == added.summary.end()) {
        ++tally_.foreign;
        continue;
      }
      SEMEL_ASSIGN_OR_RETURN(const checkpoint::Marker marker, checkpoint::Marker::Parse(text->second));
      if (!by_marker_.emplace(text->second, added).second) {
        tally_.Differs(fmt::format("epoch {} of {}: two snapshots carry its marker, it is there twice",
                                   checkpoint::Attempt{marker.epoch, marker.generation}.ToString(), name_));
      } else if (MustNotBeThere(after, commit_id_, marker)) {
        tally_.Differs(fmt::format("{}: snapshot {} carries marker {}, for which there is no receipt", name_,
                                   added.snapshot_id, text->second));
      } else if (!after.LeftAtOrBehind(commit_id_, std::nullopt, marker)) {
        ++tally_.without_receipt;
      }
    }
    return Status::Ok();
  }

  Status CheckMarker(const Ledger& after) {
    std::optional<checkpoint::Marker> shown;
    const auto& properties = iceberg::FactsOf(*version_).properties;
    if (auto it = properties.find(marker_key_); it != properties.end()) {
      SEMEL_ASSIGN_OR_RETURN(shown, checkpoint::Marker::Parse(it->second));
    }
    if (const std::optional<std::string> wrong = WrongMarker(ledger_, after, commit_id_, shown)) {
      marker_fits_ = false;
      tally_.Differs(fmt::format("{}: {}", name_, *wrong));
    }
    return Status::Ok();
  }

  // Its snapshot is not in the history: expired, as tables do, unless the table is not the one that it was committed
  // to, or somebody went back behind it.
  void JudgeAbsent(const std::string& epoch, const checkpoint::Marker& marker) {
    const std::optional<int64_t> snapshot = iceberg::SnapshotOfMarker(*version_, marker_key_, marker.ToString());
    if (snapshot && !iceberg::IsAncestorOrExpired(*version_, *snapshot)) {
      tally_.Differs(fmt::format("epoch {} of {}: its snapshot {} was rolled back", epoch, name_, *snapshot));
    } else if (!marker_fits_) {
      tally_.Differs(fmt::format("epoch {} of {}: {} rows are not there", epoch, name_, marker.rows));
    } else {
      ++tally_.gone;
    }
  }

  Status ProveEpoch(const checkpoint::Attempt& attempt, const checkpoint::Marker& marker) {
    const std::string epoch = attempt.ToString();
    auto found = by_marker_.find(marker.ToString());
    if (found == by_marker_.end()) {
      JudgeAbsent(epoch, marker);
      return Status::Ok();
    }
    columnar::RowDigest digest;
    uint64_t rows = 0;
    bool all_live = true;
    for (const std::string& path : found->second.files) {
      all_live = all_live && live_.count(path) > 0;
      Result<columnar::Batch> batch = ReadRows(path);
      if (batch.status().is(StatusKind::kTransient) || batch.status().is(StatusKind::kUnknown)) return batch.status();
      if (!batch.ok()) {
        const bool missing = batch.status().is(StatusKind::kNotFound);
        tally_.Differs(fmt::format("epoch {} of {}: its file {} {}", epoch, name_, iceberg::LocalPathOf(path),
                                   missing ? "is missing" : "cannot be read: " + batch.status().message()));
        return Status::Ok();
      }
      digest.AddRows(*batch);
      rows += static_cast<uint64_t>(batch->length());
    }
    if (rows == marker.rows && digest.ToString() == marker.digest && all_live) {
      ++tally_.proven;
    } else {
      tally_.Differs(fmt::format("epoch {} of {}: receipt {} rows {}, table {} rows {}{}", epoch, name_, marker.rows,
                                 marker.digest, rows, digest.ToString(),
                                 all_live ? "" : ", some of its files are no longer part of the table"));
    }
    return Status::Ok();
  }

  Result<columnar::Batch> ReadRows(const std::string& path) {
    SEMEL_ASSIGN_OR_RETURN(std::string file, table_->ReadFile(path));
    return parquet::DecodeAsWritten(file, iceberg::FactsOf(*version_).columns);
  }

  env::Env& env_;
  checkpoint::Store& store_;
  const plan::TableDescriptor& descriptor_;
  const std::string name_, commit_id_, marker_key_;
  const Ledger& ledger_;
  Tally& tally_;
  std::unique_ptr<iceberg::Table> table_;
  std::shared_ptr<const iceberg::TableVersion> version_;
  std::map<std::string, Added> by_marker_;
  std::set<std::string> live_;
  bool marker_fits_ = true;
};

std::string TallyText(const std::string& table, const Tally& tally) {
  std::string text = fmt::format("{}: {} epochs proven, {} differ, {} expired, {} foreign snapshots", table,
                                 tally.proven, tally.differ, tally.gone, tally.foreign);
  if (tally.without_receipt > 0) text += fmt::format(", {} without a receipt in this folder", tally.without_receipt);
  return text;
}

std::string TallyJson(const std::string& table, const Tally& tally) {
  return JsonObject()
      .Text("table", table)
      .Number("proven", tally.proven)
      .Number("differ", tally.differ)
      .Number("expired", tally.gone)
      .Number("foreign", tally.foreign)
      .Number("without_receipt", tally.without_receipt)
      .Raw("findings", JsonTexts(tally.findings))
      .ToString();
}

Result<Ledger> LedgerToProve(env::Env& env, checkpoint::Store& store, const PreparedScript& script) {
  SEMEL_RETURN_IF_ERROR(RequireState(script));
  SEMEL_ASSIGN_OR_RETURN(Ledger ledger, ReadLedger(env, store));
  if (ledger.receipts.empty())
    return Status::NotFound(checkpoint::kNoCheckpoint,
                            fmt::format("nothing of '{}' is committed yet: there is no receipt in {}",
                                        script.settings.pipeline_name, StateFolder(script)),
                            "run it first, or verify it from the folder where it runs");
  return ledger;
}

void Verify(CommandContext& context, const std::string& file) {
  Result<env::Env*> made = context.MakeEnv();
  if (!made.ok()) return context.Fail(made.status());
  env::Env& env = **made;
  std::optional<PreparedScript> script = PrepareScript(context, env, file, {});
  if (!script) return;
  checkpoint::LocalStore store(env, StateFolder(*script));
  const Result<Ledger> ledger = LedgerToProve(env, store, *script);
  if (!ledger.ok()) return context.Fail(ledger.status(), script->text, file);
  std::set<std::string> done;
  std::vector<std::string> tables;
  size_t differ = 0;
  Status unknown;  // what kept a table from being looked at
  for (const plan::PhysicalPtr& sink : script->plan.sinks) {
    const plan::TableDescriptor& table = *std::get<plan::SinkSpec>(sink->spec).table;
    if (table.connector != "iceberg" || !done.insert(table.FullName()).second) continue;
    Tally tally;
    TableProof proof(env, store, table, connectors::MarkerKey(script->settings.pipeline_name), *ledger, tally);
    const Status status = proof.Run();
    if (status.is(StatusKind::kTransient) || status.is(StatusKind::kUnknown)) {
      if (unknown.ok()) unknown = status.WithContext(table.FullName());
      continue;
    }
    if (!status.ok()) tally.Differs(fmt::format("{}: {}", table.FullName(), status.message()));
    differ += tally.differ;
    tables.push_back(TallyJson(table.FullName(), tally));
    if (context.json()) continue;
    for (const std::string& finding : tally.findings) std::printf("%s\n", finding.c_str());
    std::printf("%s\n", TallyText(table.FullName(), tally).c_str());
  }
  if (context.json())
    std::printf("%s\n", JsonObject()
                            .Text("pipeline", script->settings.pipeline_name)
                            .Text("folder", StateFolder(*script))
                            .Bool("proven", differ == 0 && unknown.ok())
                            .Raw("tables", JsonArray(tables))
                            .ToString()
                            .c_str());
  if (done.empty())
    return context.Fail(Status::NotSupported("the script writes no Iceberg table: there is nothing to verify",
                                             "other sinks keep no receipts"));
  if (differ > 0)
    return context.Fail(Status::Corrupt(kNotProven,
                                        fmt::format("{} findings: the tables differ from their receipts", differ),
                                        "the lines above name them; restore the tables' files"));
  if (!unknown.ok()) context.Fail(unknown);
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CommandContext& context) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("verify", "re-read the Iceberg tables and prove each epoch against its receipt");
  command->add_option("script", *file, "the SQL script")->required();
  AddFormat(*command, context);
  command->callback([&context, file] { Verify(context, *file); });
}

}  // namespace semel::cli
