// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "base/status.h"
#include "cli/command.h"

namespace semel::cli {

// Whether a run could write where the script sends it, as far as that can be told without writing: the checkpoint
// folder, each Iceberg catalog's file and its folder, each warehouse. The first obstacle, by path.
Status CheckWritable(const PreparedScript& script);

}  // namespace semel::cli
