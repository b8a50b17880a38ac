// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <memory>

#include "env/api/env.h"

namespace semel::env {

// Local files by system calls. Stateless.
std::unique_ptr<FileSystem> MakePosixFileSystem();

}  // namespace semel::env
