// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Notes a pipeline's progress as the offsets of a consumer group, for people's dashboards. Nothing depends on them:
// they lag behind receipts, are written by a strand of their own, and a failure is only logged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kafka/cluster.h"

namespace semel::connectors {

class GroupOffsetWriter {
 public:
  GroupOffsetWriter(env::Env& env, const kafka::ClusterOptions& cluster, std::string group);
  // Offsets to note; those not yet written are forgotten. Any strand.
  void Note(std::vector<kafka::GroupOffset> offsets);
  // Writes what is left and ends the strand.
  void Close();

 private:
  void Loop();

  env::Env& env_;
  kafka::Cluster cluster_;  // only the strand
  const std::string group_;
  std::unique_ptr<env::Mutex> mutex_;
  std::unique_ptr<env::Condition> changed_;
  std::vector<kafka::GroupOffset> waiting_;  // guarded by mutex_
  bool closing_ = false;                     // guarded by mutex_
  std::unique_ptr<env::Strand> strand_;
};

}  // namespace semel::connectors
