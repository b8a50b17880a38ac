// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/totals.h"

#include "cli/json_text.h"

namespace semel::cli {

void Totals::Add(const checkpoint::Books& books) {
  for (const auto& [name, n] : books) {
    const std::string what = name.substr(name.rfind('/') + 1);
    if (what == "read") read += n;
    if (what == "written") written += n;
    if (what == "late") late += n;
    if (what == "rejected") rejected += n;
  }
}

std::string Totals::ToString() const {
  std::string text = fmt::format("{} rows read, {} written", read, written);
  if (late > 0) text += fmt::format(", {} late and dropped", late);
  if (rejected > 0) text += fmt::format(", {} rejected and skipped", rejected);
  return text;
}

std::string Totals::ToJson() const {
  return JsonObject()
      .Number("read", read)
      .Number("written", written)
      .Number("late", late)
      .Number("rejected", rejected)
      .ToString();
}

}  // namespace semel::cli
