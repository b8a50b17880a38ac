// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel checkpoint list|show|verify: what is in a pipeline's checkpoint folder. Reads only.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/commit/committing.h"
#include "checkpoint/format/records.h"
#include "checkpoint/recovery/recovery.h"
#include "checkpoint/stores/local/local_store.h"
#include "cli/command.h"
#include "codec/sha256.h"
#include "columnar/value_text.h"

namespace semel::cli {

namespace {

using namespace checkpoint;  // NOLINT: the command is about nothing else

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

Status ListAttempts(env::Env& env, Store& store) {
  SEMEL_ASSIGN_OR_RETURN(Attempts all, ReadAttempts(env, store));
  std::printf("%-12s %-24s %-10s %10s %10s  %s\n", "attempt", "time (UTC)", "state", "rows out", "segments", "note");
  for (const Attempt& attempt : all.attempts) {
    bool healed = false;
    Result<Manifest> manifest = ReadManifest(store, attempt, healed);
    if (!manifest.ok()) {
      std::printf("%-12s %s\n", attempt.ToString().c_str(), manifest.status().ToString().c_str());
      continue;
    }
    uint64_t rows = 0;
    for (const SinkStaged& sink : manifest->snapshot.sinks) rows += sink.rows;
    std::printf("%-12s %-24s %-10s %10lu %10zu  %s%s\n", attempt.ToString().c_str(),
                columnar::TimestampToString(manifest->created_micros, 3).c_str(),
                all.receipts.count(attempt) > 0 ? "committed" : "open", rows, manifest->snapshot.segments.size(),
                manifest->snapshot.finished ? "finished " : "", healed ? "read from its copy" : "");
  }
  std::printf("%zu attempts kept, %zu receipts\n", all.attempts.size(), all.receipts.size());
  return Status::Ok();
}

Status ShowAttempt(env::Env& env, Store& store, const std::string& wanted) {
  SEMEL_ASSIGN_OR_RETURN(Attempts all, ReadAttempts(env, store));
  for (const Attempt& attempt : all.attempts) {
    if (attempt.ToString() != wanted) continue;
    bool healed = false;
    SEMEL_ASSIGN_OR_RETURN(Manifest m, ReadManifest(store, attempt, healed));
    std::printf("attempt   %s\nlineage   %s\nparent    %s\ncreated   %s\n", wanted.c_str(), m.lineage.c_str(),
                m.parent.ToString().c_str(), columnar::TimestampToString(m.created_micros, 6).c_str());
    for (const SplitProgress& s : m.snapshot.splits)
      std::printf("split     %s: %s%s%s\n", s.split.c_str(), s.position.c_str(), s.end.empty() ? "" : " until ",
                  s.end.c_str());
    for (const SinkStaged& s : m.snapshot.sinks)
      std::printf("sink      %s: %lu rows, digest %s\n", s.sink.c_str(), s.rows, s.digest.c_str());
    for (const auto& [sink, marker] : m.expected)
      std::printf("expects   %s: %s\n", sink.c_str(), marker ? marker->ToString().c_str() : "no marker");
    for (const StateSegment& s : m.snapshot.segments)
      std::printf("segment   %s: %s of %s, %lu bytes\n", s.name.c_str(), s.kind.c_str(), s.operator_id.c_str(),
                  s.bytes);
    for (const auto& [what, n] : m.snapshot.books) std::printf("books     %s = %ld\n", what.c_str(), n);
    return Status::Ok();
  }
  return Status::NotFound(kNoCheckpoint, fmt::format("there is no checkpoint {}", wanted),
                          "`semel checkpoint list` shows those that are kept");
}

Status VerifyStore(env::Env& env, Store& store) {
  SEMEL_ASSIGN_OR_RETURN(Attempts all, ReadAttempts(env, store));
  size_t files = 0, bad = 0;
  auto report = [&](const Status& status) {
    ++files;
    if (status.ok()) return;
    ++bad;
    std::printf("%s\n", status.ToString().c_str());
  };
  for (const Attempt& attempt : all.attempts) {
    bool healed = false;
    Result<Manifest> manifest = ReadManifest(store, attempt, healed);
    report(manifest.status());
    if (healed) std::printf("%s is damaged; its copy is good\n", ManifestName(attempt).c_str());
    if (!manifest.ok()) continue;
    for (const StateSegment& segment : manifest->snapshot.segments) {
      Result<std::string> content = store.Get(segment.name);
      const bool good =
          content.ok() && content->size() == segment.bytes && codec::Sha256Hex(*content) == segment.sha256;
      report(good ? Status::Ok()
                  : Status::Corrupt(kDamagedFile,
                                    fmt::format("'{}' of {} is missing or damaged", segment.name, attempt.ToString()),
                                    "restore the checkpoint folder from a backup"));
    }
  }
  std::printf("%zu files checked, %zu bad\n", files, bad);
  return bad == 0 ? Status::Ok()
                  : Status::Corrupt(kDamagedFile, "the checkpoint folder is damaged", "restore it from a backup");
}

}  // namespace

void AddCheckpointCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("checkpoint", "what is in a pipeline's checkpoint folder");
  command->require_subcommand(1);
  struct Options {
    std::string file, attempt;
  };
  auto options = std::make_shared<Options>();
  auto with_store = [&context, options](const std::function<Status(env::Env&, Store&)>& action) {
    Result<env::Env*> env = context.MakeEnv();
    if (!env.ok()) return context.Fail(env.status());
    std::optional<PreparedScript> script = PrepareScript(context, **env, options->file, true, false);
    if (!script) return;
    LocalStore store(**env, job::StoreFolder(script->settings));
    if (const Status status = action(**env, store); !status.ok()) context.Fail(status, script->text, options->file);
  };
  CLI::App* list = command->add_subcommand("list", "attempts and whether they are committed");
  list->add_option("script", options->file, "the SQL script")->required();
  list->callback([with_store] { with_store(ListAttempts); });
  CLI::App* show = command->add_subcommand("show", "everything about one attempt");
  show->add_option("script", options->file, "the SQL script")->required();
  show->add_option("attempt", options->attempt, "epoch-generation, such as 7-2")->required();
  show->callback([with_store, options] {
    with_store([options](env::Env& env, Store& store) { return ShowAttempt(env, store, options->attempt); });
  });
  CLI::App* verify = command->add_subcommand("verify", "reads every file that a restore could need");
  verify->add_option("script", options->file, "the SQL script")->required();
  verify->callback([with_store] { with_store(VerifyStore); });
}

}  // namespace semel::cli
