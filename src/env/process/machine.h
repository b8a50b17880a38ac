// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the command line asks of the machine: where it was started, what it may write, how wide the terminal is.
#pragma once

#include <cstdint>
#include <string>

namespace semel::env {

// The path from the root, whatever folder the process was started in. Symbolic links stay.
std::string AbsolutePath(const std::string& path);
// Characters in a line of the terminal behind a descriptor; 0: it is none.
int TerminalColumns(int descriptor);
// Writing to a pipe that nobody reads fails instead of ending the process.
void IgnoreBrokenPipes();

// Whether the process "host/pid" (env::Env::ProcessName) could still be running, as `own` sees it; false is certain.
bool MayRun(const std::string& process_name, const std::string& own);

// What access(2) says of a path, without touching it.
enum class Reach : uint8_t { kMissing, kDenied, kGood };
Reach CanRead(const std::string& path);
Reach CanWrite(const std::string& path);  // a file: its content; a folder: names in it
bool IsFolder(const std::string& path);
// The path itself or the nearest folder above it that exists.
std::string NearestExisting(const std::string& path);

}  // namespace semel::env
