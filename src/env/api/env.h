// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The one seam to the world. Everything outside Semel's own memory (time, randomness, threads, files, sockets, HTTP,
// databases) is reached through an Env, so that the simulated engine *is* the engine: env/posix runs the calls on real
// threads, sim/ runs them on fibers of one thread under a seeded scheduler that may delay, reorder, fail and crash.
//
// Rules for code that uses it:
//  * Calls look blocking. Each one may be a crash, delay or cancellation point.
//  * A simulated process ends by an exception that unwinds its fibers: never catch everything without rethrow, no env
//  call in a
//    noexcept function or a destructor, and no destructor may depend on the world.
//  * No std::mutex, std::thread, std::condition_variable, thread_local or sleep outside env/ (atomics: the channel
//  only).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace semel::env {

class Env;

// A thread (posix) or a fiber (simulation). Owned by whoever spawned it, who must Join it before destroying it.
class Strand {
 public:
  virtual ~Strand() = default;
  // Waits until the strand's function has returned. REQUIRES: called once, not from the strand itself.
  virtual void Join() = 0;
};

// Mutual exclusion between strands. Not recursive.
class Mutex {
 public:
  virtual ~Mutex() = default;
  virtual void Lock() = 0;
  virtual void Unlock() = 0;
};

// Waiting for a change that another strand makes under the mutex. Spurious wake-ups happen: always wait in a loop.
class Condition {
 public:
  virtual ~Condition() = default;
  // REQUIRES: `mutex` is held; it is released while waiting and held again on return.
  virtual void Wait(Mutex& mutex) = 0;
  // As Wait, but returns false once `timeout` has passed.
  virtual bool WaitFor(Mutex& mutex, Micros timeout) = 0;
  virtual void NotifyOne() = 0;
  virtual void NotifyAll() = 0;
};

// Holds a mutex for a scope. The unlock in the destructor is no env call in the sense of the rules: it never waits.
class MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// One permit to wake one strand: Park returns at once if Wake was called since the last Park. Any strand may call Wake.
class Parker {
 public:
  virtual ~Parker() = default;
  virtual void Park() = 0;
  virtual bool ParkFor(Micros timeout) = 0;  // false: the time passed without a Wake
  virtual void Wake() = 0;
};

// An open file. Writes go to the end, reads to any offset. Close is implied by destruction (an unsynced file may be
// lost).
class File {
 public:
  virtual ~File() = default;
  virtual Status Append(std::string_view data) = 0;
  // Reads up to `length` bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::string> ReadAt(uint64_t offset, size_t length) = 0;
  // As ReadAt into a buffer of the caller; returns the bytes read.
  virtual Result<size_t> ReadInto(uint64_t offset, std::span<char> out) = 0;
  // Makes the content durable. After a failure the file must not be used again (the kernel may have dropped the pages).
  virtual Status Sync() = 0;
  virtual Result<uint64_t> Size() = 0;
  // The inode: identifies the file, not its name, on one device. The device has no number that outlives a mount.
  virtual Result<std::string> Identity() = 0;
};

struct FileInfo {
  std::string name;  // without folder
  bool is_directory = false;
  uint64_t size = 0;
};

// Local files. Paths are absolute or relative to the working directory. NotFound and Exists are certain; any other
// failure of a mutating call leaves it unknown whether the change happened (kUnknown), except where the call says so.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> CreateExclusive(const std::string& path) = 0;  // kExists if there is one
  virtual Result<std::unique_ptr<File>> OpenRead(const std::string& path) = 0;
  virtual Result<std::unique_ptr<File>> OpenAppend(const std::string& path) = 0;  // creates it if absent
  // A second name for a file; never replaces: kExists if `to` exists.
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces
  virtual Status Remove(const std::string& path) = 0;                         // kNotFound if absent
  virtual Status RemoveDirectory(const std::string& path) = 0;                // only an empty one
  virtual Status MakeDirectory(const std::string& path) = 0;                  // one level; kExists if there
  virtual Result<std::vector<FileInfo>> List(const std::string& path) = 0;    // sorted by name
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  // Makes the names in a directory durable.
  virtual Status SyncDirectory(const std::string& path) = 0;
};

// How to secure a connection. Empty paths mean the system's defaults.
struct TlsOptions {
  bool enabled = false;
  std::string server_name;  // checked against the certificate
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  bool verify_host = true;
};

// A connected byte stream. One strand sends and receives at a time; Close may come from any strand and wakes the
// others.
class Socket {
 public:
  virtual ~Socket() = default;
  virtual Status Send(std::span<const std::string_view> parts, SteadyTime deadline) = 0;
  // Receives at least one byte, up to out.size(); 0 means the peer closed.
  virtual Result<size_t> Receive(std::span<char> out, SteadyTime deadline) = 0;
  virtual void Close() = 0;
};

struct HttpRequest {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Micros timeout{30'000'000};
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// A cell of a database row: NULL, integer or text (SQLite's and PostgreSQL's text form for everything else).
struct SqlValue {
  bool is_null = true;
  bool is_integer = false;
  int64_t integer = 0;
  std::string text;
  static SqlValue Null() { return {}; }
  static SqlValue Int(int64_t v) { return {false, true, v, {}}; }
  static SqlValue Text(std::string v) { return {false, false, 0, std::move(v)}; }
};

struct SqlResult {
  std::vector<std::vector<SqlValue>> rows;
  int64_t affected_rows = 0;
};

// One connection to a database. Statement failures are Transient when the database says that nothing was applied
// (SQLITE_BUSY, constraint violations are Exists), Unknown when the outcome of a COMMIT cannot be told.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  // Runs one statement; parameters are bound to ?1, ?2, … .
  virtual Result<SqlResult> Execute(std::string_view sql, std::span<const SqlValue> parameters) = 0;
};

// Opens SQLite files with a rollback journal, synchronous=EXTRA and the given busy time-out.
struct SqliteOptions {
  std::string path;
  bool create = true;
  bool read_only = false;
  Micros busy_timeout{5'000'000};
};

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

// The world as one process sees it. Thread-safe. Created by main (posix) or by the simulator, outlives everything built
// on it.
class Env {
 public:
  virtual ~Env() = default;

  // --- time and chance
  virtual WallTime Now() = 0;
  virtual SteadyTime Steady() = 0;
  virtual void SleepFor(Micros duration) = 0;
  virtual uint64_t Random() = 0;

  // --- strands
  // `name` appears in logs, debuggers and traces (15 bytes on Linux).
  virtual std::unique_ptr<Strand> Spawn(std::string name, std::function<void()> body) = 0;
  virtual std::unique_ptr<Mutex> NewMutex() = 0;
  virtual std::unique_ptr<Condition> NewCondition() = 0;
  virtual std::unique_ptr<Parker> NewParker() = 0;

  // --- the outside
  virtual FileSystem& files() = 0;
  virtual Result<std::unique_ptr<Socket>> Connect(const std::string& host, uint16_t port, const TlsOptions& tls,
                                                  SteadyTime deadline) = 0;
  // A response of any status is a success here. No answer: Transient if nothing was sent, else Unknown.
  virtual Result<HttpResponse> Http(const HttpRequest& request) = 0;
  virtual Result<std::unique_ptr<SqlSession>> OpenSqlite(const SqliteOptions& options) = 0;

  // --- proof
  // A labelled crash point: `<area>.<object>.<step>.<before|after>`. In production it does nothing unless `--inject`
  // names it; then, or in simulation, it may end the process (kill -9), pause it (SIGSTOP), delay it, or return an
  // error that the caller treats as the failure of the step. Every label is listed in docs/crash-points.md, generated
  // from the code.
  virtual Status Point(std::string_view label) = 0;
  virtual void Log(LogLevel level, std::string_view message) = 0;
  // Host name and process id, for humans who read claims and messages.
  virtual std::string ProcessName() = 0;
};

}  // namespace semel::env

// A crash point: returns from the enclosing function with the injected error, if any.
#define SEMEL_POINT(env, label) SEMEL_RETURN_IF_ERROR((env).Point(label))
