// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/stores/local/local_store.h"

#include <algorithm>
#include <cstdlib>

#include "checkpoint/api/planted_bugs.h"

namespace semel::checkpoint {

namespace {

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status DurableFolders::Make(env::FileSystem& files, const std::string& path) {
  if (path.empty() || path == "." || known_.count(path) > 0) return Status::Ok();
  const std::string parent = ParentOf(path);
  if (parent != path) SEMEL_RETURN_IF_ERROR(Make(files, parent));
  const Status made = files.MakeDirectory(path);
  if (!made.ok() && !made.is(StatusKind::kExists)) {
    const Result<env::FileInfo> found = files.Stat(path);  // a folder above ours, where nobody may write
    if (!found.ok()) return made;
  }
  // Also for a folder that was there: whoever made it may have been killed before its name was durable.
  if (!SEMEL_BUG(kNoDirectorySync)) {
    const Status synced = files.SyncDirectory(parent);
    if (!synced.ok() && !synced.is(StatusKind::kInvalid))
      return synced;  // a parent that may not even be opened is not ours
  }
  known_.insert(path);
  return Status::Ok();
}

LocalStore::LocalStore(env::Env& env, std::string root) : env_(env), root_(std::move(root)), mutex_(env.NewMutex()) {}

Status LocalStore::MakeFolders(const std::string& path) {
  env::MutexLock lock(*mutex_);
  return folders_.Make(env_.files(), path);
}

void LocalStore::WriteFor(Generation generation) {
  env::MutexLock lock(*mutex_);
  writer_ = generation;
}

Generation LocalStore::writer() const {
  env::MutexLock lock(*mutex_);
  return writer_;
}

Status LocalStore::RemoveUnfinished() {
  const std::string folder = root_ + "/tmp";
  const Result<std::vector<env::FileInfo>> files = env_.files().List(folder);
  if (files.status().is(StatusKind::kNotFound)) return Status::Ok();
  if (!files.ok()) return files.status();
  const Generation own = writer();
  Status status;
  for (const env::FileInfo& file : *files) {
    char* end = nullptr;
    const uint64_t generation = std::strtoull(file.name.c_str(), &end, 10);
    if (end == file.name.c_str() || *end != '-' || generation >= own.value) continue;
    const Status removed = env_.files().Remove(folder + "/" + file.name);
    if (!removed.ok() && !removed.is(StatusKind::kNotFound) && status.ok()) status = removed;
  }
  return status;
}

Status LocalStore::WriteTemporary(const std::string& path, std::string_view content) {
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, env_.files().CreateExclusive(path));
  SEMEL_POINT(env_, "store.local.write.before");
  SEMEL_RETURN_IF_ERROR(file->Append(content));
  SEMEL_POINT(env_, "store.local.sync.before");
  return file->Sync();
}

Status LocalStore::PutIfAbsent(const std::string& name, std::string_view content) {
  const std::string path = root_ + "/" + name;
  const std::string folder = ParentOf(path);
  const std::string temporary = fmt::format("{}/tmp/{}-{:016x}", root_, writer().value, env_.Random());
  SEMEL_RETURN_IF_ERROR(MakeFolders(root_ + "/tmp"));
  SEMEL_RETURN_IF_ERROR(MakeFolders(folder));
  const Status written = WriteTemporary(temporary, content);
  if (!written.ok()) {
    (void)env_.files().Remove(temporary);
    // Nothing was linked, so certainly nothing was stored, whatever became of the temporary file.
    if (written.is(StatusKind::kUnknown)) return Status::Transient(written.code(), written.message(), written.hint());
    return written;
  }
  SEMEL_POINT(env_, "store.local.link.before");
  const Status linked = env_.files().Link(temporary, path);
  const Status removed = env_.files().Remove(temporary);
  // A later start took the temporary file away (L4): nothing was stored, and the next try meets what it has put.
  if (linked.is(StatusKind::kNotFound) && removed.is(StatusKind::kNotFound))
    return Status::Transient(linked.code(), linked.message(), linked.hint());
  // Somebody has the name. Theirs may be visible without being durable; whoever adopts it makes it so.
  if (!linked.ok()) return linked;
  SEMEL_POINT(env_, "store.local.directory_sync.before");
  if (!SEMEL_BUG(kNoDirectorySync)) SEMEL_RETURN_IF_ERROR(env_.files().SyncDirectory(folder));
  SEMEL_POINT(env_, "store.local.put.after");
  return Status::Ok();
}

Result<std::string> LocalStore::Get(const std::string& name) {
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, env_.files().OpenRead(root_ + "/" + name));
  SEMEL_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  return file->ReadAt(0, size);
}

Status LocalStore::ListInto(const std::string& folder, const std::string& prefix, std::vector<std::string>& names) {
  Result<std::vector<env::FileInfo>> files = env_.files().List(folder.empty() ? root_ : root_ + "/" + folder);
  if (files.status().is(StatusKind::kNotFound)) return Status::Ok();
  if (!files.ok()) return files.status();
  for (const env::FileInfo& file : *files) {
    const std::string name = folder.empty() ? file.name : folder + "/" + file.name;
    if (file.is_directory) {
      const std::string below = name + "/";
      const size_t common = std::min(below.size(), prefix.size());
      if (below.compare(0, common, prefix, 0, common) == 0) SEMEL_RETURN_IF_ERROR(ListInto(name, prefix, names));
    } else if (name.compare(0, prefix.size(), prefix) == 0) {
      names.push_back(name);
    }
  }
  return Status::Ok();
}

Result<std::vector<std::string>> LocalStore::List(const std::string& prefix) {
  std::vector<std::string> names;
  // Begin at the deepest folder that the prefix names for sure.
  const size_t slash = prefix.find_last_of('/');
  SEMEL_RETURN_IF_ERROR(ListInto(slash == std::string::npos ? "" : prefix.substr(0, slash), prefix, names));
  std::sort(names.begin(), names.end());
  return names;
}

Status LocalStore::Remove(const std::string& name) {
  SEMEL_POINT(env_, "store.local.remove.before");
  const std::string path = root_ + "/" + name;
  const Status removed = env_.files().Remove(path);
  if (!removed.ok() && !removed.is(StatusKind::kNotFound)) return removed;
  if (name.rfind("checkpoints/", 0) == 0) {
    env::MutexLock lock(*mutex_);
    folders_.Forget(ParentOf(path));
    (void)env_.files().RemoveDirectory(ParentOf(path));  // once it is empty
  }
  return Status::Ok();
}

Status LocalStore::SyncFolders(const std::string& path) {
  std::string folder = ParentOf(path);
  while (folder.size() > root_.size()) {
    SEMEL_RETURN_IF_ERROR(env_.files().SyncDirectory(folder));
    folder = ParentOf(folder);
  }
  return env_.files().SyncDirectory(root_);
}

Status LocalStore::MakeDurable(const std::string& name) {
  const std::string path = root_ + "/" + name;
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, env_.files().OpenRead(path));
  SEMEL_POINT(env_, "store.local.adopt.before");
  SEMEL_RETURN_IF_ERROR(file->Sync());
  return SyncFolders(path);
}

}  // namespace semel::checkpoint
