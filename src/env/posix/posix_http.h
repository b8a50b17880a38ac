// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include "env/api/env.h"

namespace semel::env {

// One request by libcurl on a connection of its own.
Result<HttpResponse> PerformHttp(const HttpRequest& request);

}  // namespace semel::env
