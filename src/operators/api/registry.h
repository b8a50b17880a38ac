// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Operators by the name of their plan node; filled once at start from the folders below operators/.
#pragma once

#include <map>

#include "operators/api/operator.h"

namespace semel::operators {

using OperatorFactory = std::function<Result<std::unique_ptr<Operator>>(const OperatorContext&)>;

class Registry {
 public:
  void Add(std::string name, OperatorFactory factory) { factories_.emplace(std::move(name), std::move(factory)); }
  const OperatorFactory* Find(std::string_view name) const {
    auto it = factories_.find(name);
    return it == factories_.end() ? nullptr : &it->second;
  }

 private:
  std::map<std::string, OperatorFactory, std::less<>> factories_;
};

}  // namespace semel::operators
