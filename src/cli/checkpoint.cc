// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel checkpoint list|show|verify: what is in a pipeline's checkpoint folder. Reads only.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/commit/committing.h"
#include "checkpoint/recovery/recovery.h"
#include "checkpoint/stores/local/local_store.h"
#include "cli/command.h"
#include "cli/json_text.h"
#include "cli/store_proof.h"
#include "cli/totals.h"
#include "columnar/value_text.h"

namespace semel::cli {

namespace {

using namespace checkpoint;  // NOLINT: the command is about nothing else

// What a subcommand works on.
struct StoreCommand {
  env::Env& env;
  Store& store;
  const std::string folder;
  const bool json;
};

struct Attempts {
  std::vector<Attempt> attempts;
  std::map<Attempt, Receipt> receipts;
};

Result<Attempts> ReadAttempts(env::Env& env, Store& store) {
  Attempts all;
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, store.List("checkpoints/"));
  for (const std::string& name : names)
    if (const std::optional<Attempt> attempt = ParseManifestName(name)) all.attempts.push_back(*attempt);
  std::sort(all.attempts.begin(), all.attempts.end());
  SEMEL_ASSIGN_OR_RETURN(all.receipts, ReadReceipts(env, store));
  return all;
}

// One line of the list.
struct AttemptRow {
  std::string attempt, time, state, note;
  uint64_t rows = 0;
  size_t segments = 0;
};

AttemptRow RowOf(Store& store, const Attempts& all, const Attempt& attempt) {
  AttemptRow row{attempt.ToString(), "", all.receipts.count(attempt) > 0 ? "committed" : "open", "", 0, 0};
  bool healed = false;
  const Result<Manifest> manifest = ReadManifest(store, attempt, healed);
  if (!manifest.ok()) {
    row.state = "unreadable";
    row.note = manifest.status().message();
    return row;
  }
  row.time = columnar::TimestampToString(manifest->created_micros, 3);
  for (const SinkStaged& sink : manifest->snapshot.sinks) row.rows += sink.rows;
  row.segments = manifest->snapshot.segments.size();
  if (manifest->snapshot.finished) row.note = "finished";
  if (healed) row.note += row.note.empty() ? "read from its copy" : ", read from its copy";
  return row;
}

Status ListAttempts(const StoreCommand& on) {
  SEMEL_ASSIGN_OR_RETURN(Attempts all, ReadAttempts(on.env, on.store));
  Totals totals;
  for (const auto& [attempt, receipt] : all.receipts) totals.Add(receipt.books);
  std::vector<std::string> rows;
  if (!on.json)
    std::printf("%s\n%-12s %-24s %-10s %10s %10s  %s\n", on.folder.c_str(), "attempt", "time (UTC)", "state",
                "rows out", "segments", "note");
  for (const Attempt& attempt : all.attempts) {
    const AttemptRow row = RowOf(on.store, all, attempt);
    if (on.json) {
      rows.push_back(JsonObject()
                         .Text("attempt", row.attempt)
                         .Text("time", row.time)
                         .Text("state", row.state)
                         .Number("rows", row.rows)
                         .Number("segments", row.segments)
                         .Text("note", row.note)
                         .ToString());
    } else {
      std::printf("%-12s %-24s %-10s %10lu %10zu  %s\n", row.attempt.c_str(), row.time.c_str(), row.state.c_str(),
                  row.rows, row.segments, row.note.c_str());
    }
  }
  if (on.json) {
    std::printf("%s\n", JsonObject()
                            .Text("folder", on.folder)
                            .Raw("attempts", JsonArray(rows))
                            .Number("receipts", all.receipts.size())
                            .Raw("committed", totals.ToJson())
                            .ToString()
                            .c_str());
  } else {
    std::printf("%zu attempts kept, %zu receipts\ncommitted: %s\n", all.attempts.size(), all.receipts.size(),
                totals.ToString().c_str());
  }
  return Status::Ok();
}

void ShowText(const Manifest& m) {
  std::printf("attempt   %s\nlineage   %s\nparent    %s\ncreated   %s\n", m.attempt.ToString().c_str(),
              m.lineage.c_str(), m.parent.ToString().c_str(), columnar::TimestampToString(m.created_micros, 6).c_str());
  for (const SplitProgress& s : m.snapshot.splits)
    std::printf("split     %s: %s%s%s\n", s.split.c_str(), s.position.c_str(), s.end.empty() ? "" : " until ",
                s.end.c_str());
  for (const SinkStaged& s : m.snapshot.sinks)
    std::printf("sink      %s: %lu rows, digest %s\n", s.sink.c_str(), s.rows, s.digest.c_str());
  for (const auto& [sink, marker] : m.expected)
    std::printf("expects   %s: %s\n", sink.c_str(), marker ? marker->ToString().c_str() : "no marker");
  for (const StateSegment& s : m.snapshot.segments)
    std::printf("segment   %s: %s of %s, %lu bytes\n", s.name.c_str(), s.kind.c_str(), s.operator_id.c_str(), s.bytes);
  for (const auto& [what, n] : m.snapshot.books) std::printf("books     %s = %ld\n", what.c_str(), n);
}

std::string ShowJson(const Manifest& m, const std::string& folder) {
  std::vector<std::string> splits, sinks, segments;
  JsonObject expected, books;
  for (const SplitProgress& s : m.snapshot.splits)
    splits.push_back(JsonObject().Text("split", s.split).Text("position", s.position).Text("end", s.end).ToString());
  for (const SinkStaged& s : m.snapshot.sinks)
    sinks.push_back(JsonObject().Text("sink", s.sink).Number("rows", s.rows).Text("digest", s.digest).ToString());
  for (const auto& [sink, marker] : m.expected) expected.Text(sink, marker ? marker->ToString() : "");
  for (const StateSegment& s : m.snapshot.segments)
    segments.push_back(JsonObject()
                           .Text("name", s.name)
                           .Text("operator", s.operator_id)
                           .Text("kind", s.kind)
                           .Number("bytes", s.bytes)
                           .ToString());
  for (const auto& [what, n] : m.snapshot.books) books.Number(what, n);
  return JsonObject()
      .Text("folder", folder)
      .Text("attempt", m.attempt.ToString())
      .Text("lineage", m.lineage)
      .Text("parent", m.parent.ToString())
      .Text("created", columnar::TimestampToString(m.created_micros, 6))
      .Bool("finished", m.snapshot.finished)
      .Raw("splits", JsonArray(splits))
      .Raw("sinks", JsonArray(sinks))
      .Raw("expected", expected.ToString())
      .Raw("segments", JsonArray(segments))
      .Raw("books", books.ToString())
      .ToString();
}

Status ShowAttempt(const StoreCommand& on, const std::string& wanted) {
  SEMEL_ASSIGN_OR_RETURN(Attempts all, ReadAttempts(on.env, on.store));
  for (const Attempt& attempt : all.attempts) {
    if (attempt.ToString() != wanted) continue;
    bool healed = false;
    SEMEL_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(on.store, attempt, healed));
    if (on.json) {
      std::printf("%s\n", ShowJson(manifest, on.folder).c_str());
    } else {
      std::printf("folder    %s\n", on.folder.c_str());
      ShowText(manifest);
    }
    return Status::Ok();
  }
  return Status::NotFound(kNoCheckpoint, fmt::format("there is no checkpoint {} in {}", wanted, on.folder),
                          "`semel checkpoint list` shows those that are kept");
}

Status VerifyStore(const StoreCommand& on) {
  SEMEL_ASSIGN_OR_RETURN(const StoreProof proof, ProveStore(on.store));
  if (on.json) {
    std::printf("%s\n", JsonObject()
                            .Text("folder", on.folder)
                            .Number("files", proof.files)
                            .Raw("bad", JsonTexts(proof.bad))
                            .Raw("notes", JsonTexts(proof.notes))
                            .ToString()
                            .c_str());
  } else {
    for (const std::string& bad : proof.bad) std::printf("bad: %s\n", bad.c_str());
    for (const std::string& note : proof.notes) std::printf("note: %s\n", note.c_str());
    std::printf("%s: %zu files checked, %zu bad\n", on.folder.c_str(), proof.files, proof.bad.size());
  }
  if (proof.bad.empty()) return Status::Ok();
  return Status::Corrupt(
      kDamagedFile, fmt::format("{} files in {} are damaged or missing", proof.bad.size(), on.folder),
      "restore them from a backup; a manifest that has a good copy is read from it by the next start");
}

}  // namespace

void AddCheckpointCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("checkpoint", "what is in a pipeline's checkpoint folder");
  command->require_subcommand(1);
  struct Options {
    std::string file, attempt;
  };
  auto options = std::make_shared<Options>();
  auto with_store = [&context, options](const std::function<Status(const StoreCommand&)>& action) {
    Result<env::Env*> env = context.MakeEnv();
    if (!env.ok()) return context.Fail(env.status());
    std::optional<PreparedScript> script = PrepareScript(context, **env, options->file, {true, false});
    if (!script) return;
    LocalStore store(**env, StateFolder(*script));
    Status status = RequireState(*script);
    if (status.ok()) status = action({**env, store, StateFolder(*script), context.json()});
    if (!status.ok()) context.Fail(status, script->text, options->file);
  };
  const auto add = [&](const char* name, const char* what) {
    CLI::App* added = command->add_subcommand(name, what);
    added->add_option("script", options->file, "the SQL script")->required();
    AddFormat(*added, context);
    return added;
  };
  add("list", "attempts and whether they are committed")->callback([with_store] { with_store(ListAttempts); });
  CLI::App* show = add("show", "everything about one attempt");
  show->add_option("attempt", options->attempt, "epoch-generation, such as 7-2")->required();
  show->callback([with_store, options] {
    with_store([options](const StoreCommand& on) { return ShowAttempt(on, options->attempt); });
  });
  add("verify", "reads every file that a start could need")->callback([with_store] { with_store(VerifyStore); });
}

}  // namespace semel::cli
