// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The connectors and catalogs known to the engine; filled once at start from the folders below connectors/.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/api/sink.h"
#include "connectors/api/source.h"
#include "formats/api/registry.h"

namespace semel::connectors {

// What a connector may use while it is made.
struct ConnectorContext {
  env::Env* env = nullptr;
  const formats::Registry* formats = nullptr;
  plan::Options settings;     // SET options of the script
  std::string pipeline_name;  // SET 'pipeline.name'
  std::string node_id;        // of the scan or sink that is being made
};

// One option of WITH (…).
struct OptionSpec {
  std::string key;  // "scan.startup.mode"; a trailing ".*" admits any suffix ("properties.*")
  bool required = false;
  bool ignored = false;  // only tunes Flink: accepted with one notice
  std::string description;
};

struct Connector {
  std::string name;
  std::vector<OptionSpec> source_options;
  std::vector<OptionSpec> sink_options;
  bool has_source = false;
  bool has_sink = false;
  // Metadata keys readable by METADATA FROM 'key', with their types.
  std::vector<std::pair<std::string, columnar::DataType>> metadata;
  std::vector<std::string> accepts_changelog;  // row kinds besides +I that the sink takes: "UA", "UB", "D"
  std::function<Result<std::unique_ptr<Source>>(const ConnectorContext&, const plan::ScanSpec&)> make_source;
  std::function<Result<std::unique_ptr<Sink>>(const ConnectorContext&, const plan::SinkSpec&)> make_sink;
};

// An external catalog (CREATE CATALOG … WITH ('type' = 'iceberg', …)).
class Catalog {
 public:
  virtual ~Catalog() = default;
  // kNotFound if there is no such table. The descriptor's connector and options lead back to this catalog.
  virtual Result<plan::TableDescriptor> LoadTable(const std::string& database, const std::string& table) = 0;
  virtual Result<std::vector<std::string>> ListTables(const std::string& database) = 0;
  virtual Result<bool> DatabaseExists(const std::string& database) = 0;
};

struct CatalogType {
  std::string type;       // "iceberg"
  std::string connector;  // the connector of its tables
  std::vector<OptionSpec> options;
  // Whether a table may be created with this option of WITH (…); empty: any.
  std::function<Status(const std::string& key, const std::string& value)> check_table_option;
  std::function<Result<std::unique_ptr<Catalog>>(const ConnectorContext&, const std::string& name,
                                                 const plan::Options&)>
      open;
  // Whether a value can be used, told where the catalog is created and before anything is opened. May be empty.
  std::function<Status(const std::string& key, const std::string& value)> check_option;
};

class Registry {
 public:
  // REQUIRES: the name is new. A second one would be silently out of reach.
  void Add(Connector connector) {
    const std::string name = connector.name;
    SEMEL_CHECK(connectors_.emplace(name, std::move(connector)).second, "connector registered twice: " + name);
  }
  void Add(CatalogType type) {
    const std::string name = type.type;
    SEMEL_CHECK(catalogs_.emplace(name, std::move(type)).second, "catalog type registered twice: " + name);
  }
  const Connector* Find(std::string_view name) const {
    auto it = connectors_.find(name);
    return it == connectors_.end() ? nullptr : &it->second;
  }
  const CatalogType* FindCatalog(std::string_view type) const {
    auto it = catalogs_.find(type);
    return it == catalogs_.end() ? nullptr : &it->second;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, connector] : connectors_) names.push_back(name);
    return names;
  }
  std::vector<std::string> CatalogTypes() const {
    std::vector<std::string> names;
    for (const auto& [name, type] : catalogs_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, Connector, std::less<>> connectors_;
  std::map<std::string, CatalogType, std::less<>> catalogs_;
};

}  // namespace semel::connectors
