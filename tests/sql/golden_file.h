// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Files of cases: "## name", a script, "---- plan", "---- output" or "---- error", what is expected up to the next
// case. Text before the first case is comment; the case named "prelude" has no expectation and stands in front of every
// script.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace semel::sql {

struct GoldenCase {
  std::string name, script, kind, expected;
};

struct GoldenFile {
  std::string comment, prelude;
  std::vector<GoldenCase> cases;
};

inline GoldenFile ReadGolden(const std::string& path) {
  std::ifstream in(path);
  GoldenFile file;
  GoldenCase* current = nullptr;
  bool expecting = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("## ", 0) == 0) {
      file.cases.push_back({line.substr(3), "", "", ""});
      current = &file.cases.back();
      expecting = false;
    } else if (current != nullptr && line.rfind("---- ", 0) == 0) {
      current->kind = line.substr(5);
      expecting = true;
    } else {
      (current == nullptr ? file.comment : expecting ? current->expected : current->script) += line + "\n";
    }
  }
  if (!file.cases.empty() && file.cases[0].name == "prelude") {
    file.prelude = file.cases[0].script;
    file.cases.erase(file.cases.begin());
  }
  return file;
}

inline void WriteGolden(const std::string& path, const GoldenFile& file) {
  std::ofstream out(path);
  out << file.comment << "## prelude\n" << file.prelude;
  for (const GoldenCase& c : file.cases)
    out << "## " << c.name << "\n" << c.script << "---- " << c.kind << "\n" << c.expected;
}

}  // namespace semel::sql
