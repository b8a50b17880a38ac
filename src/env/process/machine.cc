// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/process/machine.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace semel::env {

namespace {

Reach Ask(const std::string& path, int mode) {
  if (::access(path.c_str(), mode) == 0) return Reach::kGood;
  return errno == ENOENT || errno == ENOTDIR ? Reach::kMissing : Reach::kDenied;
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  std::string rest = path;
  while (rest.rfind("./", 0) == 0) rest.erase(0, 2);
  if (rest == ".") rest.clear();
  char folder[4096];
  if (::getcwd(folder, sizeof(folder)) == nullptr) return path;
  std::string absolute = folder;
  if (!rest.empty() && absolute.back() != '/') absolute += '/';
  return absolute + rest;
}

int TerminalColumns(int descriptor) {
  winsize size{};
  if (::isatty(descriptor) != 1) return 0;
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void IgnoreBrokenPipes() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

bool MayRun(const std::string& process_name, const std::string& own) {
  const size_t slash = process_name.rfind('/');
  if (slash == std::string::npos || process_name.substr(0, slash) != own.substr(0, own.rfind('/'))) return true;
  const long pid = std::strtol(process_name.c_str() + slash + 1, nullptr, 10);
  return pid <= 0 || ::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH;
}

Reach CanRead(const std::string& path) { return Ask(path, R_OK); }

Reach CanWrite(const std::string& path) { return Ask(path, IsFolder(path) ? W_OK | X_OK : W_OK); }

bool IsFolder(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

std::string NearestExisting(const std::string& path) {
  std::string nearest = AbsolutePath(path);
  while (nearest.size() > 1 && Ask(nearest, F_OK) == Reach::kMissing) {
    const size_t slash = nearest.find_last_of('/');
    nearest.resize(slash == 0 || slash == std::string::npos ? 1 : slash);
  }
  return nearest;
}

}  // namespace semel::env
