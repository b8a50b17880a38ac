// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace semel::cli {

// What is wrong with a command line, in the form of every other error: what was not understood, and the nearest name
// or how to see what there is. REQUIRES: `app` has just failed to parse with `error`.
Status UsageError(const CLI::App& app, const CLI::ParseError& error);

// The words as the parser takes them: "help X" is "X --help", "--version" is "version".
std::vector<std::string> NormalWords(std::vector<std::string> words);
// Whether --format json is among the words; known before they are parsed, so that a usage error is JSON too.
bool AsksForJson(const std::vector<std::string>& words);

}  // namespace semel::cli
