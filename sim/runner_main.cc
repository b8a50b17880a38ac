// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Runs seeds, reports what was reached and what broke:
//   --seeds A..B | --cycles N      how much (default: 1..1000)
//   --seed N [--trace]             one seed, step by step
//   --labels FILE                  docs/crash-points.md: each label of the protocol must be reached with each outcome
//   --store local|objects           only one kind of store (default: both, alternating by seed)
//   --all-bugs | --bug NAME        planted bugs (only in semel_sim_planted): each has to be found within its budget of
//   seeds
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include "checkpoint/api/planted_bugs.h"
#include "sim/scenario.h"

namespace semel::checkpoint {
#ifdef SEMEL_PLANTED_BUGS
PlantedBug g_planted_bugs[2] = {PlantedBug::kNone, PlantedBug::kNone};
#endif
}  // namespace semel::checkpoint

namespace {

using semel::sim::RunScenario;
using semel::sim::ScenarioResult;
using semel::sim::StoreKind;

struct Arguments {
  uint64_t first = 1, last = 1000;
  uint64_t cycles = 0;
  bool trace = false;
  bool all_bugs = false;
  std::string bug, labels;
  std::optional<StoreKind> store;
};

Arguments Parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--seeds") {
      a.first = std::strtoull(value, nullptr, 10);
      const char* dots = std::strstr(value, "..");
      a.last = dots != nullptr ? std::strtoull(dots + 2, nullptr, 10) : a.first;
      ++i;
    } else if (flag == "--seed") {
      a.first = a.last = std::strtoull(value, nullptr, 10);
      ++i;
    } else if (flag == "--cycles") {
      a.cycles = std::strtoull(value, nullptr, 10);
      a.last = UINT64_MAX;
      ++i;
    } else if (flag == "--store") {
      a.store = std::string(value) == "local" ? StoreKind::kLocal : StoreKind::kObjects;
      ++i;
    } else if (flag == "--labels") {
      a.labels = value;
      ++i;
    } else if (flag == "--bug") {
      a.bug = value;
      ++i;
    } else if (flag == "--trace") {
      a.trace = true;
    } else if (flag == "--all-bugs") {
      a.all_bugs = true;
    }
  }
  return a;
}

StoreKind StoreOf(const Arguments& a, uint64_t seed) {
  if (a.store) return *a.store;
  return seed % 2 == 0 ? StoreKind::kLocal : StoreKind::kObjects;
}

// Pairs of label and outcome that were never reached, of the labels that this program contains.
uint64_t CountUnreached(const std::string& file, const std::map<std::string, uint64_t>& outcomes) {
  std::ifstream in(file);
  uint64_t labels = 0, unreached = 0;
  for (std::string line; std::getline(in, line);) {
    const size_t begin = line.find('`'), end = line.find('`', begin + 1);
    if (line.find("`src/checkpoint/") == std::string::npos && line.find("`sim/") == std::string::npos) continue;
    const std::string label = line.substr(begin + 1, end - begin - 1);
    ++labels;
    for (const char* outcome : {"passed", "failed", "paused", "killed"}) {
      if (outcomes.count(label + "/" + outcome) > 0) continue;
      ++unreached;
      std::printf("never reached: %s/%s\n", label.c_str(), outcome);
    }
  }
  std::printf("%lu labels of the protocol, %lu pairs of label and outcome never reached\n", labels, unreached);
  return labels == 0 ? 1 : unreached;
}

int RunSeeds(const Arguments& a) {
  uint64_t seeds = 0, cycles = 0, starts = 0, superseded = 0, refused = 0, failed = 0, steps = 0;
  std::map<std::string, uint64_t> outcomes;
  for (uint64_t seed = a.first; seed <= a.last && (a.cycles == 0 || cycles < a.cycles); ++seed) {
    const ScenarioResult result = RunScenario(seed, StoreOf(a, seed), a.trace);
    if (seed % 64 == 0 && RunScenario(seed, StoreOf(a, seed), false).trace_hash != result.trace_hash) {
      std::printf("seed %lu: I14 the same seed gave another trace\n", seed);
      ++failed;
    }
    ++seeds;
    cycles += result.cycles;
    starts += result.starts;
    superseded += result.superseded;
    refused += result.refused;
    steps += result.steps;
    for (const auto& [what, n] : result.outcomes) outcomes[what] += n;
    for (const std::string& violation : result.violations) std::printf("seed %lu: %s\n", seed, violation.c_str());
    if (!result.violations.empty()) {
      std::printf("  replay: semel_sim_runner --seed %lu --trace\n", seed);
      if (++failed >= 20) break;
    }
  }
  if (!a.trace)
    for (const auto& [what, n] : outcomes) std::printf("%12lu  %s\n", n, what.c_str());
  std::printf(
      "%lu seeds, %lu crash/recover cycles, %lu starts, %lu superseded, %lu refused after a rollback, %zu "
      "label/outcome pairs, %lu steps, %lu seeds failed\n",
      seeds, cycles, starts, superseded, refused, outcomes.size(), steps, failed);
  if (!a.labels.empty()) failed += CountUnreached(a.labels, outcomes);
  return failed == 0 ? 0 : 1;
}

#ifdef SEMEL_PLANTED_BUGS
using semel::checkpoint::g_planted_bugs;
using semel::checkpoint::PlantedBug;

struct Planted {
  const char* name;
  PlantedBug first;
  PlantedBug second = PlantedBug::kNone;
};

constexpr Planted kPlanted[] = {
    {"commit before the manifest", PlantedBug::kCommitBeforeManifest},
    {"no directory fsync", PlantedBug::kNoDirectorySync},
    {"blind retry", PlantedBug::kBlindRetry},
    {"unknown outcome discards staged output", PlantedBug::kUnknownDiscardsStaged},
    {"roll forward by epoch number", PlantedBug::kRollForwardByEpoch},
    {"staged output deleted before the receipt", PlantedBug::kStagedDeletedBeforeReceipt},
    {"no look after the manifest, none after the pin", PlantedBug::kNoLookAfterManifest, PlantedBug::kNoSecondLook},
    {"base not pinned", PlantedBug::kBaseNotPinned},
    {"candidates from other generations", PlantedBug::kCandidatesFromAnyone},
    {"adopted without fsync", PlantedBug::kAdoptWithoutSync},
    {"claim not exclusive", PlantedBug::kClaimNotExclusive},
    {"list before claim", PlantedBug::kListBeforeClaim},
    {"discard before the pin is effective", PlantedBug::kDiscardBeforePin},
    {"commits out of order", PlantedBug::kCommitOutOfOrder},
    {"sweep of everything unreferenced", PlantedBug::kSweepUnreferenced},
    {"rollback by others ignored", PlantedBug::kRollbackIgnored},
    {"receipt not confirmed before retention", PlantedBug::kReceiptNotConfirmed},
    {"check and swap on different versions", PlantedBug::kOtherVersion},
    {"marker in the snapshot's summary only", PlantedBug::kMarkerInSummaryOnly},
};

// In a child, because a planted bug may also trip one of the protocol's own checks, which end the process: that counts
// as found.
bool SeedFails(uint64_t seed, StoreKind store) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
    _exit(RunScenario(seed, store, false).violations.empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status != 0;
}

int HuntBugs(const Arguments& a) {
  constexpr uint64_t kBudget = 40'000, kRateSeeds = 2'000;
  int missed = 0;
  std::printf("%-50s %12s %16s\n", "planted bug", "first seed", "seeds that fail");
  for (const Planted& planted : kPlanted) {
    if (!a.bug.empty() && a.bug != planted.name) continue;
    g_planted_bugs[0] = planted.first;
    g_planted_bugs[1] = planted.second;
    uint64_t first = 0, failed = 0, tried = 0;
    for (uint64_t seed = 1; seed <= kBudget && (first == 0 || seed <= kRateSeeds); ++seed) {
      ++tried;
      if (!SeedFails(seed, StoreOf(a, seed))) continue;
      if (first == 0) first = seed;
      ++failed;
      if (failed >= 50) break;
    }
    if (first == 0) ++missed;
    std::printf("%-50s %12s %14.2f %%\n", planted.name, first == 0 ? "NOT FOUND" : fmt::format("{}", first).c_str(),
                100.0 * static_cast<double>(failed) / static_cast<double>(tried));
    std::fflush(stdout);
  }
  std::printf("%zu planted bugs, %d not found\n", sizeof(kPlanted) / sizeof(kPlanted[0]), missed);
  return missed == 0 ? 0 : 1;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
#ifdef SEMEL_PLANTED_BUGS
  if (arguments.all_bugs || !arguments.bug.empty()) return HuntBugs(arguments);
#endif
  return RunSeeds(arguments);
}
