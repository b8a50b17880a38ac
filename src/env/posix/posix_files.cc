// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "env/posix/error_codes.h"

namespace semel::env {

namespace {

// What errno says of a call that failed. `mutating`: where errno leaves it open, the change may have happened.
Status FromErrno(std::string_view what, const std::string& path, int error, bool mutating) {
  const std::string message = fmt::format("cannot {} {}: {}", what, path, std::strerror(error));
  switch (error) {
    case ENOENT:
      return Status::NotFound(kNoSuchFile, message, "check the path");
    case EEXIST:
      return Status::Exists(
          kFileExists, message,
          "look who made it before anything is moved; an older copy of a checkpoint folder may have come back");
    case EACCES:
    case EPERM:
    case EROFS:
      return Status::Invalid(kPermissionDenied, message,
                             mutating ? "give this user the right to write there, or use another folder"
                                      : "give this user the right to read it");
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Status(mutating ? StatusKind::kUnknown : StatusKind::kTransient, kDiskFull, message,
                    "free some space; nothing is lost, start again afterwards");
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return Status::Invalid(kBadPath, message, "another kind of file stands in the way; move it, or use another path");
    default:
      break;
  }
  return Status(mutating ? StatusKind::kUnknown : StatusKind::kTransient, kFileIo, message,
                "look at the disk (dmesg) before starting again");
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Status Append(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t n = ::write(fd_, data.data(), data.size());
      if (n < 0) {
        if (errno == EINTR) continue;
        return FromErrno("write to", path_, errno, true);
      }
      data.remove_prefix(static_cast<size_t>(n));
    }
    return Status::Ok();
  }

  Result<std::string> ReadAt(uint64_t offset, size_t length) override {
    std::string text(length, '\0');
    SEMEL_ASSIGN_OR_RETURN(size_t n, ReadInto(offset, text));
    text.resize(n);
    return text;
  }

  Result<size_t> ReadInto(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == ESPIPE) n = ::read(fd_, out.data() + done, out.size() - done);  // a pipe has its own offset
      if (n < 0) {
        if (errno == EINTR) continue;
        return FromErrno("read", path_, errno, false);
      }
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status Sync() override {
    if (::fsync(fd_) != 0) return FromErrno("fsync", path_, errno, true);
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    struct stat st {};
    if (::fstat(fd_, &st) != 0) return FromErrno("stat", path_, errno, false);
    return static_cast<uint64_t>(st.st_size);
  }

  Result<std::string> Identity() override {
    struct stat st {};
    if (::fstat(fd_, &st) != 0) return FromErrno("stat", path_, errno, false);
    return fmt::format("{}", st.st_ino);
  }

 private:
  int fd_;
  std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> CreateExclusive(const std::string& path) override {
    return Open("create", path, O_RDWR | O_CREAT | O_EXCL | O_APPEND);
  }
  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override { return Open("open", path, O_RDONLY); }
  Result<std::unique_ptr<File>> OpenAppend(const std::string& path) override {
    return Open("open", path, O_RDWR | O_CREAT | O_APPEND);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return ::link(from.c_str(), to.c_str()) == 0 ? Status::Ok() : FromErrno("link to", to, errno, true);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status::Ok() : FromErrno("rename to", to, errno, true);
  }
  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status::Ok() : FromErrno("remove", path, errno, true);
  }
  Status RemoveDirectory(const std::string& path) override {
    return ::rmdir(path.c_str()) == 0 ? Status::Ok() : FromErrno("remove folder", path, errno, true);
  }
  Status MakeDirectory(const std::string& path) override {
    return ::mkdir(path.c_str(), 0755) == 0 ? Status::Ok() : FromErrno("create folder", path, errno, true);
  }

  Result<std::vector<FileInfo>> List(const std::string& path) override {
    DIR* dir = ::opendir(path.c_str());
    if (dir == nullptr) return FromErrno("list", path, errno, false);
    std::vector<FileInfo> files;
    int error = 0;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(dir);
      if (entry == nullptr) {
        error = errno;
        break;
      }
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat st {};
      if (::fstatat(::dirfd(dir), entry->d_name, &st, 0) == 0) {
        files.push_back({name, S_ISDIR(st.st_mode), static_cast<uint64_t>(st.st_size)});
      } else if (errno != ENOENT) {  // else removed meanwhile
        error = errno;
        break;
      }
    }
    ::closedir(dir);
    // A part of a folder is not the folder: a claim or a manifest that is not seen would be taken for absent.
    if (error != 0) return FromErrno("list", path, error, false);
    std::sort(files.begin(), files.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
    return files;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return FromErrno("stat", path, errno, false);
    return FileInfo{path.substr(path.find_last_of('/') + 1), S_ISDIR(st.st_mode), static_cast<uint64_t>(st.st_size)};
  }

  Status SyncDirectory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FromErrno("open folder", path, errno, true);
    const int result = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    return result == 0 ? Status::Ok() : FromErrno("fsync folder", path, error, true);
  }

 private:
  static Result<std::unique_ptr<File>> Open(std::string_view what, const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0) return FromErrno(what, path, errno, (flags & O_CREAT) != 0);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
  }
};

}  // namespace

std::unique_ptr<FileSystem> MakePosixFileSystem() { return std::make_unique<PosixFileSystem>(); }

}  // namespace semel::env
