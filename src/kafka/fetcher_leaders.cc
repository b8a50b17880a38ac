// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The fetcher's control strand: follows leaders, explains what is out of range, and tells what keeps records away.
#include <algorithm>
#include <map>
#include <set>

#include "kafka/error_codes.h"
#include "kafka/fetcher.h"

namespace semel::kafka {

namespace {

constexpr Micros kDeletedPatience(10'000'000);  // a broker that just started may not know every topic yet
constexpr Micros kRefreshInterval(100'000);
constexpr Micros kLook(1'000'000);  // how often troubles are looked at
constexpr Micros kTailInterval(10'000'000);
constexpr int kSilentLooksAtEnd = 4;  // half a minute of nothing
constexpr Micros kComplaintPatience(5'000'000);
constexpr Micros kComplaintInterval(30'000'000);

Status Gap(std::string what) {
  return Status::Invalid(kOffsetGap, std::move(what),
                         "records that were never read are gone, or records that were read do not exist any more; "
                         "restore the topic, or start over with --fresh");
}

}  // namespace

void Fetcher::ControlLoop() {
  Backoff backoff(env_);
  SteadyTime next_complaint{0};
  bool was_deleted = false;
  SteadyTime deleted_since{0};
  SteadyTime refreshed_at = env_.Steady();
  SteadyTime not_before = refreshed_at;
  while (AwaitRefresh(refreshed_at, not_before)) {
    // What keeps one partition waiting keeps no other: each step is made, and what ends the run counts more.
    Status status = FollowLeaders();
    for (const auto step : {&Fetcher::ExplainOutOfRange, &Fetcher::LookForEnd}) {
      if (!status.ok() && !MayRetry(status)) break;
      if (const Status next = (this->*step)(); !next.ok() && (status.ok() || !MayRetry(next))) status = next;
    }
    refreshed_at = env_.Steady();
    const bool deleted = status.code() == kTopicReplaced && status.is(StatusKind::kTransient);
    if (deleted && !was_deleted) deleted_since = refreshed_at;
    was_deleted = deleted;
    if (status.ok()) {
      backoff.Reset();
      // A leader that refuses while the metadata still name it must not be asked in a hot loop.
      not_before = refreshed_at + kRefreshInterval;
      continue;
    }
    if (!MayRetry(status) || (deleted && refreshed_at - deleted_since > kDeletedPatience)) return Fail(status);
    if (!(refreshed_at < next_complaint)) {
      env_.Log(env::LogLevel::kWarning, "Kafka: " + status.ToString() + "; trying on");
      next_complaint = refreshed_at + kComplaintInterval;
    }
    not_before = refreshed_at + backoff.Next();
    env::MutexLock lock(*mutex_);
    refresh_ = true;
  }
}

// Waits until the leaders are to be asked for, and tells of troubles meanwhile. False: the end.
bool Fetcher::AwaitRefresh(SteadyTime refreshed_at, SteadyTime not_before) {
  while (true) {
    Complain();
    env::MutexLock lock(*mutex_);
    if (stopping_ || !failure_.ok()) return false;
    const SteadyTime now = env_.Steady();
    if (!(now < not_before) && (refresh_ || now - refreshed_at >= options_.metadata_max_age)) {
      refresh_ = false;
      return true;
    }
    changed_->WaitFor(*mutex_, now < not_before ? std::min(not_before - now, kLook) : kLook);
  }
}

// What keeps the records of partitions away for a while, every 30 s: those with the same reason in one line.
void Fetcher::Complain() {
  const SteadyTime now = env_.Steady();
  if (now < next_look_) return;
  next_look_ = now + kLook;
  struct Told {
    std::string who;
    size_t others = 0;
    SteadyTime since;
  };
  std::map<std::string, Told> reasons;
  {
    env::MutexLock lock(*mutex_);
    for (const auto& p : partitions_) {
      if (p->stage == Stage::kFinished || p->trouble.ok() || now - p->troubled_since < kComplaintPatience) continue;
      if (p->told_at && now - *p->told_at < kComplaintInterval) continue;
      p->told_at = now;
      const auto [it, first] = reasons.try_emplace(p->trouble.ToString(), Told{NameOf(p->start), 0, p->troubled_since});
      if (first) continue;
      ++it->second.others;
      it->second.since = std::min(it->second.since, p->troubled_since);
    }
  }
  for (const auto& [why, told] : reasons)
    env_.Log(env::LogLevel::kWarning, fmt::format("Kafka: {}{}: nothing for {} s: {}; trying on", told.who,
                                                  told.others == 0 ? "" : fmt::format(" and {} more", told.others),
                                                  (now - told.since).count() / 1'000'000, why));
}

Status Fetcher::FollowLeaders() {
  std::vector<std::string> topics;
  {
    env::MutexLock lock(*mutex_);
    std::set<std::string> names;
    for (const auto& partition : partitions_) {
      if (partition->stage == Stage::kFinished) continue;
      const PartitionStart& start = partition->start;
      names.insert(start.topic);
      cluster_.SawEpoch(start.topic, start.id, start.partition, std::max(partition->current_epoch, start.leader_epoch));
    }
    topics.assign(names.begin(), names.end());
  }
  if (topics.empty()) return Status::Ok();
  SEMEL_ASSIGN_OR_RETURN(MetadataResponse metadata, cluster_.AskMetadata(&topics));
  return AdoptLeaders(metadata.topics);
}

// Gives partitions without leader to the one that the metadata names. Transient if one is still without.
Status Fetcher::AdoptLeaders(const std::vector<MetadataResponse::Topic>& topics) {
  Status waiting;
  std::vector<EpochQuestion> questions;
  std::vector<std::pair<Partition*, MetadataResponse::Partition>> adopted;
  {
    env::MutexLock lock(*mutex_);
    for (const auto& partition : partitions_) {
      if (partition->stage == Stage::kFinished) continue;
      const auto topic =
          std::find_if(topics.begin(), topics.end(), [&](const auto& t) { return t.name == partition->start.topic; });
      if (topic == topics.end() || topic->error == static_cast<int16_t>(BrokerError::kUnknownTopicOrPartition)) {
        partition->stage = partition->stage == Stage::kFetching ? Stage::kLeaderless : partition->stage;
        waiting =
            Status::Transient(kTopicReplaced, fmt::format("topic '{}' does not exist any more", partition->start.topic),
                              "it was deleted while it was being read; restore it, or start over with --fresh");
        continue;
      }
      if (topic->error != 0) {
        waiting = BrokerStatus(topic->error, fmt::format("topic '{}'", topic->name));
        continue;
      }
      if (partition->start.id == TopicId{}) partition->start.id = topic->id;
      if (topic->id != TopicId{} && partition->start.id != topic->id)
        return Status::Invalid(kTopicReplaced,
                               fmt::format("topic '{}' was deleted and created again: its id is {}, read was {}",
                                           topic->name, TopicIdText(topic->id), TopicIdText(partition->start.id)),
                               "offsets of the old topic mean nothing in the new one; start over with --fresh");
      if (partition->stage != Stage::kLeaderless) continue;
      const auto found = std::find_if(topic->partitions.begin(), topic->partitions.end(),
                                      [&](const auto& p) { return p.index == partition->start.partition; });
      if (found == topic->partitions.end() || found->leader < 0) {
        MetadataResponse::Partition missing;
        missing.index = partition->start.partition;
        waiting = WithoutLeader(topic->name, found == topic->partitions.end() ? missing : *found);
        continue;
      }
      adopted.emplace_back(partition.get(), *found);
      if (partition->start.leader_epoch >= 0 && found->leader_epoch > partition->start.leader_epoch)
        questions.push_back(
            {partition->start.topic, partition->start.partition, found->leader_epoch, partition->start.leader_epoch});
    }
  }
  if (!questions.empty()) SEMEL_RETURN_IF_ERROR(CheckEpochs(questions));
  env::MutexLock lock(*mutex_);
  if (stopping_) return Status::Ok();
  for (const auto& [partition, found] : adopted) {
    const std::optional<Endpoint> endpoint = cluster_.EndpointOf(found.leader);
    if (!endpoint || partition->stage != Stage::kLeaderless) continue;
    partition->leader = found.leader;
    partition->current_epoch = found.leader_epoch;
    partition->stage = Stage::kFetching;
    ++partition->assignment;
    std::unique_ptr<Broker>& broker = brokers_[found.leader];
    if (broker == nullptr) {
      broker = std::make_unique<Broker>();
      broker->id = found.leader;
      broker->strand = env_.Spawn("kafka-fetch", [this, b = broker.get()] { BrokerLoop(*b); });
    }
    broker->endpoint = *endpoint;
  }
  changed_->NotifyAll();
  return waiting;
}

// A new leader may have a shorter log than what was read: then acknowledged records are gone (KIP-320).
Status Fetcher::CheckEpochs(const std::vector<EpochQuestion>& questions) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<EpochAnswer> answers, cluster_.OffsetsForLeaderEpochs(questions));
  env::MutexLock lock(*mutex_);
  for (const EpochAnswer& answer : answers) {
    const Partition* partition = Find(answer.topic, {}, answer.partition);
    if (partition == nullptr) continue;
    if (answer.end_offset < 0 || answer.leader_epoch < 0)
      return Gap(fmt::format(
          "{}: the new leader knows no leader epoch {}, in which offset {} was reached: the log was truncated or "
          "restored from elsewhere",
          NameOf(partition->start), partition->start.leader_epoch, partition->start.offset));
    if (answer.end_offset >= partition->start.offset) continue;
    return Gap(
        fmt::format("{}: the new leader's log ends leader epoch {} at offset {}, read was up to {}: {} records that "
                    "were read are gone (the log was truncated)",
                    NameOf(partition->start), answer.leader_epoch, answer.end_offset, partition->start.offset,
                    partition->start.offset - answer.end_offset));
  }
  return Status::Ok();
}

Status Fetcher::ExplainOutOfRange() {
  PartitionStart lost;
  {
    env::MutexLock lock(*mutex_);
    const auto it = std::find_if(partitions_.begin(), partitions_.end(),
                                 [](const auto& p) { return p->stage == Stage::kOutOfRange; });
    if (it == partitions_.end()) return Status::Ok();
    lost = (*it)->start;
  }
  SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> first,
                         cluster_.ListOffsets({{lost.topic, lost.partition, -1, kEarliestTimestamp}}, false));
  SEMEL_ASSIGN_OR_RETURN(std::vector<ListedOffset> last,
                         cluster_.ListOffsets({{lost.topic, lost.partition, -1, kLatestTimestamp}}, false));
  if (lost.offset < first[0].offset)
    return Gap(fmt::format(
        "{}: offset {} is next, but the log begins at {}: {} offsets were deleted before they were read (retention)",
        NameOf(lost), lost.offset, first[0].offset, first[0].offset - lost.offset));
  if (lost.offset > last[0].offset)
    return Gap(fmt::format("{}: offset {} is next, but the log ends at {}: records that were read are gone",
                           NameOf(lost), lost.offset, last[0].offset));
  env::MutexLock lock(*mutex_);
  for (const auto& partition : partitions_)
    if (partition->stage == Stage::kOutOfRange && partition->start.topic == lost.topic &&
        partition->start.partition == lost.partition) {
      partition->stage = Stage::kLeaderless;
      NoteTrouble(*partition, BrokerStatus(static_cast<int16_t>(BrokerError::kOffsetNotAvailable), "Fetch"));
    }
  return BrokerStatus(static_cast<int16_t>(BrokerError::kOffsetNotAvailable), NameOf(lost));
}

// Looks closer at a bounded partition that has fallen silent, and ends it if it has nothing left. One at a time:
// leaders are followed between the looks.
Status Fetcher::LookForEnd() {
  const auto wants_look = [](const auto& p) {
    return p->stage == Stage::kFetching && p->silence && p->silence->look_wanted;
  };
  Partition* partition = nullptr;
  FetchPartition from;
  {
    env::MutexLock lock(*mutex_);
    const auto it = std::find_if(partitions_.begin(), partitions_.end(), wants_look);
    if (it == partitions_.end()) return Status::Ok();
    partition = it->get();
    partition->silence->look_wanted = false;
    refresh_ = refresh_ || std::any_of(partitions_.begin(), partitions_.end(), wants_look);
    const PartitionStart& start = partition->start;
    from = {start.topic, start.id, start.partition, partition->current_epoch, start.offset, partition->max_bytes};
  }
  const Result<TailLook> look = cluster_.LookPast(from);
  if (!look.ok() && !MayRetry(look.status())) return look.status();
  env::MutexLock lock(*mutex_);
  if (partition->stage != Stage::kFetching || !partition->silence || partition->start.offset != from.offset)
    return Status::Ok();
  Silence& silence = *partition->silence;
  silence.next_look = env_.Steady() + kTailInterval;
  const TailVerdict verdict =
      look.ok() ? JudgeTail(*look, from.offset, partition->start.stop_offset) : TailVerdict::kUnknown;
  silence.silent_looks = verdict == TailVerdict::kSilent ? silence.silent_looks + 1 : 0;
  if (verdict == TailVerdict::kNothingLeft || silence.silent_looks >= kSilentLooksAtEnd) EndSilent(*partition);
  return Status::Ok();
}

// REQUIRES: the mutex is held.
void Fetcher::EndSilent(Partition& partition) {
  env_.Log(env::LogLevel::kWarning,
           fmt::format("Kafka: {}: nothing is left from offset {} to {} (compaction): the partition ends there",
                       NameOf(partition.start), partition.start.offset, partition.start.stop_offset));
  partition.start.offset = partition.start.stop_offset;
  partition.stage = Stage::kFinished;
  FetchedSet end;
  end.topic = partition.start.topic;
  end.partition = partition.start.partition;
  end.set.next_offset = partition.start.stop_offset;
  end.set.leader_epoch = partition.start.leader_epoch;
  end.at_end = true;
  queue_.push_back(std::move(end));
  changed_->NotifyAll();
}

}  // namespace semel::kafka
