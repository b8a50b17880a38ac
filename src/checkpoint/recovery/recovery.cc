// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/recovery/recovery.h"

#include <algorithm>

#include "base/text.h"
#include "checkpoint/api/error_codes.h"
#include "checkpoint/api/planted_bugs.h"
#include "checkpoint/format/records.h"

namespace semel::checkpoint {

namespace {

Result<std::string> GetSurely(env::Env& env, Store& store, const std::string& name) {
  Micros pause(10'000);
  for (int i = 0;; ++i) {
    Result<std::string> file = store.Get(name);
    const bool again = file.status().is(StatusKind::kTransient) || file.status().is(StatusKind::kUnknown);
    if (file.ok() || !again || i == 9) return file;
    env.SleepFor(pause);
    pause *= 2;
  }
}

// As GetSurely for a file that another one names: its absence is damage.
Result<std::string> GetNamed(env::Env& env, Store& store, const std::string& name) {
  Result<std::string> file = GetSurely(env, store, name);
  if (!file.status().is(StatusKind::kNotFound)) return file;
  return Status::Corrupt(kMissingFile, fmt::format("'{}' is missing in the checkpoint folder", name),
                         "restore the checkpoint folder from a backup; no older checkpoint is used in its place");
}

std::string NewUuid(env::Env& env) {
  const uint64_t a = env.Random(), b = env.Random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

// The script, or one of its tables, is not that of the checkpoint.
Status OtherFingerprint(const Manifest& base, const std::string& fingerprint) {
  const std::vector<std::string> before = Split(base.fingerprint, '\n'), now = Split(fingerprint, '\n');
  for (size_t i = 1; before[0] == now[0] && i < before.size(); ++i)
    if (std::find(now.begin() + 1, now.end(), before[i]) == now.end())
      return Status::Corrupt(
          kTargetReplaced,
          fmt::format("{} is not the one of checkpoint {}: it was dropped{}", before[i].substr(0, before[i].rfind(' ')),
                      base.attempt.ToString(), now.size() < before.size() ? "" : " and created again"),
          "restore it, or start over with --fresh: rows that went into the old one are gone with it");
  uint64_t bytes = 0;
  for (const StateSegment& segment : base.snapshot.segments) bytes += segment.bytes;
  return Status::Invalid(
      kChangedScript,
      fmt::format("the script has changed since checkpoint {}, whose {} bytes of state and positions in {} splits fit "
                  "the old script only",
                  base.attempt.ToString(), bytes, base.snapshot.splits.size()),
      "run the old script, finish it with --until-end, or start over with --fresh: state and positions are lost, "
      "output stays");
}

// `lost`: this start looked for a state and found none.
Status TargetHoldsRows(const std::string& sink, const Marker& marker, const std::string& state, bool lost) {
  if (lost)
    return Status::Invalid(
        kTargetHoldsRows,
        fmt::format("there is no checkpoint of {}, but {} holds its rows (marker {})", state, sink, marker.ToString()),
        "if it ran from another folder, start it there, or SET 'execution.checkpointing.dir' to an absolute path; only "
        "if its state is really gone: drop the table (an emptied one keeps its marker), or add --fresh --append-again "
        "to "
        "write the rows once more");
  return Status::Invalid(kTargetHoldsRows,
                         fmt::format("{} already holds rows of this pipeline (marker {})", sink, marker.ToString()),
                         "drop the table (an emptied one keeps its marker), or add --append-again to write the rows "
                         "once more");
}

// One start. Lives for the duration of Recover.
class Recovery {
 public:
  Recovery(env::Env& env, Store& store, Committers& committers, const RecoveryOptions& options)
      : env_(env), store_(store), committers_(committers), options_(options) {}

  Result<RecoveredStart> Run();

 private:
  Result<RecoveredStart> Steps();
  Status TakeOver();
  Status StartOver();
  Status ClaimGeneration();
  Result<std::string> NewestClaimant(const std::vector<std::string>& names);
  Result<bool> HasReceipt(const Attempt& attempt);
  Status FenceSinks();
  Result<std::unique_ptr<SinkView>> LookSurely(const std::string& sink, Committer& committer);
  Status CheckMarkers();
  Status Choose();
  Status BeginLineage(const Lineage* parent, const Attempt& parent_attempt);
  Status AdoptAndPin(const Pin& pin);
  Status LookAgain();
  Status ReadChain(const Attempt& base);
  Status WalkChain(const Attempt& base);
  Status RemoveUnfinished();
  Status Resolve();
  Status DiscardVoid();
  Status CheckFingerprint() const;
  Status RefuseChangedScriptEarly();
  Status RefuseRowsEarly();
  void ExpectFromChain();
  void Narrate(const std::string& line) const {
    if (options_.narrate) options_.narrate(line);
  }

  env::Env& env_;
  Store& store_;
  Committers& committers_;
  const RecoveryOptions& options_;
  Generation claimed_;         // 0: none yet
  std::optional<Pin> chosen_;  // nothing: a first start
  RecoveredStart start_;
};

// Who holds the newest of these claims; nothing if there is none.
Result<std::string> Recovery::NewestClaimant(const std::vector<std::string>& names) {
  if (names.empty()) return std::string();
  SEMEL_ASSIGN_OR_RETURN(const std::string file, GetNamed(env_, store_, names.back()));
  const Result<Claim> claim = DecodeClaim(file, names.back());
  if (claim.status().is(StatusKind::kCorrupt))
    return Status::Corrupt(claim.status().code(), claim.status().message(),
                           "restore the file from a backup of the checkpoint folder, or copy another one of "
                           "`generations` over it (of a claim only the name "
                           "decides, never remove one)");
  if (!claim.ok()) return claim.status();
  return claim->process;
}

Status Recovery::ClaimGeneration() {
  while (true) {
    SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env_, store_, "generations/"));
    const Generation next = NextGeneration(names);
    SEMEL_ASSIGN_OR_RETURN(const std::string before, NewestClaimant(names));
    const Claim claim{env_.ProcessName(), env_.Now().micros, env_.Random()};
    // Not yet as the next one: what a killed claimant leaves is below whoever gets the number.
    store_.WriteFor(Generation(next.value - 1));
    SEMEL_POINT(env_, "recovery.claim.put.before");
    const Status put = PutConfirmed(env_, store_, ClaimName(next), EncodeClaim(claim));
    if (put.is(StatusKind::kExists) && !SEMEL_BUG(kClaimNotExclusive)) continue;
    if (!put.ok() && !put.is(StatusKind::kExists)) return put;
    store_.WriteFor(next);
    SEMEL_POINT(env_, "recovery.claim.put.after");
    if (!before.empty() && before != claim.process && (!options_.may_run || options_.may_run(before)))
      Narrate(fmt::format("generation {}; supersedes generation {} of {}", next.value, next.value - 1, before));
    start_.generation = claimed_ = next;
    return Status::Ok();
  }
}

Status Recovery::FenceSinks() {
  for (auto& [sink, committer] : committers_) {
    SEMEL_POINT(env_, "recovery.fence.sink.before");
    SEMEL_RETURN_IF_ERROR(committer->Fence(start_.generation).WithContext(sink));
  }
  return Status::Ok();
}

Status Recovery::LookAgain() {
  ClaimWatch claims(env_, store_, start_.generation);
  return claims.Look();
}

Status Recovery::AdoptAndPin(const Pin& pin) {
  if (!pin.base.is_root() && !SEMEL_BUG(kAdoptWithoutSync)) {
    SEMEL_POINT(env_, "recovery.base.adopt.before");
    SEMEL_RETURN_IF_ERROR(store_.MakeDurable(ManifestName(pin.base)));
  }
  SEMEL_RETURN_IF_ERROR(store_.MakeDurable(LineageName(pin.lineage)));
  if (!SEMEL_BUG(kBaseNotPinned)) {
    SEMEL_POINT(env_, "recovery.pin.put.before");
    SEMEL_RETURN_IF_ERROR(PutConfirmed(env_, store_, PinName(start_.generation), EncodePin(pin)));
    SEMEL_POINT(env_, "recovery.pin.put.after");
  }
  if (SEMEL_BUG(kNoSecondLook)) return Status::Ok();
  return LookAgain();
}

// Asks a sink for as long as it does not answer, the caller lets it, and nobody takes over.
Result<std::unique_ptr<SinkView>> Recovery::LookSurely(const std::string& sink, Committer& committer) {
  constexpr Micros kPause(50'000);
  for (int tries = 1;; ++tries) {
    Result<std::unique_ptr<SinkView>> view = committer.Look();
    const bool again = view.status().is(StatusKind::kTransient) || view.status().is(StatusKind::kUnknown);
    if (view.ok() || !again) return view;
    if (tries % 64 == 0) Narrate(fmt::format("waiting for {}: {}", sink, view.status().ToString()));
    if (options_.commit_hooks.pause) {
      SEMEL_RETURN_IF_ERROR(options_.commit_hooks.pause(kPause));
    } else {
      env_.SleepFor(kPause);
    }
    SEMEL_RETURN_IF_ERROR(LookAgain());
  }
}

Status Recovery::BeginLineage(const Lineage* parent, const Attempt& parent_attempt) {
  Lineage lineage;
  lineage.uuid = NewUuid(env_);
  lineage.time_zone = options_.time_zone;
  lineage.created_micros = env_.Now().micros;
  if (parent != nullptr) {
    lineage.parent = parent->uuid;
    lineage.parent_attempt = parent_attempt;
  }
  for (auto& [sink, committer] : committers_) {
    SEMEL_ASSIGN_OR_RETURN(const std::unique_ptr<SinkView> view, LookSurely(sink, *committer));
    lineage.initial[sink] = view->marker();
    // Before the lineage exists: the state before it must stay what the next start goes on from.
    if (lineage.initial[sink] && !options_.append_again)
      return TargetHoldsRows(sink, *lineage.initial[sink], options_.state, !options_.fresh);
  }
  SEMEL_RETURN_IF_ERROR(PutConfirmed(env_, store_, LineageName(lineage.uuid), EncodeLineage(lineage)));
  start_.lineage = lineage;
  start_.chain = Chain();
  return AdoptAndPin({lineage.uuid, {}});
}

Result<Manifest> ReadManifestSurely(env::Env& env, Store& store, const Attempt& attempt, bool& healed) {
  Micros pause(10'000);
  for (int i = 0;; ++i) {
    Result<Manifest> manifest = ReadManifest(store, attempt, healed);
    const bool again = manifest.status().is(StatusKind::kTransient) || manifest.status().is(StatusKind::kUnknown);
    if (manifest.ok() || !again || i == 9) return manifest;
    env.SleepFor(pause);
    pause *= 2;
  }
}

// The process before may still be committing what it decided before our claim, and tidying behind it: a manifest that
// is gone while its receipt was not there yet is looked for again, receipts first.
Status Recovery::ReadChain(const Attempt& base) {
  for (int i = 0;; ++i) {
    const Status read = WalkChain(base);
    if (read.code() != kMissingFile || i == 4) return read;
    env_.SleepFor(Micros(10'000));
  }
}

Result<bool> Recovery::HasReceipt(const Attempt& attempt) {
  const std::string name = ReceiptName(attempt);
  const Result<std::string> file = GetSurely(env_, store_, name);
  if (file.status().is(StatusKind::kNotFound)) return false;
  if (!file.ok()) return file.status();
  SEMEL_RETURN_IF_ERROR(DecodeReceipts(*file, name).status());
  // Its writer may have ended before it was durable. Nobody writes it again once a later receipt speaks for the
  // attempt.
  const Status durable = store_.MakeDurable(name);
  if (!durable.ok() && !durable.is(StatusKind::kNotFound)) return durable;
  return true;
}

// Follows the parent links from the base back to `retained` committed attempts, or to the lineage's beginning.
Status Recovery::WalkChain(const Attempt& base) {
  start_.chain = Chain();
  std::vector<Chain::Link> links;
  size_t committed = 0;
  for (Attempt attempt = base; !attempt.is_root() && committed < options_.retained;) {
    // The receipt first: a manifest is removed only behind it. Those of kept attempts are never folded.
    SEMEL_ASSIGN_OR_RETURN(const bool has_receipt, HasReceipt(attempt));
    bool healed = false;
    Result<Manifest> manifest = ReadManifestSurely(env_, store_, attempt, healed);
    if (manifest.status().is(StatusKind::kNotFound) && committed > 0) break;  // pruned behind a committed one
    if (manifest.status().is(StatusKind::kNotFound))
      return Status::Corrupt(
          kMissingFile, fmt::format("'{}' is missing and nothing says that it was committed", ManifestName(attempt)),
          "restore the checkpoint folder from a backup; no older checkpoint is used in its place");
    if (!manifest.ok()) return manifest.status();
    if (manifest->lineage != start_.lineage.uuid || manifest->attempt != attempt)
      return Status::Corrupt(kDamagedFile, fmt::format("'{}' describes another attempt", ManifestName(attempt)),
                             "restore the checkpoint folder from a backup");
    if (healed) {
      ++start_.healed_manifests;
      Narrate(fmt::format("'{}' was damaged and is read from its copy", ManifestName(attempt)));
    }
    // Commits follow the chain, so a receipt speaks for every attempt before its own, whose receipt may have been lost.
    const bool is_committed = committed > 0 || has_receipt;
    committed += is_committed ? 1 : 0;
    const Attempt parent = manifest->parent;
    links.push_back({std::make_shared<const Manifest>(std::move(manifest).value()), is_committed});
    if (SEMEL_BUG(kRollForwardByEpoch) && !parent.is_root()) {
      // The newest manifest of the epoch before, whoever wrote it.
      SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names,
                             ListSurely(env_, store_, fmt::format("checkpoints/{}-", parent.epoch.value)));
      for (const std::string& name : names)
        if (const std::optional<Attempt> other = ParseManifestName(name)) attempt = *other;
      if (attempt.epoch != parent.epoch) attempt = parent;
    } else {
      attempt = parent;
    }
  }
  std::reverse(links.begin(), links.end());
  for (Chain::Link& link : links) {
    if (SEMEL_BUG(kRollForwardByEpoch) && !start_.chain.empty() &&
        start_.chain.newest().attempt != link.manifest->parent)
      start_.chain = Chain();
    start_.chain.Append(link.manifest, link.committed);
  }
  return Status::Ok();
}

Status Recovery::Choose() {
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> pins, ListSurely(env_, store_, "bases/"));
  const std::optional<Generation> pinned_by = HighestPinBelow(start_.generation, pins);
  if (!pinned_by) return Status::Ok();
  SEMEL_ASSIGN_OR_RETURN(std::string file, GetNamed(env_, store_, PinName(*pinned_by)));
  SEMEL_ASSIGN_OR_RETURN(Pin pin, DecodePin(file, PinName(*pinned_by)));
  SEMEL_ASSIGN_OR_RETURN(std::string lineage, GetNamed(env_, store_, LineageName(pin.lineage)));
  SEMEL_ASSIGN_OR_RETURN(start_.lineage, DecodeLineage(lineage, LineageName(pin.lineage)));
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListSurely(env_, store_, "checkpoints/"));
  std::vector<Attempt> manifests;
  for (const std::string& name : names)
    if (const std::optional<Attempt> attempt = ParseManifestName(name)) manifests.push_back(*attempt);
  chosen_ = Pin{pin.lineage, ChooseBase(*pinned_by, pin, manifests)};
  // Verified before it is pinned: what cannot be read is refused, and never an older one taken instead.
  return ReadChain(chosen_->base);
}

// Nothing depends on it: what cannot be removed now is met again by the next start.
Status Recovery::RemoveUnfinished() {
  SEMEL_POINT(env_, "recovery.unfinished.remove.before");
  const Status removed = store_.RemoveUnfinished();
  if (!removed.ok()) env_.Log(env::LogLevel::kWarning, "removing half-written files: " + removed.ToString());
  return Status::Ok();
}

Status Recovery::Resolve() {
  ClaimWatch claims(env_, store_, start_.generation);
  const std::vector<Chain::Link> links = start_.chain.links();
  for (const Chain::Link& link : links) {
    if (link.committed) continue;
    SEMEL_POINT(env_, "recovery.attempt.resolve.before");
    Result<AttemptReport> done =
        CommitAttempt(env_, store_, claims, committers_, start_.chain, *link.manifest, options_.commit_hooks);
    if (options_.fresh && done.status().code() == kMarkerMismatch)
      return Status::Corrupt(
          kMarkerMismatch, done.status().message(),
          "if the table was dropped on purpose, move the checkpoint folder away and start again: what "
          "was decided for the table cannot be committed any more");
    if (options_.fresh && options_.append_again && done.status().code() == kRolledBack) {
      // The user was told and wants the rows once more: nothing of this chain is promised any longer.
      uint64_t rows = 0;
      for (const SinkStaged& staged : link.manifest->snapshot.sinks) rows += staged.rows;
      Narrate(fmt::format("attempt {} with {} rows is given up, and what follows it: {}",
                          link.manifest->attempt.ToString(), rows, done.status().message()));
      return Status::Ok();
    }
    SEMEL_ASSIGN_OR_RETURN(AttemptReport report, std::move(done));
    start_.chain.MarkCommitted(report.attempt);
    for (const auto& [sink, done] : report.sinks)
      Narrate(fmt::format("attempt {} was decided and in doubt: {} in {}", report.attempt.ToString(),
                          done.already_committed ? "found committed" : "rolled forward now", sink));
    start_.resolved.push_back(std::move(report));
  }
  return Status::Ok();
}

Status Recovery::DiscardVoid() {
  const std::vector<AncestryRange> ancestry =
      start_.chain.empty() ? std::vector<AncestryRange>{} : start_.chain.newest().ancestry;
  for (auto& [sink, committer] : committers_) {
    Result<std::vector<Committer::StagedAttempt>> staged = committer->ListStaged();
    if (!staged.ok()) return staged.status().WithContext(sink);
    for (const Committer::StagedAttempt& s : *staged) {
      if (s.lineage != start_.lineage.uuid) continue;
      const Attempt attempt{s.epoch, s.generation};
      if (Membership(ancestry, attempt, start_.generation) != ChainMembership::kVoid) continue;
      SEMEL_POINT(env_, "recovery.void.discard.before");
      SEMEL_RETURN_IF_ERROR(committer->Discard(s.lineage, s.epoch, s.generation).WithContext(sink));
      Narrate(
          fmt::format("attempt {} was never decided: its staged output in {} is discarded", attempt.ToString(), sink));
    }
  }
  return Status::Ok();
}

Status Recovery::CheckFingerprint() const {
  if (start_.chain.empty() || start_.chain.newest().fingerprint == options_.fingerprint) return Status::Ok();
  return OtherFingerprint(start_.chain.newest(), options_.fingerprint);
}

// A changed script must not end the instance that runs the unchanged one: looked at before the claim, decided again
// behind it. What cannot be read here is left to the real look.
Status Recovery::RefuseChangedScriptEarly() {
  return options_.fresh ? Status::Ok() : CheckScript(store_, options_.fingerprint);
}

// As above for a start without state that would be refused because of the rows of an earlier one.
Status Recovery::RefuseRowsEarly() {
  if (options_.append_again) return Status::Ok();
  const Result<std::vector<std::string>> pins = store_.List("bases/");
  if (!options_.fresh && (!pins.ok() || !pins->empty())) return Status::Ok();
  for (auto& [sink, committer] : committers_) {
    Result<std::unique_ptr<SinkView>> view = committer->Look();
    if (!view.ok() || !(*view)->marker()) continue;
    // The rows may be those of another first start that pinned its state after the look above: then this start goes on
    // from it.
    const Result<std::vector<std::string>> pins_now = store_.List("bases/");
    if (!options_.fresh && (!pins_now.ok() || !pins_now->empty())) return Status::Ok();
    return TargetHoldsRows(sink, *(*view)->marker(), options_.state, !options_.fresh);
  }
  return Status::Ok();
}

void Recovery::ExpectFromChain() {
  for (const auto& [sink, committer] : committers_) {
    if (!start_.chain.empty()) {
      start_.expected[sink] = start_.chain.newest().MarkerAfter(sink);
    } else if (auto it = start_.lineage.initial.find(sink); it != start_.lineage.initial.end()) {
      start_.expected[sink] = it->second;
    } else {
      start_.expected[sink] = std::nullopt;
    }
  }
}

Result<RecoveredStart> Recovery::Run() {
  SEMEL_RETURN_IF_ERROR(RefuseChangedScriptEarly());
  SEMEL_RETURN_IF_ERROR(RefuseRowsEarly());
  Result<RecoveredStart> start = Steps();
  if (start.ok() || claimed_.value == 0) return start;
  return ClaimWatch(env_, store_, claimed_).Judge(start.status());
}

// A receipt is a short cut, never the truth: what a sink shows has to be what the chain left in it, also where no
// attempt is open.
Status Recovery::CheckMarkers() {
  ClaimWatch claims(env_, store_, start_.generation);
  for (auto& [sink, committer] : committers_) {
    SEMEL_ASSIGN_OR_RETURN(const std::unique_ptr<SinkView> view, LookSurely(sink, *committer));
    const std::optional<Marker>& expected = start_.expected.at(sink);
    const bool live = view->marker_is_live();
    if (ShowsExpected(view->marker(), live, expected, start_.lineage.uuid)) continue;
    const std::string last =
        start_.chain.empty() ? "at the lineage's beginning" : "behind " + start_.chain.newest().attempt.ToString();
    return RefuseMarker(claims, view->marker(), live, expected, last).WithContext(sink);
  }
  return Status::Ok();
}

// Steps 2 to 5 for the generation that was just claimed.
Status Recovery::TakeOver() {
  SEMEL_RETURN_IF_ERROR(FenceSinks());
  if (!SEMEL_BUG(kListBeforeClaim)) SEMEL_RETURN_IF_ERROR(Choose());
  if (SEMEL_BUG(kDiscardBeforePin)) SEMEL_RETURN_IF_ERROR(DiscardVoid());
  SEMEL_RETURN_IF_ERROR(chosen_ ? AdoptAndPin(*chosen_) : BeginLineage(nullptr, {}));
  SEMEL_RETURN_IF_ERROR(RemoveUnfinished());
  SEMEL_RETURN_IF_ERROR(Resolve());
  return DiscardVoid();
}

// --fresh: the old chain has been rolled forward. The lineage begins under a second generation, so that the first one's
// pin keeps meaning the old chain. Whoever claimed one in between may have decided more: that is rolled forward first.
Status Recovery::StartOver() {
  while (true) {
    const Generation before = start_.generation;
    SEMEL_RETURN_IF_ERROR(ClaimGeneration());
    if (start_.generation == before.Next()) break;
    SEMEL_RETURN_IF_ERROR(TakeOver());
  }
  const Lineage old = start_.lineage;
  const Attempt last = start_.chain.newest().attempt;
  SEMEL_RETURN_IF_ERROR(BeginLineage(&old, last));
  Narrate(fmt::format("started over: lineage {} follows {} at {}", start_.lineage.uuid, old.uuid, last.ToString()));
  return Status::Ok();
}

Result<RecoveredStart> Recovery::Steps() {
  if (SEMEL_BUG(kListBeforeClaim)) {
    start_.generation = Generation(UINT64_MAX);
    SEMEL_RETURN_IF_ERROR(Choose());
  }
  SEMEL_RETURN_IF_ERROR(ClaimGeneration());
  SEMEL_RETURN_IF_ERROR(TakeOver());
  if (options_.fresh && !start_.chain.empty()) SEMEL_RETURN_IF_ERROR(StartOver());
  SEMEL_RETURN_IF_ERROR(CheckFingerprint());
  ExpectFromChain();
  SEMEL_RETURN_IF_ERROR(CheckMarkers());
  start_.finished = !start_.chain.empty() && start_.chain.newest().snapshot.finished;
  return std::move(start_);
}

}  // namespace

Result<Manifest> ReadManifest(Store& store, const Attempt& attempt, bool& healed) {
  const std::string name = ManifestName(attempt);
  SEMEL_ASSIGN_OR_RETURN(std::string file, store.Get(name));
  Result<Manifest> manifest = DecodeManifest(file, name);
  if (manifest.ok() || !manifest.status().is(StatusKind::kCorrupt)) return manifest;
  Result<std::string> copy = store.Get(ManifestCopyName(attempt));
  if (!copy.ok()) return manifest.status();
  Result<Manifest> from_copy = DecodeManifest(*copy, ManifestCopyName(attempt));
  if (!from_copy.ok()) return manifest.status();
  healed = true;
  return from_copy;
}

Status CheckScript(Store& store, const std::string& fingerprint) {
  Result<std::vector<std::string>> pins = store.List("bases/");
  Result<std::vector<std::string>> names = store.List("checkpoints/");
  if (!pins.ok() || !names.ok()) return Status::Ok();
  const std::optional<Generation> by = HighestPinBelow(Generation(UINT64_MAX), *pins);
  if (!by) return Status::Ok();
  Result<std::string> file = store.Get(PinName(*by));
  if (!file.ok()) return Status::Ok();
  Result<Pin> pin = DecodePin(*file, PinName(*by));
  if (!pin.ok()) return Status::Ok();
  std::vector<Attempt> manifests;
  for (const std::string& name : *names)
    if (const std::optional<Attempt> attempt = ParseManifestName(name)) manifests.push_back(*attempt);
  const Attempt base = ChooseBase(*by, *pin, manifests);
  bool healed = false;
  Result<Manifest> manifest = base.is_root() ? Status::NotFound(kNoCheckpoint, "none yet", "a run makes the first one")
                                             : ReadManifest(store, base, healed);
  if (!manifest.ok() || manifest->fingerprint == fingerprint) return Status::Ok();
  return OtherFingerprint(*manifest, fingerprint);
}

Result<RecoveredStart> Recover(env::Env& env, Store& store, Committers& committers, const RecoveryOptions& options) {
  return Recovery(env, store, committers, options).Run();
}

}  // namespace semel::checkpoint
