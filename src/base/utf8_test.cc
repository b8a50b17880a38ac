// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace semel {
namespace {

// '?' stands for U+FFFD.
std::string Show(std::string_view bytes) {
  std::string text = Utf8FromBytes(bytes);
  for (size_t at; (at = text.find("\xef\xbf\xbd")) != std::string::npos;) text.replace(at, 3, "?");
  return text;
}

TEST(Utf8Test, WhatIsUtf8Stays) {
  for (const char* text :
       {"", "plain", "\x7f", "é ß", "€", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "😀", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(Utf8FromBytes(text), text);
  EXPECT_EQ(Utf8FromBytes(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

// Expected values are those of new String(bytes, UTF_8) of OpenJDK 17.
TEST(Utf8Test, WhatIsNotIsReplacedAsInJava) {
  const std::pair<const char*, const char*> cases[] = {{"\xff", "?"},
                                                       {"\xfe\xff", "??"},
                                                       {"a\x80z", "a?z"},
                                                       {"\xc0\x80", "??"},  // a longer form than needed
                                                       {"\xc1\xbf", "??"},
                                                       {"\xc3", "?"},  // cut off
                                                       {"\xc3z", "?z"},
                                                       {"\xe0\x80\x80", "???"},
                                                       {"\xe2\x82", "?"},
                                                       {"\xe2\x82z", "?z"},
                                                       {"\xe2z", "?z"},
                                                       {"\xed\xa0\x80", "?"},  // a surrogate
                                                       {"\xed\xa0", "?"},
                                                       {"\xed\xa0\xbd\xed\xb8\x80", "??"},
                                                       {"\xf0\x9f\x98", "?"},
                                                       {"\xf0\x9f\x98z", "?z"},
                                                       {"\xf0\x9fz", "?z"},
                                                       {"\xf0\x80\x80\x80", "????"},
                                                       {"\xf4\x90\x80\x80", "????"},  // beyond U+10FFFF
                                                       {"\xf5\x80\x80\x80", "????"},
                                                       {"\xf8\x88\x80\x80\x80", "?????"},
                                                       {"\xe2\xe2\x82\xac", "?€"},
                                                       {"\xf0\x9f\xe2\x82\xac", "?€"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Show(bytes), text);
    EXPECT_LT(Utf8Prefix(bytes), std::string_view(bytes).size());
  }
  EXPECT_EQ(Utf8Prefix("aé\xffz"), 3u);
  EXPECT_EQ(Utf8Prefix("aéz"), 4u);
}

}  // namespace
}  // namespace semel
