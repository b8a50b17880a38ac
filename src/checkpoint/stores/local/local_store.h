// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A checkpoint store in a local folder.
#pragma once

#include <memory>
#include <set>

#include "checkpoint/api/store.h"
#include "env/api/env.h"

namespace semel::checkpoint {

// Makes folders so that their names survive a power loss, and remembers which it has made sure of. Not thread-safe.
class DurableFolders {
 public:
  // Makes `path` and its missing parents; each name is durable in its parent afterwards.
  Status Make(env::FileSystem& files, const std::string& path);
  void Forget(const std::string& path) { known_.erase(path); }

 private:
  std::set<std::string> known_;
};

// Puts by: fresh name → write → fsync → link without replacement → fsync of the folder. Invariants:
//   L1 a name is visible only with its complete content (the link comes after the fsync of the file);
//   L2 a name is reported as stored only after the folders that lead to it are durable;
//   L3 a file whose fsync failed is never linked and never used again.
//   L4 a temporary file carries the generation that writes it (<root>/tmp/<G>-<random>); only a higher one, whose pin
//   is effective, removes it.
// Thread-safe.
class LocalStore final : public Store {
 public:
  // `root`: the pipeline's folder; made, with its parents, when first needed.
  LocalStore(env::Env& env, std::string root);

  Status PutIfAbsent(const std::string& name, std::string_view content) override;
  Result<std::string> Get(const std::string& name) override;
  Result<std::vector<std::string>> List(const std::string& prefix) override;
  Status Remove(const std::string& name) override;
  Status MakeDurable(const std::string& name) override;
  void WriteFor(Generation generation) override;
  Status RemoveUnfinished() override;

 private:
  Generation writer() const;
  Status WriteTemporary(const std::string& path, std::string_view content);
  Status MakeFolders(const std::string& path);
  Status SyncFolders(const std::string& path);
  Status ListInto(const std::string& folder, const std::string& prefix, std::vector<std::string>& names);

  env::Env& env_;
  const std::string root_;
  std::unique_ptr<env::Mutex> mutex_;
  DurableFolders folders_;  // guarded by mutex_
  Generation writer_;       // guarded by mutex_; 0: none yet
};

}  // namespace semel::checkpoint
