// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/commit/committing.h"

#include <algorithm>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/api/planted_bugs.h"
#include "checkpoint/format/records.h"

namespace semel::checkpoint {

Result<AttemptReport> CommitAttempt(env::Env& env, Store& store, ClaimWatch& claims, Committers& committers,
                                    const Chain& chain, const Manifest& manifest, const CommitHooks& hooks) {
  AttemptReport report{manifest.attempt, {}};
  Receipt receipt;
  receipt.lineage = manifest.lineage;
  receipt.attempt = manifest.attempt;
  receipt.splits = manifest.snapshot.splits;
  receipt.books = manifest.snapshot.books;
  for (const SinkStaged& staged : manifest.snapshot.sinks) {
    if (staged.rows == 0) continue;
    auto committer = committers.find(staged.sink);
    if (committer == committers.end())
      return Status::Invalid(kChangedScript,
                             fmt::format("epoch {} wrote to '{}', which the script no longer names",
                                         manifest.attempt.epoch.value, staged.sink),
                             "run the old script once with --until-end, or start over with --fresh");
    CommitDriver driver(env, claims, *committer->second, hooks);
    SEMEL_ASSIGN_OR_RETURN(CommitReport done,
                           driver.Run(manifest, staged, chain.LaterMarkers(manifest.attempt, staged.sink)));
    receipt.sinks.push_back({staged.sink, manifest.MarkerOf(staged), done.handle});
    report.sinks.emplace(staged.sink, std::move(done));
  }
  // The time is the manifest's, so that a receipt written twice is the same file.
  receipt.created_micros = manifest.created_micros;
  SEMEL_POINT(env, "commit.receipt.put.before");
  Status put;
  if (SEMEL_BUG(kReceiptNotConfirmed)) {
    (void)store.PutIfAbsent(ReceiptName(manifest.attempt), EncodeReceipts({receipt}));
  } else {
    put = PutConfirmed(env, store, ReceiptName(manifest.attempt), EncodeReceipts({receipt}));
  }
  // A receipt of this attempt with other handles comes from a process that resumed it before: it says the same.
  if (put.is(StatusKind::kExists))
    put = store.MakeDurable(ReceiptName(manifest.attempt));  // theirs may be visible only
  SEMEL_RETURN_IF_ERROR(put);
  SEMEL_POINT(env, "commit.receipt.put.after");
  return report;
}

Result<std::map<Attempt, Receipt>> ReadReceipts(env::Env& env, Store& store) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env, store, "commits/"));
  std::map<Attempt, Receipt> receipts;
  for (const std::string& name : names) {
    Result<std::string> file = store.Get(name);
    if (file.status().is(StatusKind::kNotFound)) continue;  // folded meanwhile
    if (!file.ok()) return file.status();
    SEMEL_ASSIGN_OR_RETURN(std::vector<Receipt> decoded, DecodeReceipts(*file, name));
    for (Receipt& receipt : decoded) receipts.emplace(receipt.attempt, std::move(receipt));
  }
  return receipts;
}

Status FoldReceipts(env::Env& env, Store& store, const Attempt& newest, size_t per_file) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env, store, "commits/"));
  std::vector<std::pair<Attempt, std::string>> single;
  for (const std::string& name : names)
    if (const std::optional<Attempt> attempt = ParseReceiptName(name); attempt && *attempt < newest)
      single.emplace_back(*attempt, name);
  if (single.size() < per_file) return Status::Ok();
  std::sort(single.begin(), single.end());
  single.resize(per_file);
  std::vector<Receipt> receipts;
  for (const auto& [attempt, name] : single) {
    SEMEL_ASSIGN_OR_RETURN(std::string file, store.Get(name));
    SEMEL_ASSIGN_OR_RETURN(std::vector<Receipt> decoded, DecodeReceipts(file, name));
    receipts.insert(receipts.end(), decoded.begin(), decoded.end());
  }
  const std::string folded =
      fmt::format("commits/folded-{}-to-{}", single.front().first.ToString(), single.back().first.ToString());
  SEMEL_POINT(env, "commit.receipt.fold.before");
  SEMEL_RETURN_IF_ERROR(PutConfirmed(env, store, folded, EncodeReceipts(receipts)));
  for (const auto& [attempt, name] : single) SEMEL_RETURN_IF_ERROR(store.Remove(name));
  return Status::Ok();
}

}  // namespace semel::checkpoint
