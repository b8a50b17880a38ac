// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "tests/io_faults/failing_env.h"

#include <algorithm>

#include "env/posix/error_codes.h"

namespace semel::tests {

namespace {

// Runs `real` as the env decides.
template <typename Real>
auto Call(FailingEnv& env, std::string_view call, const std::string& where, bool change, Real real)
    -> decltype(real()) {
  switch (env.Next(call, where, change)) {
    case FailingEnv::Verdict::kGo:
      return real();
    case FailingEnv::Verdict::kDoAndFail:
      (void)real();
      break;
    case FailingEnv::Verdict::kFail:
      break;
  }
  return env.Error(call, where, change);
}

class FailingFile final : public env::File {
 public:
  FailingFile(FailingEnv& env, std::unique_ptr<env::File> inner, std::string path)
      : env_(env), inner_(std::move(inner)), path_(std::move(path)) {}
  Status Append(std::string_view data) override {
    const auto verdict = env_.Next("append to", path_, true);
    if (verdict == FailingEnv::Verdict::kGo) return inner_->Append(data);
    const size_t written = verdict == FailingEnv::Verdict::kDoAndFail   ? data.size()
                           : env_.fault().kind == Fault::Kind::kNoSpace ? data.size() / 2
                                                                        : 0;
    (void)inner_->Append(data.substr(0, written));
    return env_.Error("append to", path_, true);
  }
  Result<std::string> ReadAt(uint64_t offset, size_t length) override {
    return Call(env_, "read", path_, false, [&] { return inner_->ReadAt(offset, length); });
  }
  Result<size_t> ReadInto(uint64_t offset, std::span<char> out) override {
    return Call(env_, "read", path_, false, [&] { return inner_->ReadInto(offset, out); });
  }
  Status Sync() override {
    return Call(env_, "fsync", path_, true, [&] { return inner_->Sync(); });
  }
  Result<uint64_t> Size() override {
    return Call(env_, "stat", path_, false, [&] { return inner_->Size(); });
  }
  Result<std::string> Identity() override {
    return Call(env_, "stat", path_, false, [&] { return inner_->Identity(); });
  }

 private:
  FailingEnv& env_;
  std::unique_ptr<env::File> inner_;
  const std::string path_;
};

class FailingFileSystem final : public env::FileSystem {
 public:
  FailingFileSystem(FailingEnv& env, env::FileSystem& inner) : env_(env), inner_(inner) {}
  Result<std::unique_ptr<env::File>> CreateExclusive(const std::string& path) override {
    return Wrap(Call(env_, "create", path, true, [&] { return inner_.CreateExclusive(path); }), path);
  }
  Result<std::unique_ptr<env::File>> OpenRead(const std::string& path) override {
    return Wrap(Call(env_, "open", path, false, [&] { return inner_.OpenRead(path); }), path);
  }
  Result<std::unique_ptr<env::File>> OpenAppend(const std::string& path) override {
    return Wrap(Call(env_, "open", path, true, [&] { return inner_.OpenAppend(path); }), path);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return Call(env_, "link to", to, true, [&] { return inner_.Link(from, to); });
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return Call(env_, "rename to", to, true, [&] { return inner_.Rename(from, to); });
  }
  Status Remove(const std::string& path) override {
    return Call(env_, "remove", path, true, [&] { return inner_.Remove(path); });
  }
  Status RemoveDirectory(const std::string& path) override {
    return Call(env_, "remove folder", path, true, [&] { return inner_.RemoveDirectory(path); });
  }
  Status MakeDirectory(const std::string& path) override {
    return Call(env_, "create folder", path, true, [&] { return inner_.MakeDirectory(path); });
  }
  Result<std::vector<env::FileInfo>> List(const std::string& path) override {
    return Call(env_, "list", path, false, [&] { return inner_.List(path); });
  }
  Result<env::FileInfo> Stat(const std::string& path) override {
    return Call(env_, "stat", path, false, [&] { return inner_.Stat(path); });
  }
  Status SyncDirectory(const std::string& path) override {
    return Call(env_, "fsync folder", path, true, [&] { return inner_.SyncDirectory(path); });
  }

 private:
  Result<std::unique_ptr<env::File>> Wrap(Result<std::unique_ptr<env::File>> file, const std::string& path) {
    if (!file.ok()) return file.status();
    return std::unique_ptr<env::File>(std::make_unique<FailingFile>(env_, std::move(file).value(), path));
  }

  FailingEnv& env_;
  env::FileSystem& inner_;
};

class FailingSession final : public env::SqlSession {
 public:
  FailingSession(FailingEnv& env, std::unique_ptr<env::SqlSession> inner) : env_(env), inner_(std::move(inner)) {}
  Result<env::SqlResult> Execute(std::string_view sql, std::span<const env::SqlValue> parameters) override {
    const bool change = sql.rfind("SELECT", 0) != 0 && sql.rfind("PRAGMA", 0) != 0;
    return Call(env_, "run", std::string(sql), change, [&] { return inner_->Execute(sql, parameters); });
  }

 private:
  FailingEnv& env_;
  std::unique_ptr<env::SqlSession> inner_;
};

}  // namespace

FailingEnv::FailingEnv(env::Env& inner, Fault fault)
    : inner_(inner),
      fault_(fault),
      files_(std::make_unique<FailingFileSystem>(*this, inner.files())),
      mutex_(inner.NewMutex()) {}
FailingEnv::~FailingEnv() = default;

Result<std::unique_ptr<env::SqlSession>> FailingEnv::OpenSqlite(const env::SqliteOptions& options) {
  Result<std::unique_ptr<env::SqlSession>> session =
      Call(*this, "open database", options.path, false, [&] { return inner_.OpenSqlite(options); });
  if (!session.ok()) return session.status();
  return std::unique_ptr<env::SqlSession>(std::make_unique<FailingSession>(*this, std::move(session).value()));
}

FailingEnv::Verdict FailingEnv::Next(std::string_view call, const std::string& where, bool change) {
  const uint64_t number = ++calls_;
  if (fault_.first == 0 || number < fault_.first || number >= fault_.first + fault_.length) return Verdict::kGo;
  if (!change && fault_.kind != Fault::Kind::kError) return Verdict::kGo;
  env::MutexLock lock(*mutex_);
  if (++hits_ == 1) failed_ = fmt::format("call {}: {} {}", number, call, where);
  return fault_.kind == Fault::Kind::kLostAnswer ? Verdict::kDoAndFail : Verdict::kFail;
}

Status FailingEnv::Error(std::string_view call, const std::string& where, bool change) const {
  const bool full = fault_.kind == Fault::Kind::kNoSpace;
  return Status(
      change ? StatusKind::kUnknown : StatusKind::kTransient, full ? env::kDiskFull : env::kFileIo,
      fmt::format("cannot {} {}: {}", call, where, full ? "no space left (by the test)" : "I/O error (by the test)"),
      "look at the test");
}

std::string FailingEnv::failed() {
  env::MutexLock lock(*mutex_);
  return failed_;
}

}  // namespace semel::tests
