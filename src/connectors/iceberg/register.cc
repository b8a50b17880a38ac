// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/iceberg/register.h"

#include "connectors/iceberg/iceberg_sink.h"
#include "iceberg/error_codes.h"

namespace semel::connectors {

namespace {

// CREATE CATALOG … WITH ('type' = 'iceberg'): tables that the script does not define are looked up here.
class IcebergCatalog final : public Catalog {
 public:
  IcebergCatalog(env::Env& env, std::string name, plan::Options options)
      : env_(env), name_(std::move(name)), options_(std::move(options)) {}

  Result<plan::TableDescriptor> LoadTable(const std::string& database, const std::string& table) override {
    plan::TableDescriptor descriptor;
    descriptor.catalog = name_;
    descriptor.database = database;
    descriptor.name = table;
    descriptor.connector = "iceberg";
    for (const auto& [key, value] : options_) descriptor.options["catalog." + key] = value;
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<iceberg::Table> opened, OpenIcebergTable(env_, descriptor));
    SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const iceberg::TableVersion> version, opened->Load());
    const iceberg::TableSchema& schema = iceberg::FactsOf(*version).schema;
    if (!schema.unknown.empty())
      return Status::Invalid(iceberg::kUnsupportedTable,
                             fmt::format("table {} has a column '{}' of type {}, which Semel does not know",
                                         descriptor.FullName(), schema.unknown[0].path, schema.unknown[0].type),
                             "declare the columns that the script writes with CREATE TABLE IF NOT EXISTS");
    for (const parquet::ParquetColumn& column : schema.columns)
      descriptor.physical.fields.push_back({column.name, column.type});
    return descriptor;
  }
  Result<std::vector<std::string>> ListTables(const std::string&) override {
    return Status::NotSupported("listing a catalog's tables is not supported yet", "name the table");
  }
  Result<bool> DatabaseExists(const std::string&) override {
    return Status::NotSupported("asking for a catalog's databases is not supported yet", "name the table");
  }

 private:
  env::Env& env_;
  const std::string name_;
  const plan::Options options_;
};

}  // namespace

void RegisterIceberg(Registry& registry) {
  Connector connector;
  connector.name = "iceberg";
  connector.has_sink = true;
  connector.make_sink = [](const ConnectorContext& context, const plan::SinkSpec& spec) {
    return MakeIcebergSink(*context.env, spec.table, context.pipeline_name);
  };
  registry.Add(std::move(connector));
  CatalogType type;
  type.type = "iceberg";
  type.connector = "iceberg";
  type.options = {{"catalog-impl", true, false, "'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog'"},
                  {"uri", true, false, "'uri' = 'jdbc:sqlite:/path/catalog.db'"},
                  {"warehouse", true, false, "'warehouse' = 'file:///path/warehouse'"},
                  {"jdbc.schema-version", false, false, "V0 or V1; tables are written as V1"},
                  {"default-database", false, true, "ignored"},
                  {"property-version", false, true, "ignored"},
                  {"cache-enabled", false, true, "ignored"}};
  type.check_table_option = CheckTableProperty;
  type.open = [](const ConnectorContext& context, const std::string& name,
                 const plan::Options& options) -> Result<std::unique_ptr<Catalog>> {
    return std::unique_ptr<Catalog>(std::make_unique<IcebergCatalog>(*context.env, name, options));
  };
  type.check_option = CheckCatalogOption;
  registry.Add(std::move(type));
}

}  // namespace semel::connectors
