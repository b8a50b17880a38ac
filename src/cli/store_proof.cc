// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/store_proof.h"

#include <map>
#include <set>

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/records.h"
#include "checkpoint/protocol/decisions.h"
#include "codec/sha256.h"

namespace semel::cli {

using namespace checkpoint;  // NOLINT: the proof is about nothing else

namespace {

constexpr char kRestore[] = "restore the checkpoint folder from a backup";

class Prover {
 public:
  explicit Prover(Store& store) : store_(store) {}

  Result<StoreProof> Run() {
    SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, store_.List(""));
    for (const std::string& name : names) Prove(name);
    for (const auto& [attempt, manifest] : manifests_) ProveSegments(manifest);
    for (const std::string& name : names)
      if (ParseSegmentName(name) && segments_.count(name) == 0)
        proof_.notes.push_back(fmt::format("'{}' belongs to no kept checkpoint", name));
    ProveStart();
    return std::move(proof_);
  }

 private:
  static bool StartsWith(const std::string& name, std::string_view prefix) { return name.rfind(prefix, 0) == 0; }

  void Prove(const std::string& name) {
    const bool is_record = StartsWith(name, "generations/") || StartsWith(name, "bases/") ||
                           StartsWith(name, "LINEAGES/") || StartsWith(name, "commits/") ||
                           StartsWith(name, "checkpoints/");
    if (const std::optional<Attempt> attempt = ParseManifestName(name)) decided_.push_back(*attempt);
    if (!is_record) return;  // segments: by the manifests that name them
    const Result<std::string> file = store_.Get(name);
    if (file.status().is(StatusKind::kNotFound)) return;  // pruned or folded meanwhile
    ++proof_.files;
    const Status status = file.ok() ? Decode(name, *file) : file.status();
    if (status.ok()) return;
    proof_.bad.push_back(status.is(StatusKind::kCorrupt) ? status.message()
                                                         : fmt::format("'{}': {}", name, status.message()));
  }

  Status Decode(const std::string& name, const std::string& file) {
    if (StartsWith(name, "generations/")) return DecodeClaim(file, name).status();
    if (StartsWith(name, "bases/")) {
      SEMEL_ASSIGN_OR_RETURN(const Pin pin, DecodePin(file, name));
      if (const std::optional<Generation> generation = ParsePinName(name)) pins_[*generation] = pin;
      return Status::Ok();
    }
    if (StartsWith(name, "LINEAGES/")) {
      SEMEL_ASSIGN_OR_RETURN(const Lineage lineage, DecodeLineage(file, name));
      if (name == LineageName(lineage.uuid)) return Status::Ok();
      return Status::Corrupt(kDamagedFile, fmt::format("'{}' describes another lineage", name), kRestore);
    }
    if (StartsWith(name, "commits/")) {
      SEMEL_ASSIGN_OR_RETURN(const std::vector<Receipt> receipts, DecodeReceipts(file, name));
      for (const Receipt& receipt : receipts) receipts_.insert(receipt.attempt);
      return Status::Ok();
    }
    SEMEL_ASSIGN_OR_RETURN(Manifest manifest, DecodeManifest(file, name));
    const Attempt attempt = manifest.attempt;
    if (name != ManifestName(attempt) && name != ManifestCopyName(attempt))
      return Status::Corrupt(kDamagedFile, fmt::format("'{}' describes another attempt", name), kRestore);
    manifests_.emplace(attempt, std::move(manifest));
    return Status::Ok();
  }

  void ProveSegments(const Manifest& manifest) {
    for (const StateSegment& segment : manifest.snapshot.segments) {
      if (!segments_.insert(segment.name).second) continue;
      const Result<std::string> content = store_.Get(segment.name);
      // An undecided attempt's copy may name what was removed; a pruned one's may be gone meanwhile.
      if (content.status().is(StatusKind::kNotFound) && !StillThere(manifest.attempt)) continue;
      ++proof_.files;
      if (content.ok() && content->size() == segment.bytes && codec::Sha256Hex(*content) == segment.sha256) continue;
      proof_.bad.push_back(fmt::format("'{}' of checkpoint {} {}", segment.name, manifest.attempt.ToString(),
                                       content.ok() ? "is damaged: its digest does not fit"
                                       : content.status().is(StatusKind::kNotFound) ? "is missing"
                                                                                    : content.status().message()));
    }
  }

  bool StillThere(const Attempt& attempt) { return store_.Get(ManifestName(attempt)).ok(); }

  // What a start would choose and follow, as Recovery does: every file of it must be there.
  void ProveStart() {
    if (pins_.empty()) return;
    const auto& [pinned_by, pin] = *pins_.rbegin();
    if (store_.Get(LineageName(pin.lineage)).status().is(StatusKind::kNotFound))
      proof_.bad.push_back(fmt::format("'{}' is missing: a start continues from it", LineageName(pin.lineage)));
    for (Attempt attempt = ChooseBase(pinned_by, pin, decided_); !attempt.is_root();) {
      auto manifest = manifests_.find(attempt);
      if (manifest == manifests_.end()) {
        if (store_.Get(ManifestName(attempt)).status().is(StatusKind::kNotFound))
          proof_.bad.push_back(fmt::format("'{}' is missing: a start continues from it", ManifestName(attempt)));
        return;  // a damaged one is in the list already
      }
      if (receipts_.count(attempt) > 0) return;
      attempt = manifest->second.parent;
    }
  }

  Store& store_;
  StoreProof proof_;
  std::map<Generation, Pin> pins_;
  std::map<Attempt, Manifest> manifests_;  // of a MANIFEST or of its copy
  std::vector<Attempt> decided_;           // those whose MANIFEST is there, readable or not
  std::set<Attempt> receipts_;
  std::set<std::string> segments_;
};

}  // namespace

// A running pipeline decides and prunes meanwhile: what is missing then may only have moved on.
Result<StoreProof> ProveStore(Store& store) {
  for (int i = 0;; ++i) {
    SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string> before, store.List("checkpoints/"));
    SEMEL_ASSIGN_OR_RETURN(StoreProof proof, Prover(store).Run());
    SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string> after, store.List("checkpoints/"));
    if (proof.bad.empty() || before == after || i == 4) return proof;
  }
}

}  // namespace semel::cli
