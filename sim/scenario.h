// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// One seed: a world in which engines are started, killed, paused, woken late and lose their power, then a quiet phase
// in which the last one has to finish; then the checkers look at what is left.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace semel::sim {

enum class StoreKind : uint8_t { kLocal, kObjects };

struct ScenarioResult {
  std::vector<std::string> violations;  // each begins with the invariant's number
  uint64_t trace_hash = 0;
  uint64_t cycles = 0;  // crashes followed by a recovery
  uint64_t starts = 0;
  uint64_t superseded = 0;
  uint64_t refused = 0;  // because others had rolled a table back
  uint64_t steps = 0;
  std::map<std::string, uint64_t> outcomes;
};

ScenarioResult RunScenario(uint64_t seed, StoreKind store, bool verbose);

}  // namespace semel::sim
