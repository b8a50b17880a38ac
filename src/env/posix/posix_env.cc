// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_env.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "env/posix/error_codes.h"
#include "env/posix/injection.h"
#include "env/posix/posix_files.h"
#include "env/posix/posix_http.h"
#include "env/posix/posix_socket.h"
#include "env/posix/posix_sqlite.h"
#include "env/posix/posix_strand.h"

namespace semel::env {

namespace {

class PosixEnv final : public Env {
 public:
  PosixEnv(LogLevel level, std::vector<Injection> injections)
      : level_(level), injections_(std::move(injections)), files_(MakePosixFileSystem()) {}

  WallTime Now() override {
    return WallTime{std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
  SteadyTime Steady() override { return PosixSteady(); }
  void SleepFor(Micros duration) override { std::this_thread::sleep_for(duration); }
  uint64_t Random() override {
    uint64_t value = 0;
    while (::getrandom(&value, sizeof(value), 0) != sizeof(value)) {
    }
    return value;
  }

  std::unique_ptr<Strand> Spawn(std::string name, std::function<void()> body) override {
    return SpawnThread(std::move(name), std::move(body));
  }
  std::unique_ptr<Mutex> NewMutex() override { return MakePosixMutex(); }
  std::unique_ptr<Condition> NewCondition() override { return MakePosixCondition(); }
  std::unique_ptr<Parker> NewParker() override { return MakePosixParker(); }

  FileSystem& files() override { return *files_; }
  Result<std::unique_ptr<Socket>> Connect(const std::string& host, uint16_t port, const TlsOptions& tls,
                                          SteadyTime deadline) override {
    return ConnectSocket(host, port, tls, deadline);
  }
  Result<HttpResponse> Http(const HttpRequest& request) override { return PerformHttp(request); }
  Result<std::unique_ptr<SqlSession>> OpenSqlite(const SqliteOptions& options) override {
    return OpenSqliteSession(options);
  }

  Status Point(std::string_view label) override {
    if (injections_.empty()) return Status::Ok();
    const Injection* hit = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const int count = ++hits_[std::string(label)];
      for (const Injection& i : injections_)
        if (i.label == label && i.nth == count) hit = &i;
    }
    return hit == nullptr ? Status::Ok() : Perform(*hit);
  }

  void Log(LogLevel level, std::string_view message) override {
    if (level < level_) return;
    static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
    const int64_t now = Now().micros;
    const std::string line = fmt::format("{} {} {}\n", TimeText(now), kNames[static_cast<int>(level)], message);
    std::lock_guard<std::mutex> lock(mutex_);
    if (terminal_) std::fputs("\r\033[K", stderr);  // a status line may stand there
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  std::string ProcessName() override {
    char host[256] = "localhost";
    ::gethostname(host, sizeof(host) - 1);
    return fmt::format("{}/{}", host, ::getpid());
  }

 private:
  static std::string TimeText(int64_t micros) {
    const time_t seconds = micros / 1'000'000;
    tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, micros / 1000 % 1000);
  }

  Status Perform(const Injection& injection) {
    switch (injection.action) {
      case Injection::Action::kCrash:
        ::kill(::getpid(), SIGKILL);
        break;
      case Injection::Action::kStop:
        ::kill(::getpid(), SIGSTOP);
        break;
      case Injection::Action::kDelay:
        SleepFor(Millis(injection.delay_millis));
        break;
      case Injection::Action::kError:
        return Status(injection.error, kInjected, fmt::format("injected at {}", injection.label), "remove --inject");
    }
    return Status::Ok();
  }

  const LogLevel level_;
  const bool terminal_ = ::isatty(2) == 1;
  const std::vector<Injection> injections_;
  std::unique_ptr<FileSystem> files_;
  std::mutex mutex_;
  std::map<std::string, int> hits_;
};

}  // namespace

Result<std::unique_ptr<Env>> MakePosixEnv(const PosixOptions& options) {
  if (!options.injections.empty() && !options.testing)
    return Status::Invalid(kBadInjection, "--inject is for tests only", "set SEMEL_TESTING=1 to use it");
  std::vector<Injection> injections;
  for (const std::string& text : options.injections) {
    SEMEL_ASSIGN_OR_RETURN(Injection injection, ParseInjection(text));
    injections.push_back(std::move(injection));
  }
  return std::unique_ptr<Env>(std::make_unique<PosixEnv>(options.log_level, std::move(injections)));
}

std::vector<std::string> PosixLibraryVersions() {
  return {fmt::format("SQLite {}", sqlite3_libversion()),
          fmt::format("OpenSSL {}", OpenSSL_version(OPENSSL_VERSION_STRING)),
          fmt::format("libcurl {}", curl_version_info(CURLVERSION_NOW)->version)};
}

}  // namespace semel::env
