// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Rows to the worker that owns their key. Each pair of workers has a bounded queue per exchange; a sender never waits
// on a full one: what does not fit stays with it, and its worker feeds nothing that leads to it (no source, no earlier
// exchange) until it is gone. Exchanges of a plan have no cycle, so the last ones always drain.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "env/api/bounded_queue.h"
#include "runtime/node.h"
#include "state/key_codec.h"

namespace semel::runtime {

inline constexpr size_t kChannelElements = 32;

// The queues of one exchange, by [from][to]. Shared by all workers.
struct ExchangeChannels {
  ExchangeChannels(env::Env& env, uint32_t workers) {
    for (uint32_t i = 0; i < workers * workers; ++i)
      queues.push_back(std::make_unique<env::BoundedQueue<Element>>(env, kChannelElements));
  }
  std::vector<std::unique_ptr<env::BoundedQueue<Element>>> queues;
};

class ExchangeSender final : public Node {
 public:
  ExchangeSender(const plan::PhysicalNode* plan, ExchangeChannels& channels, uint32_t worker, uint32_t workers,
                 std::vector<env::Parker*> wake)
      : Node(plan, 1),
        spec_(std::get<plan::ExchangeSpec>(plan->spec)),
        channels_(channels),
        worker_(worker),
        workers_(workers),
        wake_(std::move(wake)),
        overflow_(workers) {}

  // Tries again what did not fit.
  void Flush();

 private:
  bool Takes(size_t) const override;
  Status OnBatch(columnar::Batch batch) override;
  Status OnWatermark(int64_t watermark) override { return Broadcast(Element::Watermark(watermark)); }
  Status OnBarrier(Epoch epoch) override { return Broadcast(Element::Barrier(epoch)); }
  Status OnIdle() override { return Broadcast(Element::Idle()); }
  Status Broadcast(const Element& element);
  void Send(uint32_t to, Element element);

  const plan::ExchangeSpec& spec_;
  ExchangeChannels& channels_;
  const uint32_t worker_, workers_;
  std::vector<env::Parker*> wake_;
  std::vector<std::deque<Element>> overflow_;
  state::KeyBatch keys_;
};

class ExchangeReceiver final : public Node {
 public:
  ExchangeReceiver(const plan::PhysicalNode* plan, ExchangeChannels& channels, uint32_t worker, uint32_t workers)
      : Node(plan, workers), channels_(channels), worker_(worker), workers_(workers) {}
  // Takes a few elements of each channel that is not blocked, as long as there is room below. True if there were any.
  Result<bool> Drain();

 private:
  Status OnBatch(columnar::Batch batch) override { return Forward(Element::Rows(std::move(batch))); }
  ExchangeChannels& channels_;
  const uint32_t worker_, workers_;
};

}  // namespace semel::runtime
