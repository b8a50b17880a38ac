// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A script, planned: the one entry to the language for everything above it.
#pragma once

#include <string>
#include <vector>

#include "connectors/api/registry.h"
#include "functions/api/registry.h"
#include "plan/physical.h"

namespace semel::sql {

struct ScriptContext {
  const functions::Registry* functions = nullptr;
  const connectors::Registry* connectors = nullptr;
  env::Env* env = nullptr;
  const formats::Registry* formats = nullptr;
  bool offline = false;  // catalogs are not opened
};

struct PlannedScript {
  plan::PhysicalPlan plan;           // all INSERTs of the script as one job; no sinks: nothing to run
  std::vector<std::string> notices;  // said once
  std::string output;                // of EXPLAIN, DESCRIBE, SHOW TABLES
};

// Parses, binds and plans. Errors carry the place in the script.
Result<PlannedScript> PlanScript(std::string_view script, const ScriptContext& context);

// An error as people read it: code, message, the line with its place underlined, the hint. Control bytes are escaped.
std::string RenderError(const Status& status, std::string_view script, std::string_view file);
// {"code": "SEMEL-1101", "exit_code": 78, "message": …, "hint": …, "file": …, "line": n, "column": n}
std::string RenderErrorJson(const Status& status, std::string_view script, std::string_view file);

}  // namespace semel::sql
