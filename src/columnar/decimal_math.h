// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Exact arithmetic on unscaled decimals: the true result is rounded once, HALF_UP, to the scale that is asked for
// (Flink's DecimalDataUtils over java.math.BigDecimal). What does not fit 128 bits on the way is computed in 256.
#pragma once

#include "columnar/type.h"

namespace semel::columnar {

// An unscaled value and its scale: value × 10^−scale. REQUIRES of all below: |value| < 10^38, 0 <= scale <= 38.
struct Decimal {
  int128 value = 0;
  int scale = 0;
};

// a + b, a − b, a × b, a / b and the remainder of a / b (with a's sign), as an unscaled value of `scale` in `out`.
// False if that has more than `precision` digits. REQUIRES: 1 <= precision <= 38, 0 <= scale <= 38; b is not 0 in the
// last two.
[[nodiscard]] bool AddDecimals(Decimal a, Decimal b, int scale, int precision, int128& out);
[[nodiscard]] bool SubtractDecimals(Decimal a, Decimal b, int scale, int precision, int128& out);
[[nodiscard]] bool MultiplyDecimals(Decimal a, Decimal b, int scale, int precision, int128& out);
[[nodiscard]] bool DivideDecimals(Decimal a, Decimal b, int scale, int precision, int128& out);
[[nodiscard]] bool RemainderOfDecimals(Decimal a, Decimal b, int scale, int precision, int128& out);
// −1, 0 or 1. Always has an answer.
int CompareDecimals(Decimal a, Decimal b);

}  // namespace semel::columnar
