// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "runtime/dataflow.h"
#include "runtime/exchange.h"
#include "runtime/source_node.h"

namespace semel::runtime {

// One worker: a strand that polls its sources, drains its channels, and parks when there is nothing. Build and Restore
// run before Start.
class Worker {
 public:
  struct Callbacks {
    std::function<void(uint32_t worker, WorkerSnapshot snapshot)> on_snapshot;
    std::function<void(uint32_t worker)> on_end;
    std::function<void(Status)> on_failure;
  };
  Worker(const DataflowParts& parts, const DataflowOptions& options, uint32_t index, Callbacks callbacks);

  env::Parker& parker() { return *parker_; }
  Status Build(std::map<const plan::PhysicalNode*, std::unique_ptr<ExchangeChannels>>& channels,
               const std::vector<env::Parker*>& parkers,
               const std::map<std::string, std::vector<checkpoint::SplitProgress>>& splits);
  Status Restore(const checkpoint::EpochSnapshot& base);
  void Start();
  void Stop();

  // From other strands.
  void Trigger(Epoch epoch, checkpoint::BarrierKind kind);
  void AddSplits(const std::string& source, std::vector<checkpoint::SplitProgress> splits);
  void SetPaused(bool paused);
  DataflowStatus status();

 private:
  Status BuildNode(const plan::PhysicalNode* plan,
                   std::map<const plan::PhysicalNode*, std::unique_ptr<ExchangeChannels>>& channels,
                   const std::vector<env::Parker*>& parkers,
                   const std::map<std::string, std::vector<checkpoint::SplitProgress>>& splits);
  Status BuildScan(const plan::PhysicalNode* plan,
                   const std::map<std::string, std::vector<checkpoint::SplitProgress>>& splits);
  Status BuildSink(const plan::PhysicalNode* plan);
  Result<std::unique_ptr<formats::Decoder>> MakeDecoder(const plan::ScanSpec& scan, const connectors::Source& source);
  void Loop();
  Result<bool> Step();
  Status HandleRequests();
  void SinkSawBarrier();
  void SinkEnded();
  void PublishStatus();

  const DataflowParts& parts_;
  const DataflowOptions& options_;
  const uint32_t index_;
  Callbacks callbacks_;
  functions::Evaluator evaluator_;
  std::unique_ptr<env::Parker> parker_;
  std::unique_ptr<env::Strand> strand_;

  std::map<const plan::PhysicalNode*, Node*> built_;  // where a plan node's output comes from
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<ScanNode*> scans_;
  std::vector<ExchangeSender*> senders_;
  std::vector<ExchangeReceiver*> receivers_;
  std::vector<OperatorNode*> operators_;
  std::vector<SinkNode*> sinks_;
  WorkerSnapshot snapshot_;
  size_t sinks_at_barrier_ = 0;
  size_t sinks_ended_ = 0;
  bool sources_stopped_ = false;
  bool sources_paused_ = false;

  std::unique_ptr<env::Mutex> mutex_;
  // Guarded by mutex_.
  struct Trigger_ {
    Epoch epoch;
    checkpoint::BarrierKind kind;
  };
  std::deque<Trigger_> triggers_;
  std::vector<std::pair<std::string, std::vector<checkpoint::SplitProgress>>> new_splits_;
  bool paused_ = false;
  bool stopped_ = false;
  DataflowStatus status_;
};

}  // namespace semel::runtime
