// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/utf8.h"

#include <cstring>

#include "iceberg/error_codes.h"

namespace semel::iceberg {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

size_t LengthByLead(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }

// The length of the sequence of several bytes at the beginning; 0 if it is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = LengthByLead(lead);
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool too_long = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) > 0x9f;
  const bool beyond = lead == 0xf4 && byte(1) > 0x8f;
  return too_long || surrogate || beyond ? 0 : length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    uint64_t eight = 0;
    if (i + 8 <= text.size() && (std::memcpy(&eight, text.data() + i, 8), (eight & kHighBits) == 0)) {
      i += 8;
    } else if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
    } else {
      const size_t length = SequenceLength(text.substr(i));
      if (length == 0) return false;
      i += length;
    }
  }
  return true;
}

uint32_t NextCodePoint(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t n = LengthByLead(lead);
  uint32_t v = n == 1 ? lead : lead & (0x7fu >> n);
  for (size_t i = 1; i < n && at + i < text.size(); ++i)
    v = v << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
  at += n;
  return v;
}

Status NotUtf8(const std::string& where) {
  return Status::Invalid(kNotUtf8, fmt::format("{} would get text that is not UTF-8", where),
                         "store such bytes as BYTES, or filter them out");
}

Status CheckText(const columnar::Column& column, const std::string& name) {
  if (column.type().kind() == columnar::TypeKind::kString)
    for (int64_t i = 0; i < column.length(); ++i)
      if (column.IsValid(i) && !IsUtf8(column.GetString(i))) return NotUtf8(fmt::format("column '{}'", name));
  for (size_t f = 0; f < column.children().size(); ++f)
    SEMEL_RETURN_IF_ERROR(CheckText(*columnar::FieldOf(column, f), name + "." + column.type().fields()[f].name));
  return Status::Ok();
}

}  // namespace semel::iceberg
