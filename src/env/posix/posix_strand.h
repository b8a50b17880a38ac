// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "env/api/env.h"

namespace semel::env {

// Threads and what they wait on, over the standard library. All signals are blocked in new threads: the main thread
// takes them.
std::unique_ptr<Strand> SpawnThread(std::string name, std::function<void()> body);
std::unique_ptr<Mutex> MakePosixMutex();
std::unique_ptr<Condition> MakePosixCondition();
std::unique_ptr<Parker> MakePosixParker();

}  // namespace semel::env
