// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Starting a program and waiting for it: only `semel demo` and tests do this, the engine itself starts nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace semel::env {

inline constexpr ErrorCode kCannotStartProcess{6201, ExitCode::kIo, "cannot start a program"};

// How a child ended.
struct ChildExit {
  int exit_code = -1;  // valid if signal is 0
  int signal = 0;      // 9: kill -9
};

// A running child. Not thread-safe. The destructor kills a child that still runs and waits for it.
class ChildProcess {
 public:
  // Runs `argv[0]` with stdin from /dev/null, stdout and stderr appended to `output_file`; `environment` is added to
  // the own one.
  static Result<ChildProcess> Start(const std::vector<std::string>& argv,
                                    const std::map<std::string, std::string>& environment,
                                    const std::string& output_file);
  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  int pid() const { return pid_; }
  // How it ended, or nothing while it runs.
  std::optional<ChildExit> Poll();
  ChildExit Wait();
  void Signal(int signal);

 private:
  explicit ChildProcess(int pid) : pid_(pid) {}
  int pid_ = -1;
};

// The path of the running program.
Result<std::string> ProgramPath();
// Cores that this process may use.
int CpuCount();
// The zone of the host's clock by its name in the IANA database: TZ, else what /etc/localtime points to, else
// /etc/timezone; "UTC" if none of them names one.
std::string HostTimeZone();
// Whether standard output and error are a terminal.
bool IsTerminal(int descriptor);
// SIGINT and SIGTERM are counted instead of ending the process; SIGPIPE is ignored. Returns the number of signals so
// far.
void InstallStopSignals();
int StopSignals();
// Ends the process at once, without destructors (as safe as kill -9, by design).
[[noreturn]] void ExitNow(int exit_code);

}  // namespace semel::env
