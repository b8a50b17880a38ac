// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'connector' = 'blackhole': rows vanish. For measuring.
#include "connectors/api/plain_sink.h"
#include "connectors/blackhole/register.h"

namespace semel::connectors {

namespace {

class BlackholeWriter final : public PlainWriter {
 public:
  Status Write(const columnar::Batch&) override { return Status::Ok(); }
};

}  // namespace

void RegisterBlackhole(Registry& registry) {
  Connector connector;
  connector.name = "blackhole";
  connector.has_sink = true;
  connector.accepts_changelog = {"UA", "D"};  // as in Flink: the old rows need not be made
  connector.make_sink = [](const ConnectorContext&, const plan::SinkSpec&) -> Result<std::unique_ptr<Sink>> {
    return std::unique_ptr<Sink>(
        std::make_unique<PlainSink>([](const WriterContext&) { return std::make_unique<BlackholeWriter>(); }));
  };
  registry.Add(std::move(connector));
}

}  // namespace semel::connectors
