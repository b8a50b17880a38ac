// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The formats known to the engine; filled once at start from the folders below formats/.
#pragma once

#include "formats/api/decoder.h"

namespace semel::formats {

class Registry {
 public:
  // REQUIRES: the name is new.
  void Add(Format format) {
    const std::string name = format.name;
    SEMEL_CHECK(formats_.emplace(name, std::move(format)).second, "format registered twice: " + name);
  }
  const Format* Find(std::string_view name) const {
    auto it = formats_.find(name);
    return it == formats_.end() ? nullptr : &it->second;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, format] : formats_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, Format, std::less<>> formats_;
};

}  // namespace semel::formats
