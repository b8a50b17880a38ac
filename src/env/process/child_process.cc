// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/process/child_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern char** environ;

#include "base/text.h"

namespace semel::env {

namespace {

std::atomic<int> g_stop_signals{0};

void CountStopSignal(int) { g_stop_signals.fetch_add(1); }

ChildExit FromStatus(int status) {
  if (WIFSIGNALED(status)) return {-1, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

std::vector<std::string> MergedEnvironment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> merged;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    if (added.count(entry.substr(0, entry.find('='))) == 0) merged.push_back(entry);
  }
  for (const auto& [key, value] : added) merged.push_back(key + "=" + value);
  return merged;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const std::vector<std::string>& argv,
                                         const std::map<std::string, std::string>& environment,
                                         const std::string& output_file) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const std::vector<std::string> merged = MergedEnvironment(environment);
  std::vector<char*> arguments = Pointers(argv), variables = Pointers(merged);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return Status::Transient(kCannotStartProcess, fmt::format("cannot start {}: {}", argv[0], std::strerror(error)),
                             "check that the program exists and that the output folder is writable");
  return ChildProcess(pid);
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  Wait();
}

std::optional<ChildExit> ChildProcess::Poll() {
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got != pid_) return std::nullopt;
  pid_ = -1;
  return FromStatus(status);
}

ChildExit ChildProcess::Wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return FromStatus(status);
}

void ChildProcess::Signal(int signal) { ::kill(pid_, signal); }

Result<std::string> ProgramPath() {
  char path[4096];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof(path));
  if (n <= 0)
    return Status::Transient(kCannotStartProcess, "cannot tell the own program's path", "/proc must be mounted");
  return std::string(path, static_cast<size_t>(n));
}

int CpuCount() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return CPU_COUNT(&set);
}

std::string HostTimeZone() {
  if (const char* tz = std::getenv("TZ"); tz != nullptr && tz[0] != '\0') return tz[0] == ':' ? tz + 1 : tz;
  constexpr std::string_view kZones = "/zoneinfo/";
  char target[4096];
  const ssize_t n = ::readlink("/etc/localtime", target, sizeof(target));
  if (n > 0) {
    const std::string path(target, static_cast<size_t>(n));
    if (const size_t at = path.find(kZones); at != std::string::npos) return path.substr(at + kZones.size());
  }
  std::string name;
  if (std::FILE* file = std::fopen("/etc/timezone", "r"); file != nullptr) {
    char line[256];
    if (std::fgets(line, sizeof(line), file) != nullptr) name = TrimAscii(line);
    std::fclose(file);
  }
  return name.empty() ? "UTC" : name;
}

bool IsTerminal(int descriptor) { return ::isatty(descriptor) == 1; }

void InstallStopSignals() {
  struct sigaction action {};
  action.sa_handler = CountStopSignal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

int StopSignals() { return g_stop_signals.load(); }

void ExitNow(int exit_code) { ::_exit(exit_code); }

}  // namespace semel::env
