// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What a script has defined so far: settings, catalogs, databases, tables, views.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/api/registry.h"
#include "sql/syntax/ast.h"

namespace semel::sql {

// A table of the script with everything that its definition says.
struct TableDefinition {
  plan::TablePtr table;
  std::vector<AstColumn> columns;  // in order, also computed ones
  std::string watermark_column;
  AstExprPtr watermark;
  SourceSpan watermark_span;  // of the column that it names
  SourceSpan span;
  std::map<std::string, SourceSpan> option_spans;
  bool of_catalog = false;    // kept by an external catalog, which knows its options
  bool is_looked_up = false;  // there: the script does not declare its columns
};

// Where names of fewer than three parts are looked up.
struct Namespace {
  std::string catalog = "default_catalog";
  std::string database = "default_database";
};

struct ViewDefinition {
  AstQueryPtr query;
  std::vector<std::string> columns;  // their new names; empty: the query's
  Namespace where;  // of its definition: the query's names are looked up there, wherever the view is used
};

// Name → definition, with catalogs opened when first needed. Temporary tables and views belong to the script, whatever
// catalog their name says, and hide what the catalog has under the same name. One strand.
class Session {
 public:
  Session(const connectors::Registry& connectors, connectors::ConnectorContext context, bool offline)
      : connectors_(connectors), context_(std::move(context)), offline_(offline) {}

  plan::Options settings;
  std::map<std::string, SourceSpan> setting_places;
  std::vector<std::string> notices;

  Status CreateCatalog(const Statement& s);
  Status CreateDatabase(const Statement& s);
  Status UseCatalog(const Statement& s);
  Status UseDatabase(const Statement& s);
  Status CreateTable(const Statement& s);
  Status CreateView(const Statement& s);
  Status Drop(const Statement& s);

  // The table of this name, from the script or from its catalog; unknown names get the nearest one as a hint.
  Result<const TableDefinition*> FindTable(const std::vector<std::string>& name, SourceSpan span);
  // What a CREATE TABLE has defined, or found defined.
  const TableDefinition& DefinedBy(const Statement& s) {
    return DefinitionsFor(s).tables.at(Join(FullName(s.name), "."));
  }
  const ViewDefinition* FindView(const std::vector<std::string>& name) const;
  // Looks names up elsewhere from now on; returns where it was before.
  Namespace Enter(Namespace where) { return std::exchange(here_, std::move(where)); }
  std::vector<std::string> TableNames() const;

  // Checks WITH options against what the connector knows, once per use of the table. `source`: read, else written.
  Status CheckOptions(const TableDefinition& table, bool source);
  const connectors::Registry& connectors() const { return connectors_; }
  const connectors::ConnectorContext& context() const { return context_; }

 private:
  Status CheckFormatOptions(const TableDefinition& definition);
  Result<columnar::DataType> MetadataType(const plan::TableDescriptor& table, const AstColumn& column) const;
  Status UnknownTable(const std::vector<std::string>& full, std::string_view what, SourceSpan span) const;
  void Notice(std::string text);
  struct CatalogDefinition {
    std::string type;
    plan::Options options;
    std::unique_ptr<connectors::Catalog> opened;
    std::vector<std::string> databases;  // created by the script
  };
  struct Definitions {
    std::map<std::string, TableDefinition> tables;
    std::map<std::string, ViewDefinition> views;
  };
  Result<std::vector<std::string>*> FindDatabases(const std::string& catalog, SourceSpan span);
  std::vector<std::string> FullName(const std::vector<std::string>& name) const;
  Definitions& DefinitionsFor(const Statement& s) { return s.temporary ? temporary_ : permanent_; }
  Result<std::shared_ptr<plan::TableDescriptor>> Describe(const Statement& s, const std::vector<std::string>& full);
  Result<const TableDefinition*> LoadFromCatalog(const std::vector<std::string>& full, SourceSpan span);

  const connectors::Registry& connectors_;
  connectors::ConnectorContext context_;
  const bool offline_;
  Namespace here_;
  std::vector<std::string> databases_{"default_database"};  // of the default catalog
  std::map<std::string, CatalogDefinition> catalogs_;
  Definitions temporary_, permanent_;  // by full name
};

}  // namespace semel::sql
