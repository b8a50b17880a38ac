// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What a script has defined so far: settings, catalogs, databases, tables, views.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
};

struct ViewDefinition {
  AstQueryPtr query;
};

// Name → definition, with catalogs opened when first needed. One strand.
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
  const ViewDefinition* FindView(const std::vector<std::string>& name) const;
  std::vector<std::string> TableNames() const;

  // Checks WITH options against what the connector knows, once per use of the table. `source`: read, else written.
  Status CheckOptions(const TableDefinition& table, bool source);
  const connectors::Registry& connectors() const { return connectors_; }
  const connectors::ConnectorContext& context() const { return context_; }

 private:
  Status CheckFormatOptions(const TableDefinition& definition);
  Result<columnar::DataType> MetadataType(const plan::TableDescriptor& table, const AstColumn& column) const;
  void Notice(std::string text);
  struct CatalogDefinition {
    std::string type;
    plan::Options options;
    std::unique_ptr<connectors::Catalog> opened;
    std::vector<std::string> databases;  // created by the script
  };
  std::vector<std::string> FullName(const std::vector<std::string>& name) const;
  Result<std::shared_ptr<plan::TableDescriptor>> Describe(const Statement& s, const std::vector<std::string>& full);
  Result<const TableDefinition*> LoadFromCatalog(const std::vector<std::string>& full, SourceSpan span);

  const connectors::Registry& connectors_;
  connectors::ConnectorContext context_;
  const bool offline_;
  std::string catalog_ = "default_catalog";
  std::string database_ = "default_database";
  std::map<std::string, CatalogDefinition> catalogs_;
  std::map<std::string, TableDefinition> tables_;
  std::map<std::string, ViewDefinition> views_;
};

}  // namespace semel::sql
