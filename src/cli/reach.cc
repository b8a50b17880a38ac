// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/reach.h"

#include "env/posix/error_codes.h"
#include "env/process/machine.h"
#include "iceberg/table.h"

namespace semel::cli {

namespace {

using env::Reach;

Status Denied(const std::string& what, const std::string& path) {
  return Status::Invalid(env::kPermissionDenied, fmt::format("{}: {} cannot be written", what, path),
                         "give this user the right to write there, or use another folder");
}

Status InTheWay(const std::string& what, const std::string& path) {
  return Status::Invalid(env::kBadPath, fmt::format("{}: {} is no folder", what, path),
                         "another kind of file stands in the way; move it, or use another path");
}

// A folder that is there or would be made.
Status CheckFolder(const std::string& what, const std::string& path) {
  const std::string nearest = env::NearestExisting(path);
  if (!env::IsFolder(nearest)) return InTheWay(what, nearest);
  return env::CanWrite(nearest) == Reach::kGood ? Status::Ok() : Denied(what, nearest);
}

// The database is made, its folder is not; a folder that is not writable has no place for the journal.
Status CheckCatalog(const std::string& what, const std::string& path) {
  const std::string file = env::AbsolutePath(path);
  const std::string folder = file.substr(0, std::max<size_t>(1, file.find_last_of('/')));
  if (env::IsFolder(file))
    return Status::Invalid(env::kBadPath, fmt::format("{}: {} is a folder", what, file), "name a file");
  if (env::CanWrite(folder) == Reach::kMissing)
    return Status::NotFound(env::kNoSuchFile, fmt::format("{}: there is no folder {}", what, folder), "make it");
  if (!env::IsFolder(folder)) return InTheWay(what, folder);
  if (env::CanWrite(folder) != Reach::kGood) return Denied(what, folder);
  if (env::CanRead(file) == Reach::kMissing) return Status::Ok();
  return env::CanRead(file) == Reach::kGood && env::CanWrite(file) == Reach::kGood ? Status::Ok() : Denied(what, file);
}

std::string Option(const plan::TableDescriptor& table, const std::string& key) {
  auto it = table.options.find(key);
  return it == table.options.end() ? std::string() : it->second;
}

}  // namespace

Status CheckWritable(const PreparedScript& script) {
  const std::string state = StateFolder(script);
  SEMEL_RETURN_IF_ERROR(CheckFolder("checkpoint folder", state));
  for (const char* part : {"tmp", "generations", "bases", "LINEAGES", "checkpoints", "segments", "commits"})
    SEMEL_RETURN_IF_ERROR(CheckFolder("checkpoint folder", state + "/" + part));
  constexpr std::string_view kSqlite = "jdbc:sqlite:";
  for (const plan::PhysicalPtr& sink : script.plan.sinks) {
    const plan::TableDescriptor& table = *std::get<plan::SinkSpec>(sink->spec).table;
    const std::string uri = Option(table, "catalog.uri"), warehouse = Option(table, "catalog.warehouse");
    if (table.connector != "iceberg" || uri.rfind(kSqlite, 0) != 0) continue;
    SEMEL_RETURN_IF_ERROR(
        CheckCatalog("catalog of " + table.FullName(), iceberg::LocalPathOf(uri.substr(kSqlite.size()))));
    SEMEL_RETURN_IF_ERROR(CheckFolder("warehouse of " + table.FullName(), iceberg::LocalPathOf(warehouse)));
  }
  return Status::Ok();
}

}  // namespace semel::cli
