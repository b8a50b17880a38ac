// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "iceberg/utf8.h"

#include <gtest/gtest.h>

#include "iceberg/error_codes.h"

namespace semel::iceberg {
namespace {

using columnar::ColumnBuilder;
using columnar::DataType;

TEST(Utf8, TakesWhatIsUtf8AndNothingElse) {
  for (const char* good : {"", "plain text of some length", "ä", "…", "😀", "\xf4\x8f\xbf\xbf", "12345678ä", "\x7f"})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad : {"\x80", "\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "12345678\xe2\x82", "\xc3(", "1234567\xfe"})
    EXPECT_FALSE(IsUtf8(bad)) << bad;
}

TEST(Utf8, AStringThatIsNoneIsAnErrorThatNamesItsColumnAlsoWithinARow) {
  const DataType row = DataType::Row({{"a", DataType::String()}, {"b", DataType::ByteString()}});
  auto check = [&row](const char* a, const char* b, bool valid) {
    ColumnBuilder builder(row);
    builder.child(0).AppendString(a);
    builder.child(1).AppendString(b);
    builder.AppendRow(valid);
    return CheckText(*builder.Finish(), "r");
  };
  EXPECT_TRUE(check("ä", "\xff", true).ok());  // BYTES may be anything
  EXPECT_TRUE(check("\xff", "", false).ok());  // below a NULL row there is no value
  const Status broken = check("\xff", "", true);
  EXPECT_EQ(broken.code(), kNotUtf8);
  EXPECT_NE(broken.message().find("'r.a'"), std::string::npos);
}

}  // namespace
}  // namespace semel::iceberg
