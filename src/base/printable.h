// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Text of unknown origin (scripts, file names, messages of servers) on its way to a terminal or into JSON.
#pragma once

#include <string>
#include <string_view>

namespace semel {

// The inside of a JSON string. A byte that is no UTF-8 is shown as \xNN.
std::string EscapeJson(std::string_view text);
// The text as a terminal may show it: control bytes other than tab and line feed, and bytes that are no UTF-8, as \xNN.
std::string Printable(std::string_view text);

}  // namespace semel
