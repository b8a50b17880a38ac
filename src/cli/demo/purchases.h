// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The purchases of `semel demo`, and the truth about them: what every user bought in all, counted by the generator
// alone, so that the engine's tables can be compared with something that the engine never touched.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace semel::cli {

// Deterministic by seed. Event time grows by about `step_millis` per purchase with a disorder of up to 2 s, which is
// less than the pipeline's watermark delay of 5 s: no row is late.
class PurchaseGenerator {
 public:
  struct Total {
    int64_t count = 0;
    int64_t cents = 0;
  };

  PurchaseGenerator(uint64_t seed, int32_t users, int64_t step_millis = 1)
      : state_(seed), users_(users), step_millis_(step_millis) {}

  // The next purchase as one JSON line, ended by '\n'.
  std::string Next();

  int64_t produced() const { return produced_; }
  const std::map<int32_t, Total>& truth() const { return truth_; }
  // "user_id,count,total" with a line per user, ascending.
  std::string TruthCsv() const;

 private:
  uint64_t Random();  // SplitMix64 (Steele, Lea, Flood 2014)

  uint64_t state_;
  int32_t users_;
  int64_t step_millis_;
  int64_t produced_ = 0;
  std::map<int32_t, Total> truth_;
};

}  // namespace semel::cli
