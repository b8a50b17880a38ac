// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>
#include <vector>

#include "checkpoint/api/store.h"

namespace semel::cli {

// Every file of a checkpoint store that a start or a proof could read, read. Reads only; a running pipeline may go on
// and prune meanwhile.
struct StoreProof {
  size_t files = 0;
  std::vector<std::string> bad;    // a line each, beginning with the file's name
  std::vector<std::string> notes;  // what is odd and harmless
};
Result<StoreProof> ProveStore(checkpoint::Store& store);

}  // namespace semel::cli
