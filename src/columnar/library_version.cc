// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "columnar/library_version.h"

#ifndef SEMEL_DATE_VERSION
#define SEMEL_DATE_VERSION "unknown"
#endif

namespace semel::columnar {

std::string DateLibraryVersion() { return "date " SEMEL_DATE_VERSION; }  // its headers do not say

}  // namespace semel::columnar
