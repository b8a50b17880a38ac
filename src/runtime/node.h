// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The instance of a plan node on one worker. Elements are pushed along edges by plain calls; only an exchange hands
// them to other workers. A node with several inputs aligns barriers (elements of an input whose barrier has come wait
// for the others') and takes the least of its inputs' watermarks. At
// least once nothing waits: what came behind one input's barrier before the last input's is in the snapshot, and read
// again after a restart.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/api/sink.h"
#include "operators/api/operator.h"
#include "runtime/element.h"

namespace semel::runtime {

// What one worker collects for an epoch while its barrier passes through.
struct WorkerSnapshot {
  Epoch epoch;
  std::vector<checkpoint::SplitProgress> splits;
  struct OperatorPart {
    std::string operator_id;
    operators::SnapshotPart part;
  };
  std::vector<OperatorPart> parts;
  std::map<std::string, int64_t> watermarks;
  struct Staged {
    std::string sink;
    connectors::PrepareTask task;
  };
  std::vector<Staged> staged;
  checkpoint::Books books;
};

class Node;

// One input of a node.
struct Edge {
  Node* to = nullptr;
  size_t input = 0;
};

// Base of all instances. One strand (the worker's).
class Node {
 public:
  Node(const plan::PhysicalNode* plan, size_t inputs) : plan_(plan), inputs_(inputs) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const plan::PhysicalNode* plan() const { return plan_; }
  void Connect(Node* to, size_t input) { outputs_.push_back({to, input}); }
  // Takes an element from one input, now or after the barriers of the others.
  Status Push(size_t input, Element element);
  // An input whose barrier has come and whose elements have to wait.
  bool IsBlocked(size_t input) const { return inputs_[input].blocked; }
  // Back-pressure: whether rows that this node gives now get on, up to the next exchanges. False while a node below has
  // to keep what it is given: behind a barrier, or because another worker's queue is full. Whoever feeds a chain asks
  // first, so what waits is bounded by one batch a feeder. Barriers and watermarks are pushed all the same.
  bool HasRoom() const;

  // Before anything is pushed; true unless said otherwise.
  void set_aligned(bool aligned) { aligned_ = aligned; }

  // The snapshot that is being collected on this worker; set before a barrier is injected.
  WorkerSnapshot* snapshot = nullptr;
  int64_t watermark() const { return watermark_; }
  // What a checkpoint keeps. The final watermark is none of it: a source that has ended says so again after a restart.
  int64_t watermark_to_keep() const { return watermark_ == checkpoint::kFinalWatermark ? before_final_ : watermark_; }
  void RestoreWatermark(int64_t watermark) { watermark_ = watermark; }

 protected:
  virtual Status OnBatch(columnar::Batch batch) = 0;
  // Never lower than before. kNoWatermark: nothing is known yet, but the input is no longer idle.
  virtual Status OnWatermark(int64_t watermark) { return Forward(Element::Watermark(watermark)); }
  virtual Status OnBarrier(Epoch epoch) { return Forward(Element::Barrier(epoch)); }
  virtual Status OnIdle() { return Forward(Element::Idle()); }
  Status Forward(Element element);
  // Whether what is pushed into `input` gets on, as in HasRoom.
  virtual bool Takes(size_t input) const { return !IsBlocked(input) && HasRoom(); }

 private:
  struct Input {
    int64_t watermark = checkpoint::kNoWatermark;
    bool idle = false;
    bool barrier_came = false;  // of the epoch that is being collected
    bool blocked = false;       // and what comes behind it waits
    std::deque<Element> waiting;
  };
  Status Handle(size_t input, Element element);
  Status AdvanceWatermark();
  Status AlignBarrier(size_t input, Epoch epoch);

  const plan::PhysicalNode* plan_;
  std::vector<Edge> outputs_;
  std::vector<Input> inputs_;
  int64_t watermark_ = checkpoint::kNoWatermark;     // also that of the checkpoint
  int64_t sent_ = checkpoint::kNoWatermark;          // by this process
  int64_t before_final_ = checkpoint::kNoWatermark;  // the one before the final one
  bool idle_sent_ = false;
  bool aligned_ = true;
};

// An operator in its place.
class OperatorNode final : public Node, private operators::Output {
 public:
  OperatorNode(const plan::PhysicalNode* plan, std::unique_ptr<operators::Operator> op)
      : Node(plan, 1), operator_(std::move(op)) {}
  operators::Operator& op() { return *operator_; }
  // Late rows since the start of the process.
  int64_t late() const { return late_ + operator_->counters.late; }

 private:
  Status OnBatch(columnar::Batch batch) override { return operator_->Process(batch, *this); }
  Status OnWatermark(int64_t watermark) override;
  Status OnBarrier(Epoch epoch) override;
  Status Emit(columnar::Batch batch) override { return Forward(Element::Rows(std::move(batch))); }

  std::unique_ptr<operators::Operator> operator_;
  int64_t late_ = 0;  // of the epochs before
};

// UNION ALL, and any place where inputs only come together.
class MergeNode final : public Node {
 public:
  using Node::Node;

 private:
  Status OnBatch(columnar::Batch batch) override { return Forward(Element::Rows(std::move(batch))); }
};

// The end of a way on a worker.
class SinkNode final : public Node {
 public:
  SinkNode(const plan::PhysicalNode* plan, std::string commit_id, std::unique_ptr<connectors::SinkWriter> writer,
           std::function<void()> on_barrier, std::function<void()> on_end)
      : Node(plan, 1),
        commit_id_(std::move(commit_id)),
        writer_(std::move(writer)),
        on_barrier_(std::move(on_barrier)),
        on_end_(std::move(on_end)) {}
  int64_t rows_written() const { return rows_; }

 private:
  Status OnBatch(columnar::Batch batch) override;
  Status OnWatermark(int64_t watermark) override;
  Status OnBarrier(Epoch epoch) override;
  Status OnIdle() override { return Status::Ok(); }

  const std::string commit_id_;
  std::unique_ptr<connectors::SinkWriter> writer_;
  std::function<void()> on_barrier_;
  std::function<void()> on_end_;
  int64_t rows_ = 0;
  int64_t rows_in_epoch_ = 0;
};

}  // namespace semel::runtime
