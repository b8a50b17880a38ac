// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/group_offsets.h"

namespace semel::connectors {

GroupOffsetWriter::GroupOffsetWriter(env::Env& env, const kafka::ClusterOptions& cluster, std::string group)
    : env_(env),
      cluster_(env, cluster),
      group_(std::move(group)),
      mutex_(env.NewMutex()),
      changed_(env.NewCondition()) {
  strand_ = env_.Spawn("kafka-offsets", [this] { Loop(); });
}

void GroupOffsetWriter::Note(std::vector<kafka::GroupOffset> offsets) {
  env::MutexLock lock(*mutex_);
  waiting_ = std::move(offsets);
  changed_->NotifyAll();
}

void GroupOffsetWriter::Close() {
  if (strand_ == nullptr) return;
  {
    env::MutexLock lock(*mutex_);
    closing_ = true;
    changed_->NotifyAll();
  }
  strand_->Join();
  strand_.reset();
}

void GroupOffsetWriter::Loop() {
  while (true) {
    std::vector<kafka::GroupOffset> offsets;
    {
      env::MutexLock lock(*mutex_);
      while (waiting_.empty() && !closing_) changed_->Wait(*mutex_);
      if (waiting_.empty()) return;
      offsets.swap(waiting_);
    }
    if (const Status status = cluster_.CommitGroupOffsets(group_, offsets); !status.ok())
      env_.Log(env::LogLevel::kWarning, "group offsets (for dashboards only): " + status.ToString());
  }
}

}  // namespace semel::connectors
