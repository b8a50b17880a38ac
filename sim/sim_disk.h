// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A disk that forgets: what was not fsynced may be lost at a power loss, content and names apart (rules: POSIX fsync,
// and what ext4 and XFS do with directory entries). Killing a process loses nothing; only the power does.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "env/api/env.h"
#include "sim/world.h"

namespace semel::sim {

class SimDisk {
 public:
  SimDisk();
  // The disk as one process sees it; calls of a dead process are ignored.
  std::unique_ptr<env::FileSystem> OpenFor(World& world, Process* process);
  // REQUIRES: every process is dead. Unsynced content is cut at random, unsynced names appear or vanish at random.
  void LosePower(Random& random);
  // Whether the file would survive a power loss as it is: name, every folder above it, and content.
  bool IsDurable(const std::string& path) const;
  // The file as processes see it now.
  const std::string* Find(const std::string& path) const;

  struct Inode {
    std::string content;
    size_t durable_bytes = 0;
    uint64_t number = 0;
  };
  struct Entry {
    bool is_directory = false;
    std::shared_ptr<Inode> inode;
    bool operator==(const Entry&) const = default;
  };
  std::map<std::string, Entry> names;    // full path → what processes see
  std::map<std::string, Entry> durable;  // full path → what the disk holds
  uint64_t next_inode = 1;
};

}  // namespace semel::sim
