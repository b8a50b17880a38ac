// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/status.h"

namespace semel {

std::string_view StatusKindName(StatusKind kind) {
  switch (kind) {
    case StatusKind::kOk:
      return "ok";
    case StatusKind::kInvalid:
      return "invalid";
    case StatusKind::kNotFound:
      return "not found";
    case StatusKind::kExists:
      return "exists";
    case StatusKind::kTransient:
      return "transient";
    case StatusKind::kUnknown:
      return "unknown";
    case StatusKind::kFenced:
      return "fenced";
    case StatusKind::kCorrupt:
      return "corrupt";
    case StatusKind::kCancelled:
      return "cancelled";
    case StatusKind::kInternal:
      return "internal";
  }
  return "?";
}

Status::Status(StatusKind kind, ErrorCode code, std::string message, std::string hint)
    : details_(std::make_shared<const Details>(Details{kind, code, std::move(message), std::move(hint), {}})) {
  SEMEL_CHECK(kind != StatusKind::kOk, "an error needs a kind");
}

namespace {
const std::string kEmpty;
}

const std::string& Status::message() const { return ok() ? kEmpty : details_->message; }
const std::string& Status::hint() const { return ok() ? kEmpty : details_->hint; }

Status Status::WithSpan(SourceSpan span) const {
  if (ok() || details_->span.end > 0) return *this;
  Status copy = *this;
  Details details = *details_;
  details.span = span;
  copy.details_ = std::make_shared<const Details>(std::move(details));
  return copy;
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  Status copy = *this;
  Details details = *details_;
  details.message = fmt::format("{}: {}", context, details.message);
  copy.details_ = std::make_shared<const Details>(std::move(details));
  return copy;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text = fmt::format("SEMEL-{:04} {}", details_->code.number, details_->message);
  if (!details_->hint.empty()) text += fmt::format(" (hint: {})", details_->hint);
  return text;
}

}  // namespace semel
