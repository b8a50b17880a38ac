// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The shape of sinks that promise nothing: rows go where they go at once, an epoch stages nothing.
#pragma once

#include "connectors/api/sink.h"

namespace semel::connectors {

// A writer without epochs.
class PlainWriter : public SinkWriter {
 public:
  Result<PrepareTask> Prepare(Epoch) override {
    return PrepareTask([]() -> Result<StagedOutput> { return StagedOutput{{}, 0, std::string(32, '0')}; });
  }
};

// A sink that needs no committer. `MakeWriter` gives a writer per worker.
class PlainSink final : public Sink {
 public:
  explicit PlainSink(std::function<std::unique_ptr<SinkWriter>(const WriterContext&)> make_writer)
      : make_writer_(std::move(make_writer)) {}
  std::string CommitId() const override { return {}; }
  bool is_transactional() const override { return false; }
  Status Open() override { return Status::Ok(); }
  Result<std::unique_ptr<SinkWriter>> CreateWriter(const WriterContext& context) override {
    return make_writer_(context);
  }
  Result<std::unique_ptr<checkpoint::Committer>> CreateCommitter() override {
    return Status::Internal("a plain sink has no committer");
  }
  Result<std::string> Identity() override { return std::string(); }
  Status CheckReachable() override { return Status::Ok(); }

 private:
  std::function<std::unique_ptr<SinkWriter>(const WriterContext&)> make_writer_;
};

}  // namespace semel::connectors
