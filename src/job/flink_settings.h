// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Settings that are Flink's and not Semel's: which of them may be passed over with a notice, and which would change
// results in Flink, so that passing over them would be wrong in silence.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace semel::job {

// A setting with which Flink gives other results than Semel does.
struct RefusedSetting {
  std::string key;
  std::vector<std::string> harmless;  // values, in upper case, with which both give the same; "0" also as a duration
  std::string reason;                 // why Semel cannot go on with another value
  std::string way_out;
};

const std::vector<RefusedSetting>& RefusedSettings();

// Invalid (kBadSetting) with the reason if Flink would give other results with this value than Semel.
Status CheckResultChanging(const std::string& key, const std::string& value);

// Whether the key stands in one of Flink's namespaces. What does not is nobody's setting.
bool IsFlinkSetting(const std::string& key);

}  // namespace semel::job
