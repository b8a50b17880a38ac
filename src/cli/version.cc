// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel version: which Semel this is, how it was built, and every library in it.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/json_text.h"
#include "codec/versions.h"
#include "columnar/library_version.h"
#include "env/posix/posix_env.h"
#include "iceberg/library_version.h"
#include "json/json_decoder.h"
#include "parquet/parquet_file.h"

namespace semel::cli {

namespace {

constexpr char kVersion[] = "0.1.0";

#ifdef SEMEL_BUILD_TYPE
constexpr char kBuildType[] = SEMEL_BUILD_TYPE;
#else
constexpr char kBuildType[] = "unknown";
#endif

// "name version" each.
std::vector<std::string> Libraries() {
  std::vector<std::string> all{parquet::ArrowVersion(), json::SimdjsonVersion()};
  const auto add = [&all](const std::vector<std::string>& more) { all.insert(all.end(), more.begin(), more.end()); };
  add(env::PosixLibraryVersions());
  add(codec::LibraryVersions());
  add({iceberg::JsonLibraryVersion(), columnar::DateLibraryVersion(),
       fmt::format("fmt {}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100),
       fmt::format("CLI11 {}", CLI11_VERSION)});
  return all;
}

void PrintVersion(const CommandContext& context) {
  if (context.json()) {
    JsonObject libraries;
    for (const std::string& library : Libraries()) {
      const size_t space = library.find_last_of(' ');
      libraries.Text(library.substr(0, space), library.substr(space + 1));
    }
    std::printf("%s\n", JsonObject()
                            .Text("semel", kVersion)
                            .Text("build", kBuildType)
                            .Raw("libraries", libraries.ToString())
                            .ToString()
                            .c_str());
    return;
  }
  std::printf("semel %s (%s)\n", kVersion, kBuildType);
  for (const std::string& library : Libraries()) std::printf("%s\n", library.c_str());
}

}  // namespace

void AddVersionCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("version", "this Semel and the libraries in it");
  AddFormat(*command, context);
  command->callback([&context] { PrintVersion(context); });
}

}  // namespace semel::cli
