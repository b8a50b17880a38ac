// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/usage.h"

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/error_codes.h"

namespace semel::cli {

namespace {

Status Wrong(const std::string& message, const std::string& hint) { return Status::Invalid(kWrongUse, message, hint); }

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

Status NoSuchCommand(const std::string& where, const std::string& word, const std::vector<std::string>& commands) {
  const std::string near = NearestName(word, commands);
  return Wrong(fmt::format("there is no command '{} {}'", where, word),
               near.empty() ? fmt::format("there are {}; `{} --help` says what each does", Join(commands, ", "), where)
                            : fmt::format("did you mean `{} {}`?", where, near));
}

}  // namespace

Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* at = &app;
  std::string where = app.get_name();
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
    where += " " + at->get_name();
  }
  const std::vector<std::string> left = app.remaining(true), commands = CommandsOf(*at);
  const std::string help = fmt::format("`{} --help` shows how it is used", where);
  if (!left.empty() && left[0].rfind('-', 0) == 0 && left[0] != "-") {
    const std::string near = NearestName(left[0].substr(0, left[0].find('=')), OptionsOf(*at));
    return Wrong(fmt::format("`{}` has no option '{}'", where, left[0]),
                 near.empty() ? help : fmt::format("did you mean '{}'?", near));
  }
  if (!commands.empty()) {
    if (!left.empty()) return NoSuchCommand(where, left[0], commands);
    return Wrong(fmt::format("`{}` needs a command", where),
                 fmt::format("one of {}; `{} --help` says what each does", Join(commands, ", "), where));
  }
  if (!left.empty()) return Wrong(fmt::format("`{}` does not know what to do with '{}'", where, left[0]), help);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    for (const CLI::Option* option : at->get_options())
      if (option->get_required() && option->count() == 0)
        return Wrong(fmt::format("the {} is missing",
                                 option->get_name(true).empty() ? option->get_name() : option->get_name(true)),
                     option->get_name(true) == "script" ? fmt::format("name it: `{} pipeline.sql`", where) : help);
  }
  std::string what = error.what();
  for (char& c : what)
    if (c == '\n') c = ' ';
  return Wrong(fmt::format("`{}`: {}", where, what), help);
}

std::vector<std::string> NormalWords(std::vector<std::string> words) {
  if (words.empty()) return words;
  if (words[0] == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  } else if (words[0] == "--version" || words[0] == "-V") {
    words[0] = "version";
  }
  return words;
}

bool AsksForJson(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == "--format=json" || (words[i] == "--format" && i + 1 < words.size() && words[i + 1] == "json"))
      return true;
  return false;
}

}  // namespace semel::cli
