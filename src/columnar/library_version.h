// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>

namespace semel::columnar {

// "date 3.0.1", the time zone library.
std::string DateLibraryVersion();

}  // namespace semel::columnar
