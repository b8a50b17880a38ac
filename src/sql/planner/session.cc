// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/session.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "functions/api/literal.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

namespace {

constexpr char kDefaultCatalog[] = "default_catalog";

bool Matches(const connectors::OptionSpec& spec, const std::string& key) {
  if (spec.key.size() > 2 && spec.key.compare(spec.key.size() - 2, 2, ".*") == 0)
    return key.compare(0, spec.key.size() - 1, spec.key, 0, spec.key.size() - 1) == 0;
  return spec.key == key;
}

// Whether the key is 'format', or begins with the name of the table's format (CheckFormatOptions looks at the rest).
bool IsFormatOption(const plan::TableDescriptor& table, const connectors::ConnectorContext& context,
                    const std::string& key) {
  if (context.formats == nullptr) return false;
  for (const char* option : {"format", "value.format", "key.format"}) {
    const auto it = table.options.find(option);
    if (it == table.options.end()) continue;
    const std::string role(option, std::string_view(option).size() - 6);
    if (key.rfind(role + it->second + ".", 0) == 0) return true;
  }
  return false;
}

Status UnknownName(ErrorCode code, std::string_view what, const std::string& name,
                   const std::vector<std::string>& known, SourceSpan span) {
  const std::string near = NearestName(name, known);
  return Status::Invalid(code, fmt::format("there is no {} '{}'", what, name),
                         near.empty() ? (known.empty() ? "define it first" : "there are: " + Join(known, ", "))
                                      : fmt::format("did you mean '{}'?", near))
      .WithSpan(span);
}

// The columns of a primary key or a partitioning: physical ones, each once.
Status CheckColumnList(const Statement& s, const std::vector<std::string>& list,
                       const std::vector<std::string>& names) {
  for (auto it = list.begin(); it != list.end(); ++it) {
    const auto column = std::find_if(s.columns.begin(), s.columns.end(), [it](const auto& c) { return c.name == *it; });
    if (column == s.columns.end()) return UnknownName(kUnknownColumn, "column", *it, names, s.name_span);
    const char* what = &list == &s.primary_key ? "PRIMARY KEY" : "PARTITIONED BY";
    if (std::find(list.begin(), it, *it) != it)
      return Status::Invalid(kDuplicateName, fmt::format("column '{}' stands twice in {}", *it, what),
                             "name each column once")
          .WithSpan(s.name_span);
    if (column->kind != AstColumn::Kind::kPhysical)
      return Status::Invalid(kTypeMismatch, fmt::format("column '{}' in {} is not physical", *it, what),
                             "a computed or metadata column is not stored in the table")
          .WithSpan(column->span);
  }
  return Status::Ok();
}

// What a table of an external catalog cannot keep: only what its format stores.
Status CheckStored(const Statement& s) {
  for (const AstColumn& column : s.columns)
    if (column.kind != AstColumn::Kind::kPhysical)
      return Status::Invalid(kUnsupportedSql,
                             fmt::format("column '{}' is not stored: no catalog keeps it", column.name),
                             "compute it in a view, or CREATE TEMPORARY TABLE")
          .WithSpan(column.span);
  if (s.watermark)
    return Status::Invalid(kUnsupportedSql, "a WATERMARK in a table of a catalog is not supported",
                           "leave it out: the table stores rows only")
        .WithSpan(s.watermark->span);
  return Status::Ok();
}

}  // namespace

std::vector<std::string> Session::FullName(const std::vector<std::string>& name) const {
  if (name.size() == 3) return name;
  if (name.size() == 2) return {here_.catalog, name[0], name[1]};
  return {here_.catalog, here_.database, name[0]};
}

Status Session::CreateCatalog(const Statement& s) {
  auto type = s.options.find("type");
  if (type == s.options.end())
    return Status::Invalid(kMissingOption, "the catalog needs a 'type'", "WITH ('type' = 'iceberg', …)")
        .WithSpan(s.name_span);
  const connectors::CatalogType* known = connectors_.FindCatalog(type->second);
  if (known == nullptr)
    return UnknownName(kUnknownCatalog, "catalog type", type->second, connectors_.CatalogTypes(),
                       s.option_spans.at("type"));
  std::vector<std::string> keys;
  for (const connectors::OptionSpec& spec : known->options) keys.push_back(spec.key);
  for (const auto& [key, value] : s.options) {
    if (key == "type") continue;
    const bool found = std::any_of(known->options.begin(), known->options.end(),
                                   [&key = key](const auto& spec) { return Matches(spec, key); });
    if (!found) return UnknownName(kUnknownOption, "catalog option", key, keys, s.option_spans.at(key));
    if (!known->check_option) continue;
    if (const Status usable = known->check_option(key, value); !usable.ok())
      return usable.WithContext(fmt::format("catalog '{}'", s.name[0])).WithSpan(s.option_spans.at(key));
  }
  for (const connectors::OptionSpec& spec : known->options)
    if (spec.ignored && s.options.count(spec.key) > 0)
      Notice(fmt::format("option '{}' of catalog {} has no effect in Semel", spec.key, s.name[0]));
  for (const connectors::OptionSpec& spec : known->options)
    if (spec.required && s.options.count(spec.key) == 0)
      return Status::Invalid(kMissingOption, fmt::format("the catalog needs the option '{}'", spec.key),
                             spec.description)
          .WithSpan(s.name_span);
  CatalogDefinition& catalog = catalogs_[s.name[0]];
  if (!catalog.type.empty()) {
    if (s.if_not_exists) return Status::Ok();
    return Status::Invalid(kDuplicateName, fmt::format("catalog '{}' exists already", s.name[0]),
                           "use another name or IF NOT EXISTS")
        .WithSpan(s.name_span);
  }
  catalog.type = type->second;
  catalog.options = s.options;
  return Status::Ok();
}

Status Session::CreateDatabase(const Statement& s) {
  const std::string& catalog = s.name.size() > 1 ? s.name[0] : here_.catalog;
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> * databases, FindDatabases(catalog, s.name_span));
  if (std::find(databases->begin(), databases->end(), s.name.back()) == databases->end()) {
    databases->push_back(s.name.back());
  } else if (!s.if_not_exists) {
    return Status::Invalid(kDuplicateName, fmt::format("database '{}' exists already", s.name.back()),
                           "use another name or IF NOT EXISTS")
        .WithSpan(s.name_span);
  }
  return Status::Ok();
}

Result<std::vector<std::string>*> Session::FindDatabases(const std::string& catalog, SourceSpan span) {
  if (catalog == kDefaultCatalog) return &databases_;
  auto it = catalogs_.find(catalog);
  if (it == catalogs_.end())
    return Status::Invalid(kUnknownCatalog, fmt::format("there is no catalog '{}'", catalog), "CREATE CATALOG first")
        .WithSpan(span);
  return &it->second.databases;
}

Status Session::UseCatalog(const Statement& s) {
  SEMEL_RETURN_IF_ERROR(FindDatabases(s.name[0], s.name_span).status());
  here_ = {s.name[0], s.name[0] == kDefaultCatalog ? "default_database" : "default"};
  return Status::Ok();
}

// Databases of an external catalog are told by it when a table is looked for.
Status Session::UseDatabase(const Statement& s) {
  Namespace where{s.name.size() > 1 ? s.name[0] : here_.catalog, s.name.back()};
  SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string>* known, FindDatabases(where.catalog, s.name_span));
  if (where.catalog == kDefaultCatalog && std::find(known->begin(), known->end(), where.database) == known->end())
    return UnknownName(kUnknownCatalog, "database", where.database, *known, s.name_span);
  here_ = std::move(where);
  return Status::Ok();
}

Result<std::shared_ptr<plan::TableDescriptor>> Session::Describe(const Statement& s,
                                                                 const std::vector<std::string>& full) {
  auto table = std::make_shared<plan::TableDescriptor>();
  table->catalog = full[0];
  table->database = full[1];
  table->name = full[2];
  table->primary_key = s.primary_key;
  table->partitioned_by = s.partitioned_by;
  if (full[0] == kDefaultCatalog || s.temporary) {
    auto connector = s.options.find("connector");
    if (connector == s.options.end())
      return Status::Invalid(kMissingOption, "the table needs a 'connector'", "WITH ('connector' = 'kafka', …)")
          .WithSpan(s.name_span);
    if (connectors_.Find(connector->second) == nullptr)
      return UnknownName(kUnknownOption, "connector", connector->second, connectors_.Names(),
                         s.option_spans.at("connector"));
    if (!s.partitioned_by.empty())
      Notice(fmt::format("PARTITIONED BY of {} has no effect: connector '{}' has no partitions", full[2],
                         connector->second));
    table->connector = connector->second;
    table->options = s.options;
    table->options.erase("connector");
    return table;
  }
  auto catalog = catalogs_.find(full[0]);
  if (catalog == catalogs_.end())
    return Status::Invalid(kUnknownCatalog, fmt::format("there is no catalog '{}'", full[0]), "CREATE CATALOG first")
        .WithSpan(s.name_span);
  if (s.options.count("connector") > 0)
    return Status::Invalid(kUnknownOption, fmt::format("a table of catalog '{}' has no 'connector'", full[0]),
                           "leave it out, or CREATE TEMPORARY TABLE for a table of this script only")
        .WithSpan(s.option_spans.at("connector"));
  SEMEL_RETURN_IF_ERROR(CheckStored(s));
  const connectors::CatalogType* type = connectors_.FindCatalog(catalog->second.type);
  for (const auto& [key, value] : s.options)
    if (type->check_table_option)
      if (const Status usable = type->check_table_option(key, value); !usable.ok())
        return usable.WithSpan(s.option_spans.at(key));
  table->connector = type->connector;
  for (const auto& [key, value] : catalog->second.options) table->options["catalog." + key] = value;
  for (const auto& [key, value] : s.options) table->options["table." + key] = value;
  table->options["create"] = s.if_not_exists ? "if-not-exists" : "always";
  const auto& databases = catalog->second.databases;
  if (std::find(databases.begin(), databases.end(), full[1]) != databases.end())
    table->options["create-database"] = "true";
  return table;
}

Status Session::CreateTable(const Statement& s) {
  const std::vector<std::string> full = FullName(s.name);
  const std::string key = Join(full, ".");
  Definitions& known = DefinitionsFor(s);
  if (known.views.count(key) > 0)
    return Status::Invalid(kDuplicateName, fmt::format("'{}' is a view already", key), "use another name")
        .WithSpan(s.name_span);
  if (known.tables.count(key) > 0) {
    if (s.if_not_exists) return Status::Ok();
    return Status::Invalid(kDuplicateName, fmt::format("table '{}' exists already", key),
                           "use another name or IF NOT EXISTS")
        .WithSpan(s.name_span);
  }
  SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<plan::TableDescriptor> table, Describe(s, full));
  std::vector<std::string> names;
  for (const AstColumn& column : s.columns) {
    if (std::find(names.begin(), names.end(), column.name) != names.end())
      return Status::Invalid(kDuplicateName, fmt::format("column '{}' is defined twice", column.name),
                             "rename one of them")
          .WithSpan(column.span);
    names.push_back(column.name);
    const bool in_key = std::find(s.primary_key.begin(), s.primary_key.end(), column.name) != s.primary_key.end();
    const columnar::DataType type = in_key ? column.type.WithNullable(false) : column.type;
    if (column.kind == AstColumn::Kind::kPhysical) {
      table->physical.fields.push_back({column.name, type});
    } else if (column.kind == AstColumn::Kind::kMetadata) {
      SEMEL_ASSIGN_OR_RETURN(columnar::DataType own, MetadataType(*table, column));
      table->metadata.push_back({column.name, column.metadata_key, own, column.is_virtual});
    }
  }
  for (const std::vector<std::string>* list : {&s.primary_key, &s.partitioned_by})
    SEMEL_RETURN_IF_ERROR(CheckColumnList(s, *list, names));
  TableDefinition definition{table,
                             s.columns,
                             s.watermark_column,
                             s.watermark,
                             s.watermark_span,
                             s.name_span,
                             s.option_spans,
                             table->options.count("create") > 0};
  for (AstColumn& column : definition.columns)
    if (std::find(s.primary_key.begin(), s.primary_key.end(), column.name) != s.primary_key.end())
      column.type = column.type.WithNullable(false);
  known.tables[key] = std::move(definition);
  return Status::Ok();
}

// The connector's own type for the key; the query casts it to the declared one, as in Flink.
Result<columnar::DataType> Session::MetadataType(const plan::TableDescriptor& table, const AstColumn& column) const {
  const connectors::Connector* connector = connectors_.Find(table.connector);
  std::vector<std::string> keys;
  if (connector != nullptr) {
    for (const auto& [key, type] : connector->metadata) {
      keys.push_back(key);
      if (key != column.metadata_key) continue;
      if (functions::CanCast(type, column.type)) return type;
      return Status::Invalid(kTypeMismatch,
                             fmt::format("metadata '{}' is {}, which cannot be cast to {}", key, type.ToString(),
                                         column.type.ToString()),
                             "declare the column with its type")
          .WithSpan(column.span);
    }
  }
  return UnknownName(kUnknownColumn, fmt::format("metadata of '{}'", table.connector), column.metadata_key, keys,
                     column.span);
}

Status Session::CreateView(const Statement& s) {
  const std::string key = Join(FullName(s.name), ".");
  Definitions& known = DefinitionsFor(s);
  if (known.tables.count(key) > 0)
    return Status::Invalid(kDuplicateName, fmt::format("'{}' is a table already", key), "use another name")
        .WithSpan(s.name_span);
  if (!s.if_not_exists && known.views.count(key) > 0)
    return Status::Invalid(kDuplicateName, fmt::format("view '{}' exists already", key), "use another name")
        .WithSpan(s.name_span);
  known.views.emplace(key, ViewDefinition{s.query, s.view_columns, here_});
  return Status::Ok();
}

Status Session::Drop(const Statement& s) {
  const std::vector<std::string> full = FullName(s.name);
  const std::string key = Join(full, ".");
  const bool of_view = s.kind == StatementKind::kDropView;
  const char* kind = of_view ? "VIEW" : "TABLE";
  const bool hidden = of_view ? temporary_.views.count(key) > 0 : temporary_.tables.count(key) > 0;
  if (hidden && !s.temporary)
    return Status::Invalid(kWrongDirection, fmt::format("'{}' is temporary", full[2]),
                           fmt::format("DROP TEMPORARY {}", kind))
        .WithSpan(s.name_span);
  Definitions& known = DefinitionsFor(s);
  if (of_view ? known.tables.count(key) > 0 : known.views.count(key) > 0)
    return Status::Invalid(kWrongDirection, fmt::format("'{}' is a {}", full[2], of_view ? "table" : "view"),
                           fmt::format("DROP {}{}", s.temporary ? "TEMPORARY " : "", of_view ? "TABLE" : "VIEW"))
        .WithSpan(s.name_span);
  if (!of_view && !s.temporary && full[0] != kDefaultCatalog)
    return Status::Invalid(kUnsupportedSql, "DROP TABLE in an external catalog is not supported",
                           "drop it with a tool of the catalog: Semel never deletes tables")
        .WithSpan(s.name_span);
  const size_t dropped = of_view ? known.views.erase(key) : known.tables.erase(key);
  if (dropped == 0 && !s.if_exists) return UnknownTable(full, of_view ? "view" : "table", s.name_span);
  return Status::Ok();
}

const ViewDefinition* Session::FindView(const std::vector<std::string>& name) const {
  const std::string key = Join(FullName(name), ".");
  for (const Definitions* known : {&temporary_, &permanent_}) {
    if (known->tables.count(key) > 0) return nullptr;
    if (const auto it = known->views.find(key); it != known->views.end()) return &it->second;
  }
  return nullptr;
}

std::vector<std::string> Session::TableNames() const {
  std::set<std::string> names;
  for (const Definitions* known : {&temporary_, &permanent_}) {
    for (const auto& [name, table] : known->tables) names.insert(name);
    for (const auto& [name, view] : known->views) names.insert(name);
  }
  return {names.begin(), names.end()};
}

// The nearest name is told by the last part: the first two are the same for most.
Status Session::UnknownTable(const std::vector<std::string>& full, std::string_view what, SourceSpan span) const {
  std::vector<std::string> names;
  for (const std::string& known : TableNames()) names.push_back(Split(known, '.').back());
  return UnknownName(kUnknownTable, what, full[2], names, span);
}

Result<const TableDefinition*> Session::FindTable(const std::vector<std::string>& name, SourceSpan span) {
  const std::vector<std::string> full = FullName(name);
  const std::string key = Join(full, ".");
  for (const Definitions* known : {&temporary_, &permanent_}) {
    if (const auto it = known->tables.find(key); it != known->tables.end()) return &it->second;
    if (known->views.count(key) > 0)
      return Status::Invalid(kWrongDirection, fmt::format("'{}' is a view", full[2]), "insert into a table")
          .WithSpan(span);
  }
  if (catalogs_.count(full[0]) > 0) return LoadFromCatalog(full, span);
  if (full[0] != kDefaultCatalog) {
    std::vector<std::string> catalogs{kDefaultCatalog};
    for (const auto& [catalog, definition] : catalogs_) catalogs.push_back(catalog);
    return UnknownName(kUnknownCatalog, "catalog", full[0], catalogs, span);
  }
  return UnknownTable(full, "table", span);
}

Result<const TableDefinition*> Session::LoadFromCatalog(const std::vector<std::string>& full, SourceSpan span) {
  CatalogDefinition& catalog = catalogs_.at(full[0]);
  const connectors::CatalogType* type = connectors_.FindCatalog(catalog.type);
  if (offline_)
    return Status::Invalid(kUnknownTable, fmt::format("'{}' is not defined in the script", Join(full, ".")),
                           "define it with CREATE TABLE IF NOT EXISTS, or check without --offline")
        .WithSpan(span);
  if (!catalog.opened) {
    context_.settings = settings;
    if (auto name = settings.find("pipeline.name"); name != settings.end()) context_.pipeline_name = name->second;
    SEMEL_ASSIGN_OR_RETURN(catalog.opened, type->open(context_, full[0], catalog.options));
  }
  Result<plan::TableDescriptor> loaded = catalog.opened->LoadTable(full[1], full[2]);
  if (!loaded.ok()) return loaded.status().WithSpan(span);
  auto table = std::make_shared<plan::TableDescriptor>(std::move(loaded).value());
  for (const auto& [key, value] : catalog.options) table->options["catalog." + key] = value;
  TableDefinition definition;
  for (const columnar::Field& field : table->physical.fields) {
    AstColumn column;
    column.name = field.name;
    column.type = field.type;
    definition.columns.push_back(std::move(column));
  }
  definition.table = table;
  definition.span = span;
  definition.of_catalog = definition.is_looked_up = true;
  return &(permanent_.tables[Join(full, ".")] = std::move(definition));
}

void Session::Notice(std::string text) {
  if (std::find(notices.begin(), notices.end(), text) == notices.end()) notices.push_back(std::move(text));
}

// Options behind a format's name ('json.…') are the format's.
Status Session::CheckFormatOptions(const TableDefinition& definition) {
  if (context_.formats == nullptr) return Status::Ok();
  for (const auto& [key, value] : definition.table->options) {
    if (key != "format" && key != "value.format" && key != "key.format") continue;
    const auto place = [&definition](const std::string& option) {
      const auto it = definition.option_spans.find(option);
      return it == definition.option_spans.end() ? definition.span : it->second;
    };
    const formats::Format* format = context_.formats->Find(value);
    if (format == nullptr) return UnknownName(kUnknownOption, "format", value, context_.formats->Names(), place(key));
    const std::string prefix = (key == "format" ? "" : key.substr(0, key.size() - 6)) + value + ".";
    formats::DecoderRequest request;
    request.physical = &definition.table->physical;
    SourceSpan first = place(key);
    for (const auto& [option, setting] : definition.table->options) {
      if (option.rfind(prefix, 0) != 0) continue;
      const std::string name = option.substr(prefix.size());
      if (std::find(format->known_options.begin(), format->known_options.end(), name) == format->known_options.end())
        return UnknownName(kUnknownOption, fmt::format("option of format '{}'", value), name, format->known_options,
                           place(option));
      const auto& ignored = format->ignored_options;
      if (std::find(ignored.begin(), ignored.end(), name) != ignored.end())
        Notice(fmt::format("option '{}' of {} has no effect in Semel", option, definition.table->name));
      if (request.options.empty()) first = place(option);
      request.options[name] = setting;
    }
    // Whether the values of the options can be used is told by making a decoder of no columns, before anything is
    // opened or created.
    if (!format->make_decoder) continue;
    if (const Status usable = format->make_decoder(request).status(); !usable.ok()) return usable.WithSpan(first);
  }
  return Status::Ok();
}

Status Session::CheckOptions(const TableDefinition& definition, bool source) {
  const plan::TableDescriptor& table = *definition.table;
  const connectors::Connector* connector = connectors_.Find(table.connector);
  SEMEL_CHECK(connector != nullptr, table.connector);
  if (source ? !connector->has_source : !connector->has_sink)
    return Status::Invalid(kWrongDirection,
                           fmt::format("connector '{}' cannot be {}", table.connector, source ? "read" : "written"),
                           "use another connector for this table")
        .WithSpan(definition.span);
  if (definition.of_catalog) return Status::Ok();  // the catalog checked its own
  SEMEL_RETURN_IF_ERROR(CheckFormatOptions(definition));
  const std::vector<connectors::OptionSpec>& specs = source ? connector->source_options : connector->sink_options;
  const std::vector<connectors::OptionSpec>& others = source ? connector->sink_options : connector->source_options;
  std::vector<std::string> keys;
  for (const connectors::OptionSpec& spec : specs) keys.push_back(spec.key);
  for (const auto& [key, value] : table.options) {
    auto known =
        std::find_if(specs.begin(), specs.end(), [&key = key](const auto& spec) { return Matches(spec, key); });
    const bool elsewhere =
        std::any_of(others.begin(), others.end(), [&key = key](const auto& spec) { return Matches(spec, key); });
    if (known == specs.end() && !elsewhere && !IsFormatOption(table, context_, key)) {
      const auto place = definition.option_spans.find(key);
      return UnknownName(kUnknownOption, fmt::format("option of '{}'", table.connector), key, keys,
                         place == definition.option_spans.end() ? definition.span : place->second);
    }
    if (known != specs.end() && known->ignored)
      Notice(fmt::format("option '{}' of {} has no effect in Semel", key, table.name));
  }
  for (const connectors::OptionSpec& spec : specs)
    if (spec.required && table.options.count(spec.key) == 0)
      return Status::Invalid(kMissingOption, fmt::format("{} needs the option '{}'", table.name, spec.key),
                             spec.description)
          .WithSpan(definition.span);
  return Status::Ok();
}

}  // namespace semel::sql
