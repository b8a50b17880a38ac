// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Iceberg tables as a transactional sink. Data files are the staged output; a commit is one new metadata file, swapped
// in by compare-and-swap on the version whose marker was read, carrying snapshot and marker together.
#pragma once

#include <memory>

#include "connectors/api/sink.h"
#include "iceberg/table.h"

namespace semel::connectors {

// Whether Semel can write a table that has this property.
Status CheckTableProperty(const std::string& key, const std::string& value);
// Whether an option of CREATE CATALOG can be used.
Status CheckCatalogOption(const std::string& key, const std::string& value);
// The table that a descriptor names. Invalid if its catalog's options cannot be used.
Result<std::unique_ptr<iceberg::Table>> OpenIcebergTable(env::Env& env, const plan::TableDescriptor& table);
// The key under which a pipeline's marker stands in table properties and snapshot summaries.
std::string MarkerKey(const std::string& pipeline);
Result<std::unique_ptr<Sink>> MakeIcebergSink(env::Env& env, plan::TablePtr table, const std::string& pipeline);

}  // namespace semel::connectors
