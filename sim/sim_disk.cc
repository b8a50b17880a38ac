// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sim/sim_disk.h"

#include <set>

namespace semel::sim {

namespace {

inline constexpr ErrorCode kSimFile{6901, ExitCode::kIo, "simulated file error"};

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

class SimFile final : public env::File {
 public:
  SimFile(World& world, Process* process, std::shared_ptr<SimDisk::Inode> inode)
      : world_(world), process_(process), inode_(std::move(inode)) {}
  Status Append(std::string_view data) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    inode_->content.append(data);
    return Status::Ok();
  }
  Result<std::string> ReadAt(uint64_t offset, size_t length) override {
    if (offset >= inode_->content.size()) return std::string();
    return inode_->content.substr(offset, length);
  }
  Result<size_t> ReadInto(uint64_t offset, std::span<char> out) override {
    SEMEL_ASSIGN_OR_RETURN(std::string text, ReadAt(offset, out.size()));
    std::copy(text.begin(), text.end(), out.begin());
    return text.size();
  }
  Status Sync() override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    inode_->durable_bytes = inode_->content.size();
    return Status::Ok();
  }
  Result<uint64_t> Size() override { return inode_->content.size(); }
  Result<std::string> Identity() override { return std::to_string(inode_->number); }

 private:
  World& world_;
  Process* process_;
  std::shared_ptr<SimDisk::Inode> inode_;
};

class SimFileSystem final : public env::FileSystem {
 public:
  SimFileSystem(SimDisk& disk, World& world, Process* process) : disk_(disk), world_(world), process_(process) {}

  Result<std::unique_ptr<env::File>> CreateExclusive(const std::string& path) override {
    SEMEL_RETURN_IF_ERROR(Begin(ParentOf(path)));
    if (disk_.names.count(path) > 0) return Exists(path);
    auto inode = std::make_shared<SimDisk::Inode>();
    inode->number = disk_.next_inode++;
    disk_.names[path] = {false, inode};
    return Open(inode);
  }
  Result<std::unique_ptr<env::File>> OpenRead(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    auto it = disk_.names.find(path);
    if (it == disk_.names.end() || it->second.is_directory) return NotFound(path);
    return Open(it->second.inode);
  }
  Result<std::unique_ptr<env::File>> OpenAppend(const std::string& path) override {
    Result<std::unique_ptr<env::File>> file = OpenRead(path);
    return file.status().is(StatusKind::kNotFound) ? CreateExclusive(path) : std::move(file);
  }
  Status Link(const std::string& from, const std::string& to) override {
    SEMEL_RETURN_IF_ERROR(Begin(ParentOf(to)));
    auto it = disk_.names.find(from);
    if (it == disk_.names.end()) return NotFound(from);
    if (disk_.names.count(to) > 0) return Exists(to);
    disk_.names[to] = it->second;
    return Status::Ok();
  }
  Status Rename(const std::string& from, const std::string& to) override {
    SEMEL_RETURN_IF_ERROR(Begin(ParentOf(to)));
    auto it = disk_.names.find(from);
    if (it == disk_.names.end()) return NotFound(from);
    disk_.names[to] = it->second;
    disk_.names.erase(from);
    return Status::Ok();
  }
  Status Remove(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    return disk_.names.erase(path) > 0 ? Status::Ok() : NotFound(path);
  }
  Status RemoveDirectory(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    auto next = disk_.names.upper_bound(path + "/");
    if (next != disk_.names.end() && next->first.rfind(path + "/", 0) == 0)
      return Status::Unknown(kSimFile, "not empty", "none");
    return disk_.names.erase(path) > 0 ? Status::Ok() : NotFound(path);
  }
  Status MakeDirectory(const std::string& path) override {
    SEMEL_RETURN_IF_ERROR(Begin(ParentOf(path)));
    if (disk_.names.count(path) > 0) return Exists(path);
    disk_.names[path] = {true, nullptr};
    return Status::Ok();
  }
  Result<std::vector<env::FileInfo>> List(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    if (disk_.names.count(path) == 0) return NotFound(path);
    std::vector<env::FileInfo> files;
    const std::string prefix = path + "/";
    for (auto it = disk_.names.lower_bound(prefix); it != disk_.names.end() && it->first.rfind(prefix, 0) == 0; ++it) {
      const std::string name = it->first.substr(prefix.size());
      if (name.find('/') == std::string::npos) files.push_back({name, it->second.is_directory, 0});
    }
    return files;
  }
  Result<env::FileInfo> Stat(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    auto it = disk_.names.find(path);
    if (it == disk_.names.end()) return NotFound(path);
    return env::FileInfo{path, it->second.is_directory, 0};
  }
  Status SyncDirectory(const std::string& path) override {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    auto inside = [&path](const std::string& name) { return ParentOf(name) == path; };
    std::erase_if(disk_.durable, [&](const auto& entry) { return inside(entry.first); });
    const std::string prefix = path == "/" ? "/" : path + "/";
    for (auto it = disk_.names.lower_bound(prefix); it != disk_.names.end() && it->first.rfind(prefix, 0) == 0; ++it)
      if (inside(it->first)) disk_.durable.insert(*it);
    return Status::Ok();
  }

 private:
  Status Begin(const std::string& parent) {
    if (!process_->alive) return Status::Cancelled();
    world_.Yield();
    auto it = disk_.names.find(parent);
    if (it == disk_.names.end() || !it->second.is_directory) return NotFound(parent);
    return Status::Ok();
  }
  std::unique_ptr<env::File> Open(std::shared_ptr<SimDisk::Inode> inode) {
    return std::make_unique<SimFile>(world_, process_, std::move(inode));
  }
  static Status NotFound(const std::string& path) { return Status::NotFound(kSimFile, "no " + path, "none"); }
  static Status Exists(const std::string& path) { return Status::Exists(kSimFile, path + " exists"); }

  SimDisk& disk_;
  World& world_;
  Process* process_;
};

}  // namespace

SimDisk::SimDisk() { names["/"] = durable["/"] = {true, nullptr}; }

std::unique_ptr<env::FileSystem> SimDisk::OpenFor(World& world, Process* process) {
  return std::make_unique<SimFileSystem>(*this, world, process);
}

void SimDisk::LosePower(Random& random) {
  std::set<std::string> paths;
  for (const auto& [path, entry] : names) paths.insert(path);
  for (const auto& [path, entry] : durable) paths.insert(path);
  std::map<std::string, Entry> after;
  for (const std::string& path : paths) {
    auto seen = names.find(path), kept = durable.find(path);
    const bool same = seen != names.end() && kept != durable.end() && seen->second == kept->second;
    const auto& chosen = same || (seen != names.end() && random.Chance(0.5)) ? seen : kept;
    const bool exists = chosen == seen ? seen != names.end() : kept != durable.end();
    const bool has_parent = path == "/" || after.count(ParentOf(path)) > 0;
    if (exists && has_parent) after[path] = chosen->second;
  }
  std::set<Inode*> cut;
  for (auto& [path, entry] : after) {
    if (entry.is_directory || !cut.insert(entry.inode.get()).second) continue;
    Inode& inode = *entry.inode;
    const size_t unsynced = inode.content.size() - inode.durable_bytes;
    if (unsynced > 0) inode.content.resize(inode.durable_bytes + random.Below(unsynced + 1));
    inode.durable_bytes = inode.content.size();
  }
  names = durable = std::move(after);
}

bool SimDisk::IsDurable(const std::string& path) const {
  auto it = durable.find(path);
  if (it == durable.end()) return false;
  if (!it->second.is_directory && it->second.inode->durable_bytes < it->second.inode->content.size()) return false;
  return path == "/" || IsDurable(ParentOf(path));
}

const std::string* SimDisk::Find(const std::string& path) const {
  auto it = names.find(path);
  return it == names.end() || it->second.is_directory ? nullptr : &it->second.inode->content;
}

}  // namespace semel::sim
