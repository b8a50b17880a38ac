// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "checkpoint/commit/committing.h"

namespace semel::checkpoint {

// Deletes what can never be needed again (PlanRetention). REQUIRES: called after a confirmed receipt, by the generation
// whose pin is effective. A failed removal is no error: the name is met again next time.
Status PruneStore(env::Env& env, Store& store, const Chain& chain, Generation own,
                  size_t receipts_per_file = kReceiptsPerFile);

}  // namespace semel::checkpoint
