// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "env/posix/error_codes.h"

namespace semel::env {

namespace {

int RemainingMillis(SteadyTime deadline) {
  const int64_t left = deadline.micros - PosixSteady().micros;
  if (left <= 0) return 0;
  return static_cast<int>(std::min<int64_t>(left / 1000 + 1, 1'000'000));
}

Status Lost(const std::string& peer, int error) {
  return Status::Unknown(kConnectionLost, fmt::format("connection to {} lost: {}", peer, std::strerror(error)),
                         "look whether the service runs and what its log says");
}

Status TimedOut(const std::string& peer) {
  return Status::Unknown(kDeadline, fmt::format("no answer from {} in time", peer),
                         "look whether the service runs, is overloaded, or a firewall drops packets");
}

// Waits until the descriptor is ready. OK even for an error state: the call that follows tells which.
Status WaitReady(int fd, short events, SteadyTime deadline, const std::string& peer) {
  while (true) {
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, RemainingMillis(deadline));
    if (n > 0) return Status::Ok();
    if (n == 0) return TimedOut(peer);
    if (errno != EINTR) return Lost(peer, errno);
  }
}

class PlainSocket final : public Socket {
 public:
  PlainSocket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  ~PlainSocket() override { ::close(fd_); }

  Status Send(std::span<const std::string_view> parts, SteadyTime deadline) override {
    std::vector<iovec> vectors;
    for (std::string_view part : parts)
      if (!part.empty()) vectors.push_back({const_cast<char*>(part.data()), part.size()});
    size_t at = 0;
    while (at < vectors.size()) {
      msghdr message{};
      message.msg_iov = vectors.data() + at;
      message.msg_iovlen = std::min<size_t>(vectors.size() - at, 512);
      ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return Lost(peer_, errno);
        SEMEL_RETURN_IF_ERROR(WaitReady(fd_, POLLOUT, deadline, peer_));
        continue;
      }
      while (at < vectors.size() && static_cast<size_t>(n) >= vectors[at].iov_len)
        n -= static_cast<ssize_t>(vectors[at++].iov_len);
      if (at < vectors.size()) {
        vectors[at].iov_base = static_cast<char*>(vectors[at].iov_base) + n;
        vectors[at].iov_len -= static_cast<size_t>(n);
      }
    }
    return Status::Ok();
  }

  Result<size_t> Receive(std::span<char> out, SteadyTime deadline) override {
    while (true) {
      const ssize_t n = ::recv(fd_, out.data(), out.size(), 0);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Lost(peer_, errno);
      SEMEL_RETURN_IF_ERROR(WaitReady(fd_, POLLIN, deadline, peer_));
    }
  }

  void Close() override { ::shutdown(fd_, SHUT_RDWR); }
  int fd() const { return fd_; }
  const std::string& peer() const { return peer_; }

 private:
  int fd_;
  std::string peer_;
};

std::string TlsError() {
  char text[256] = "unknown reason";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return text;
}

class TlsSocket final : public Socket {
 public:
  TlsSocket(std::unique_ptr<PlainSocket> plain, SSL_CTX* context, SSL* ssl)
      : plain_(std::move(plain)), context_(context), ssl_(ssl) {}
  ~TlsSocket() override {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  Status Handshake(SteadyTime deadline) {
    return Drive([this] { return SSL_connect(ssl_); }, deadline).status();
  }
  Status Send(std::span<const std::string_view> parts, SteadyTime deadline) override {
    for (std::string_view part : parts) {
      while (!part.empty()) {
        SEMEL_ASSIGN_OR_RETURN(
            int n, Drive([&] { return SSL_write(ssl_, part.data(), static_cast<int>(part.size())); }, deadline));
        part.remove_prefix(static_cast<size_t>(n));
      }
    }
    return Status::Ok();
  }
  Result<size_t> Receive(std::span<char> out, SteadyTime deadline) override {
    SEMEL_ASSIGN_OR_RETURN(int n,
                           Drive([&] { return SSL_read(ssl_, out.data(), static_cast<int>(out.size())); }, deadline));
    return static_cast<size_t>(n);
  }
  void Close() override { plain_->Close(); }

 private:
  // Repeats a non-blocking TLS call until it is done; 0 means that the peer has ended the stream.
  template <typename Call>
  Result<int> Drive(Call call, SteadyTime deadline) {
    while (true) {
      const int n = call();
      if (n > 0) return n;
      switch (SSL_get_error(ssl_, n)) {
        case SSL_ERROR_WANT_READ:
          SEMEL_RETURN_IF_ERROR(WaitReady(plain_->fd(), POLLIN, deadline, plain_->peer()));
          break;
        case SSL_ERROR_WANT_WRITE:
          SEMEL_RETURN_IF_ERROR(WaitReady(plain_->fd(), POLLOUT, deadline, plain_->peer()));
          break;
        case SSL_ERROR_ZERO_RETURN:
          return 0;
        default:
          return Status::Unknown(kTls, fmt::format("TLS with {}: {}", plain_->peer(), TlsError()),
                                 "check the certificates and that the port speaks TLS");
      }
    }
  }

  std::unique_ptr<PlainSocket> plain_;
  SSL_CTX* context_;
  SSL* ssl_;
};

Result<std::unique_ptr<Socket>> StartTls(std::unique_ptr<PlainSocket> plain, const TlsOptions& tls,
                                         SteadyTime deadline) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  bool good = tls.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                  : SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1;
  if (good && !tls.certificate_file.empty())
    good = SSL_CTX_use_certificate_chain_file(context, tls.certificate_file.c_str()) == 1 &&
           SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  if (!good) {
    SSL_CTX_free(context);
    return Status::Invalid(kTls, "cannot use the TLS files: " + TlsError(), "check the certificate, key and CA paths");
  }
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, plain->fd());
  // An address is no server name (RFC 6066), and a certificate has it in a field of its own.
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls.server_name.c_str()) == 1;
  if (!is_address) SSL_set_tlsext_host_name(ssl, tls.server_name.c_str());
  if (!tls.verify_host) {
    X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), nullptr, 0);
  } else if (!is_address) {
    SSL_set1_host(ssl, tls.server_name.c_str());
  }
  auto socket = std::make_unique<TlsSocket>(std::move(plain), context, ssl);
  SEMEL_RETURN_IF_ERROR(socket->Handshake(deadline));
  return std::unique_ptr<Socket>(std::move(socket));
}

// One address tried; the descriptor is non-blocking and connected, or -1 with `why`.
int TryConnect(const addrinfo* address, SteadyTime deadline, std::string& why) {
  const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    why = std::strerror(errno);
    return -1;
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  int error = 0;
  if (::connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      pollfd p{fd, POLLOUT, 0};
      const int n = ::poll(&p, 1, RemainingMillis(deadline));
      socklen_t size = sizeof(error);
      if (n <= 0) {
        error = ETIMEDOUT;
      } else {
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
  }
  if (error == 0) return fd;
  why = std::strerror(error);
  ::close(fd);
  return -1;
}

}  // namespace

SteadyTime PosixSteady() {
  return SteadyTime{std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

int ConnectToAny(const addrinfo* addresses, SteadyTime deadline, std::string& why) {
  int64_t left = 0;
  for (const addrinfo* a = addresses; a != nullptr; a = a->ai_next) ++left;
  int fd = -1;
  for (const addrinfo* a = addresses; a != nullptr && fd < 0; a = a->ai_next) {
    const SteadyTime now = PosixSteady();
    fd = TryConnect(a, now < deadline ? now + (deadline - now) / left : deadline, why);
    --left;
  }
  return fd;
}

Result<std::unique_ptr<Socket>> ConnectSocket(const std::string& host, uint16_t port, const TlsOptions& tls,
                                              SteadyTime deadline) {
  const std::string peer = fmt::format("{}:{}", host, port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses);
  if (error != 0)
    return Status::Transient(kCannotConnect, fmt::format("cannot find {}: {}", host, ::gai_strerror(error)),
                             "check the host name");
  std::string why = "no address";
  const int fd = ConnectToAny(addresses, deadline, why);
  ::freeaddrinfo(addresses);
  if (fd < 0)
    return Status::Transient(kCannotConnect, fmt::format("cannot connect to {}: {}", peer, why),
                             "check that the server runs and listens there");
  auto plain = std::make_unique<PlainSocket>(fd, peer);
  if (!tls.enabled) return std::unique_ptr<Socket>(std::move(plain));
  return StartTls(std::move(plain), tls, deadline);
}

}  // namespace semel::env
