// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/exchange.h"

#include <gtest/gtest.h>

#include "env/posix/posix_env.h"

namespace semel::runtime {
namespace {

using columnar::Batch;

// Keeps what comes.
class Collector final : public Node {
 public:
  explicit Collector(const plan::PhysicalNode* plan) : Node(plan, 1) {}
  int64_t rows = 0;
  std::vector<Element::Kind> kinds;

 private:
  Status OnBatch(Batch batch) override {
    rows += batch.length();
    kinds.push_back(Element::Kind::kBatch);
    return Status::Ok();
  }
  Status OnBarrier(Epoch) override {
    kinds.push_back(Element::Kind::kBarrier);
    return Status::Ok();
  }
};

class ExchangeTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({}).value();
    schema_ = std::make_shared<const columnar::Schema>();
    plan_.spec = plan::ExchangeSpec{};
  }
  Element OneRow() { return Element::Rows(Batch(schema_, 1, {})); }
  std::vector<env::Parker*> Parkers(size_t n) {
    for (size_t i = 0; i < n; ++i) parkers_.push_back(env_->NewParker());
    std::vector<env::Parker*> wake;
    for (auto& parker : parkers_) wake.push_back(parker.get());
    return wake;
  }

  std::unique_ptr<env::Env> env_;
  columnar::SchemaPtr schema_;
  plan::PhysicalNode plan_;
  std::vector<std::unique_ptr<env::Parker>> parkers_;
};

// Worker 1 takes from the first exchange and feeds the second one, whose receiver (worker 0) takes nothing.
TEST_F(ExchangeTest, WhatCannotGetOnIsNotTakenFromTheExchangeBefore) {
  ExchangeChannels first(*env_, 2), second(*env_, 2);
  ExchangeReceiver receiver(&plan_, first, 1, 2);
  ExchangeSender sender(&plan_, second, 1, 2, Parkers(2));
  receiver.Connect(&sender, 0);
  int64_t given = 0;
  for (int round = 0; round < 200; ++round) {
    Element element = OneRow();
    if (first.queues[0 * 2 + 1]->TryPush(element)) ++given;
    sender.Flush();
    ASSERT_TRUE(receiver.Drain().ok());
  }
  EXPECT_FALSE(receiver.HasRoom());
  EXPECT_LE(given, static_cast<int64_t>(2 * kChannelElements + 1)) << "two full queues and the batch that did not fit";

  ExchangeReceiver behind(&plan_, second, 0, 2);
  Collector collector(&plan_);
  behind.Connect(&collector, 0);
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(behind.Drain().ok());
    sender.Flush();
    ASSERT_TRUE(receiver.Drain().ok());
  }
  EXPECT_TRUE(receiver.HasRoom());
  EXPECT_EQ(collector.rows, given);
}

TEST_F(ExchangeTest, BehindABarrierThatWaitsForAnotherInputThereIsNoRoom) {
  MergeNode merge(&plan_, 2);
  Collector collector(&plan_);
  merge.Connect(&collector, 0);
  Collector left(&plan_), right(&plan_);  // two feeders
  left.Connect(&merge, 0);
  right.Connect(&merge, 1);
  ASSERT_TRUE(merge.Push(0, OneRow()).ok());
  ASSERT_TRUE(merge.Push(0, Element::Barrier(Epoch(1))).ok());
  EXPECT_FALSE(left.HasRoom());
  EXPECT_TRUE(right.HasRoom());
  ASSERT_TRUE(merge.Push(0, OneRow()).ok()) << "pushed all the same it waits";
  ASSERT_TRUE(merge.Push(1, OneRow()).ok());
  EXPECT_EQ(collector.rows, 2);
  ASSERT_TRUE(merge.Push(1, Element::Barrier(Epoch(1))).ok());
  EXPECT_TRUE(left.HasRoom());
  using Kind = Element::Kind;
  EXPECT_EQ(collector.kinds, (std::vector<Kind>{Kind::kBatch, Kind::kBatch, Kind::kBarrier, Kind::kBatch}));
}

TEST_F(ExchangeTest, AtLeastOnceNothingWaitsForABarrier) {
  MergeNode merge(&plan_, 2);
  merge.set_aligned(false);
  Collector collector(&plan_);
  merge.Connect(&collector, 0);
  Collector left(&plan_);
  left.Connect(&merge, 0);
  using Kind = Element::Kind;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) {
    collector.kinds.clear();
    ASSERT_TRUE(merge.Push(0, Element::Barrier(Epoch(epoch))).ok());
    EXPECT_TRUE(left.HasRoom());
    ASSERT_TRUE(merge.Push(0, OneRow()).ok());
    ASSERT_TRUE(merge.Push(1, OneRow()).ok());
    ASSERT_TRUE(merge.Push(1, Element::Barrier(Epoch(epoch))).ok());
    EXPECT_EQ(collector.kinds, (std::vector<Kind>{Kind::kBatch, Kind::kBatch, Kind::kBarrier}))
        << "one barrier, behind the last input's";
  }
}

}  // namespace
}  // namespace semel::runtime
