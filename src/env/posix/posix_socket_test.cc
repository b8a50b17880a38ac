// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace semel::env {
namespace {

// A listener on an address of this machine, that accepts nothing.
struct Listener {
  explicit Listener(const char* ip) : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, ip, &address.sin_addr);
    socklen_t size = sizeof(address);
    const bool good = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd, 0) == 0 &&
                      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    EXPECT_TRUE(good);
    info.ai_family = AF_INET;
    info.ai_socktype = SOCK_STREAM;
    info.ai_addr = reinterpret_cast<sockaddr*>(&address);
    info.ai_addrlen = sizeof(address);
  }
  ~Listener() {
    for (const int c : waiting) ::close(c);
    ::close(fd);
  }
  // Connects until the queue is full: from then on the kernel drops what comes, as a host that is gone does.
  void Fill() {
    for (int i = 0; i < 16; ++i) {
      const int c = waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      ::connect(c, info.ai_addr, info.ai_addrlen);
      pollfd p{c, POLLOUT, 0};
      if (::poll(&p, 1, 50) == 0) return;
    }
    ADD_FAILURE() << "the queue never fills";
  }
  int fd;
  sockaddr_in address{};
  addrinfo info{};
  std::vector<int> waiting;
};

TEST(PosixSocket, AnAddressThatSwallowsPacketsLeavesTimeForTheNext) {
  Listener gone("127.0.0.2");
  Listener there("127.0.0.1");
  gone.Fill();
  gone.info.ai_next = &there.info;
  std::string why;
  const SteadyTime begin = PosixSteady();
  const int fd = ConnectToAny(&gone.info, begin + Micros(2'000'000), why);
  EXPECT_GE(fd, 0) << why;
  EXPECT_LT(PosixSteady() - begin, Micros(1'700'000));
  ::close(fd);
}

}  // namespace
}  // namespace semel::env
