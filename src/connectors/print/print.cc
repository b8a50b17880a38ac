// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'connector' = 'print': rows on standard output, as Flink prints them.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "connectors/api/plain_sink.h"
#include "connectors/print/register.h"
#include "env/posix/error_codes.h"

namespace semel::connectors {

namespace {

class PrintWriter final : public PlainWriter {
 public:
  explicit PrintWriter(std::string prefix) : prefix_(std::move(prefix)) {}
  Status Write(const columnar::Batch& batch) override {
    std::string text = batch.ToString();
    if (!prefix_.empty()) {
      std::string prefixed;
      size_t begin = 0;
      while (begin < text.size()) {
        const size_t end = text.find('\n', begin) + 1;
        prefixed += prefix_ + "> " + text.substr(begin, end - begin);
        begin = end;
      }
      text = std::move(prefixed);
    }
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
      return Status::Ok();
    return Status::Transient(env::kStandardOutput,
                             fmt::format("cannot write to standard output: {}", std::strerror(errno)),
                             "what it leads to is full or closed; start again when rows can be written");
  }

 private:
  const std::string prefix_;
};

}  // namespace

void RegisterPrint(Registry& registry) {
  Connector connector;
  connector.name = "print";
  connector.has_sink = true;
  connector.accepts_changelog = {"UB", "UA", "D"};
  connector.sink_options = {{"print-identifier", false, false, "printed before each row"},
                            {"standard-error", false, true, "ignored"}};
  connector.make_sink = [](const ConnectorContext&, const plan::SinkSpec& spec) -> Result<std::unique_ptr<Sink>> {
    auto it = spec.table->options.find("print-identifier");
    const std::string prefix = it == spec.table->options.end() ? "" : it->second;
    return std::unique_ptr<Sink>(
        std::make_unique<PlainSink>([prefix](const WriterContext&) { return std::make_unique<PrintWriter>(prefix); }));
  };
  registry.Add(std::move(connector));
}

}  // namespace semel::connectors
