// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "base/status.h"

#include <gtest/gtest.h>

namespace semel {
namespace {

inline constexpr ErrorCode kCode{1234, ExitCode::kData, "for tests"};

Result<int> Half(int n) {
  if (n % 2 != 0) return Status::Invalid(kCode, "odd", "give an even number");
  return n / 2;
}

Result<int> Quarter(int n) {
  SEMEL_ASSIGN_OR_RETURN(int half, Half(n));
  SEMEL_ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}

TEST(StatusTest, ErrorsTravelThroughAssignOrReturn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  const Status error = Quarter(6).status();
  EXPECT_TRUE(error.is(StatusKind::kInvalid));
  EXPECT_EQ(error.ToString(), "SEMEL-1234 odd (hint: give an even number)");
  EXPECT_EQ(error.code().exit, ExitCode::kData);
}

TEST(StatusTest, TheInnermostSpanIsKept) {
  const Status inner = Status::Invalid(kCode, "x").WithSpan({3, 5});
  EXPECT_EQ(inner.WithSpan({0, 9}).span().begin, 3u);
  EXPECT_EQ(inner.WithContext("table t").message(), "table t: x");
}

TEST(StatusDeathTest, ReadingAFailedResultEndsTheProcess) {
  EXPECT_DEATH({ (void)Half(1).value(); }, "odd");
}

}  // namespace
}  // namespace semel
