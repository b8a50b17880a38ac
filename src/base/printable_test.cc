// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/printable.h"

#include <gtest/gtest.h>

namespace semel {
namespace {

TEST(PrintableTest, ControlBytesAndBrokenUtf8AreEscapedAndTheRestStays) {
  EXPECT_EQ(Printable("a\tä€😀\n"), "a\tä€😀\n");
  EXPECT_EQ(Printable("\x1b[2J\r\x7f"), "\\x1b[2J\\x0d\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b") << "a control sequence of eight bits";
  EXPECT_EQ(Printable("\xc0\xaf \xed\xa0\x80 \xf5 \xe2\x82"), "\\xc0\\xaf \\xed\\xa0\\x80 \\xf5 \\xe2\\x82");
}

TEST(PrintableTest, JsonStringsAreValidWhateverTheBytesAre) {
  EXPECT_EQ(EscapeJson("say \"x\\y\"\n\x01 é"), "say \\\"x\\\\y\\\"\\u000a\\u0001 é");
  EXPECT_EQ(EscapeJson("\xff!"), "\\\\xff!");
}

}  // namespace
}  // namespace semel
