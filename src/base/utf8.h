// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Bytes → text. A STRING is UTF-8 always: whatever makes one of bytes from outside goes through here.
#pragma once

#include <string>
#include <string_view>

namespace semel {

// The text that Java makes of bytes (new String(bytes, UTF_8)): what is no UTF-8 becomes U+FFFD, one for each longest
// beginning of a character (Unicode 15, section 3.9, "U+FFFD Substitution of Maximal Subparts"), and one for a whole
// surrogate, which Java takes together.
std::string Utf8FromBytes(std::string_view bytes);

// How many bytes from the beginning on are UTF-8.
size_t Utf8Prefix(std::string_view bytes);

}  // namespace semel
