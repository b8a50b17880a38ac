// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/exchange.h"

#include <algorithm>

namespace semel::runtime {

void ExchangeSender::Send(uint32_t to, Element element) {
  std::deque<Element>& waiting = overflow_[to];
  env::BoundedQueue<Element>& queue = *channels_.queues[worker_ * workers_ + to];
  if (!waiting.empty() || !queue.TryPush(element)) waiting.push_back(std::move(element));
  if (to != worker_) wake_[to]->Wake();
}

void ExchangeSender::Flush() {
  for (uint32_t to = 0; to < workers_; ++to) {
    std::deque<Element>& waiting = overflow_[to];
    while (!waiting.empty() && channels_.queues[worker_ * workers_ + to]->TryPush(waiting.front())) {
      waiting.pop_front();
      if (to != worker_) wake_[to]->Wake();
    }
  }
}

bool ExchangeSender::Takes(size_t) const {
  return std::all_of(overflow_.begin(), overflow_.end(), [](const auto& waiting) { return waiting.empty(); });
}

Status ExchangeSender::Broadcast(const Element& element) {
  for (uint32_t to = 0; to < workers_; ++to) Send(to, element);
  return Status::Ok();
}

Status ExchangeSender::OnBatch(columnar::Batch batch) {
  if (workers_ == 1 || spec_.keys.empty()) {
    Send(0, Element::Rows(std::move(batch)));
    return Status::Ok();
  }
  std::vector<std::vector<uint32_t>> rows(workers_);
  keys_.Encode(batch, spec_.keys);
  for (uint32_t row = 0; row < keys_.size(); ++row)
    rows[state::WorkerOf(state::KeyGroupOf(keys_.hash(row)), workers_)].push_back(row);
  for (uint32_t to = 0; to < workers_; ++to)
    if (!rows[to].empty()) Send(to, Element::Rows(batch.Take(rows[to])));
  return Status::Ok();
}

Result<bool> ExchangeReceiver::Drain() {
  bool any = false;
  for (uint32_t from = 0; from < workers_; ++from) {
    for (int i = 0; i < 8 && !IsBlocked(from) && HasRoom(); ++i) {
      std::optional<Element> element = channels_.queues[from * workers_ + worker_]->TryPop();
      if (!element) break;
      any = true;
      SEMEL_RETURN_IF_ERROR(Push(from, std::move(*element)));
    }
  }
  return any;
}

}  // namespace semel::runtime
