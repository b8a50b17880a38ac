// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <memory>

#include "env/api/env.h"

namespace semel::env {

Result<std::unique_ptr<SqlSession>> OpenSqliteSession(const SqliteOptions& options);

}  // namespace semel::env
