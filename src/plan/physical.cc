// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "plan/physical.h"

namespace semel::plan {

std::string ChangelogMode::ToString() const {
  std::string text = "[";
  auto add = [&text](bool on, const char* name) {
    if (on) text += (text.size() > 1 ? "," : "") + std::string(name);
  };
  add(insert, "I");
  add(update_before, "UB");
  add(update_after, "UA");
  add(deletes, "D");
  return text + "]";
}

const char* PhysicalNode::Name() const {
  static constexpr const char* kNames[] = {
      "Scan",  "Calc",     "Watermark", "GroupAggregate", "WindowTableFunction", "WindowAggregate", "OverAggregate",
      "Union", "Exchange", "Sink"};
  static_assert(std::variant_size_v<OperatorSpec> == sizeof(kNames) / sizeof(kNames[0]));
  return kNames[spec.index()];
}

}  // namespace semel::plan
