// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Errors are values. A Status says what happened (code, message), what the caller has to do about it (kind) and what
// the user can do (hint). No exceptions are thrown by Semel's own code.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/error_code.h"

namespace semel {

// What the caller does with a failure. The distinction that matters most: kUnknown is neither success nor failure; it
// is resolved by reading before anything else is done.
enum class StatusKind : uint8_t {
  kOk,
  kInvalid,    // the user's input or configuration is wrong: report it
  kNotFound,   // the named thing does not exist (certain)
  kExists,     // the named thing exists already (certain)
  kTransient,  // certainly not applied, may be tried again
  kUnknown,    // may or may not have been applied: resolve first
  kFenced,     // somebody newer took over: stop
  kCorrupt,    // stored data does not fit: refuse
  kCancelled,  // the caller asked for the end
  kInternal,   // a bug
};

std::string_view StatusKindName(StatusKind kind);

// A place in the text of a script: byte offsets [begin, end). Zero width means "no place".
struct SourceSpan {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// The result of an operation that returns nothing else. OK is one null pointer; copying shares the details.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusKind kind, ErrorCode code, std::string message, std::string hint = {});

  static Status Ok() { return Status(); }
  static Status Invalid(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kInvalid, code, std::move(message), std::move(hint));
  }
  static Status NotFound(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kNotFound, code, std::move(message), std::move(hint));
  }
  static Status Exists(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kExists, code, std::move(message), std::move(hint));
  }
  static Status Transient(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kTransient, code, std::move(message), std::move(hint));
  }
  static Status Unknown(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kUnknown, code, std::move(message), std::move(hint));
  }
  static Status Fenced(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kFenced, code, std::move(message), std::move(hint));
  }
  static Status Corrupt(ErrorCode code, std::string message, std::string hint = {}) {
    return Status(StatusKind::kCorrupt, code, std::move(message), std::move(hint));
  }
  static Status Cancelled(std::string message = "cancelled") {
    return Status(StatusKind::kCancelled, kNoError, std::move(message));
  }
  static Status Internal(std::string message) {
    return Status(StatusKind::kInternal, kInternalError, std::move(message),
                  "this is a bug in Semel: please report it");
  }
  static Status NotSupported(std::string message, std::string hint = {}) {
    return Status(StatusKind::kInvalid, kNotSupported, std::move(message), std::move(hint));
  }

  bool ok() const { return details_ == nullptr; }
  StatusKind kind() const { return ok() ? StatusKind::kOk : details_->kind; }
  ErrorCode code() const { return ok() ? kNoError : details_->code; }
  const std::string& message() const;
  const std::string& hint() const;
  SourceSpan span() const { return ok() ? SourceSpan{} : details_->span; }
  bool is(StatusKind kind) const { return this->kind() == kind; }

  // The same error with a place in the script; an existing place is kept (the innermost one is the most precise).
  Status WithSpan(SourceSpan span) const;
  // The same error with "context: " before its message.
  Status WithContext(std::string_view context) const;

  // "SEMEL-3104 offset out of range: … (hint: …)", one line.
  std::string ToString() const;

 private:
  struct Details {
    StatusKind kind;
    ErrorCode code;
    std::string message;
    std::string hint;
    SourceSpan span;
  };
  std::shared_ptr<const Details> details_;
};

// A value or the reason why there is none. Reading the value of a failed result ends the process (SEMEL_CHECK).
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : value_(std::move(value)) {}         // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) {  // NOLINT: implicit by design
    SEMEL_CHECK(!status_.ok(), "a Result without value needs an error");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  const T& value() const& {
    SEMEL_CHECK(ok(), status_.ToString());
    return *value_;
  }
  T& value() & {
    SEMEL_CHECK(ok(), status_.ToString());
    return *value_;
  }
  T&& value() && {
    SEMEL_CHECK(ok(), status_.ToString());
    return *std::move(value_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

#define SEMEL_CONCAT_INNER(a, b) a##b
#define SEMEL_CONCAT(a, b) SEMEL_CONCAT_INNER(a, b)

// Returns from the enclosing function when the expression is a failed Status.
#define SEMEL_RETURN_IF_ERROR(expr)                \
  do {                                             \
    ::semel::Status semel_status_ = (expr);        \
    if (!semel_status_.ok()) return semel_status_; \
  } while (false)

// SEMEL_ASSIGN_OR_RETURN(auto x, F()): x is the value of F()'s Result, or the enclosing function returns its error.
#define SEMEL_ASSIGN_OR_RETURN(lhs, expr) SEMEL_ASSIGN_OR_RETURN_IMPL(SEMEL_CONCAT(semel_result_, __LINE__), lhs, expr)
#define SEMEL_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                \
  if (!result.ok()) return result.status();            \
  lhs = std::move(result).value()

}  // namespace semel
