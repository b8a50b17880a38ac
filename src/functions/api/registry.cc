// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "functions/api/registry.h"

#include "base/text.h"

namespace semel::functions {

void Registry::Add(ScalarFunction function) {
  const std::string name = function.name;
  SEMEL_CHECK(functions_.emplace(name, std::move(function)).second, "function registered twice: " + name);
}

const ScalarFunction* Registry::Find(std::string_view name) const {
  auto it = functions_.find(ToUpperAscii(name));
  return it == functions_.end() ? nullptr : &it->second;
}

std::string Registry::Nearest(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& [known, function] : functions_) names.push_back(known);
  return NearestName(ToUpperAscii(name), names);
}

std::vector<const ScalarFunction*> Registry::All() const {
  std::vector<const ScalarFunction*> all;
  for (const auto& [name, function] : functions_) all.push_back(&function);
  return all;
}

}  // namespace semel::functions
