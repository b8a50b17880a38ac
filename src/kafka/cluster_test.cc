// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/cluster.h"

#include <gtest/gtest.h>

#include "env/posix/posix_env.h"
#include "kafka/scripted/scripted_brokers.h"

namespace semel::kafka {
namespace {

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() {
    options_.bootstrap = {{"n1", 9092}, {"n2", 9092}};
    metadata_.brokers = {{1, "n1", 9092}, {2, "n2", 9092}};
    metadata_.topics = {{0, "t", {}, false, {{0, 0, 1, 7}, {0, 1, 2, 3}}}};
    brokers_.on_metadata = [this](int32_t) { return metadata_; };
    brokers_.on_list = [](int32_t node, const std::vector<PartitionTime>& questions) {
      std::vector<ListedOffset> answers;
      for (const PartitionTime& q : questions) answers.push_back({q.topic, q.partition, 0, node * 100 + q.partition});
      return answers;
    };
  }
  std::unique_ptr<env::Env> posix_ = env::MakePosixEnv({}).value();
  ScriptedBrokers brokers_{*posix_, 50};
  ClusterOptions options_;
  MetadataResponse metadata_;
};

TEST_F(ClusterTest, AQuestionWaitsForTheLeadersOfItsOwnPartitionsOnly) {
  metadata_.topics[0].partitions[1].leader = -1;
  Cluster cluster(brokers_, options_);
  const Result<std::vector<ListedOffset>> offsets = cluster.ListOffsets({{"t", 0, -1, kLatestTimestamp}}, false);
  ASSERT_TRUE(offsets.ok()) << offsets.status().ToString();
  EXPECT_EQ((*offsets)[0].offset, 100);
  EXPECT_FALSE(cluster.ListOffsets({{"t", 1, -1, kLatestTimestamp}}, false).ok());
}

TEST_F(ClusterTest, EveryBrokerIsAskedForACoordinator) {
  brokers_.is_up = [](int32_t node) { return node != 1; };
  brokers_.on_coordinator = [](int32_t) { return CoordinatorResponse{0, 2, "n2", 9092}; };
  Cluster cluster(brokers_, options_);
  EXPECT_TRUE(cluster.CommitGroupOffsets("g", {{"t", 0, 5, 7, 0}}).ok());
}

TEST_F(ClusterTest, MetadataOlderThanWhatWasSeenAreAskedOfAnotherBroker) {
  metadata_.topics[0].partitions.resize(1);
  brokers_.on_metadata = [this](int32_t node) {
    MetadataResponse metadata = metadata_;
    if (node == 2) metadata.topics[0].partitions[0] = {0, 0, 2, 9};
    return metadata;
  };
  Cluster cluster(brokers_, options_);
  cluster.SawEpoch("t", {}, 0, 9);
  const Result<std::vector<ListedOffset>> offsets = cluster.ListOffsets({{"t", 0, -1, kLatestTimestamp}}, false);
  ASSERT_TRUE(offsets.ok()) << offsets.status().ToString();
  EXPECT_EQ((*offsets)[0].offset, 200);
}

// A topic made again under its name begins at epoch 0.
TEST_F(ClusterTest, TheEpochsOfATopicThatWasMadeAgainBeginAnew) {
  TopicId before{};
  before[0] = 1;
  metadata_.topics[0].id[0] = 2;
  Cluster cluster(brokers_, options_);
  cluster.SawEpoch("t", before, 0, 9);
  const std::vector<std::string> topics = {"t"};
  EXPECT_EQ(cluster.AskMetadata(&topics)->topics[0].partitions[0].leader, 1);
}

}  // namespace
}  // namespace semel::kafka
