// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The simulated side of the seam: one SimEnv per process over a shared world and a shared disk.
#pragma once

#include <memory>

#include "env/api/env.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace semel::sim {

std::unique_ptr<env::Env> MakeSimEnv(World& world, Process* process, SimDisk& disk);

}  // namespace semel::sim
