// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/fetcher.h"

#include <algorithm>

#include "kafka/error_codes.h"

namespace semel::kafka {

namespace {

constexpr Micros kFirstLook(2'000'000);  // of a silence
constexpr size_t kFreeBuffers = 8;
constexpr int32_t kMaxGrownBytes = 256 << 20;

// The next size to ask for where a batch did not fit. Never less than what the user set.
int32_t Grown(int32_t max_bytes) { return std::max(max_bytes, std::min(max_bytes, kMaxGrownBytes / 2) * 2); }

// Where a partition's part of an answer ends the trust in the leader rather than the reading.
bool WantsNewLeader(int16_t error) {
  return IsRetriable(error) && error != static_cast<int16_t>(BrokerError::kOffsetNotAvailable);
}

}  // namespace

std::string NameOf(const PartitionStart& p) { return fmt::format("{}-{}", p.topic, p.partition); }

Fetcher::Fetcher(env::Env& env, const ClusterOptions& cluster, const FetchOptions& options)
    : env_(env),
      cluster_options_(cluster),
      options_(options),
      mutex_(env.NewMutex()),
      changed_(env.NewCondition()),
      cluster_(env, cluster_options_) {
  control_ = env_.Spawn("kafka-leaders", [this] { ControlLoop(); });
}

Fetcher::~Fetcher() { SEMEL_CHECK(control_ == nullptr, "a fetcher is closed before it goes"); }

void Fetcher::Close() {
  if (control_ == nullptr) return;
  {
    env::MutexLock lock(*mutex_);
    stopping_ = true;
    for (auto& [id, broker] : brokers_)
      if (broker->open != nullptr) broker->open->Close();
    changed_->NotifyAll();
  }
  control_->Join();
  control_.reset();
  // The control strand is the only one that adds brokers.
  for (auto& [id, broker] : brokers_) broker->strand->Join();
  brokers_.clear();
}

void Fetcher::Add(const std::vector<PartitionStart>& partitions) {
  env::MutexLock lock(*mutex_);
  for (const PartitionStart& start : partitions) {
    auto partition = std::make_unique<Partition>(env_);
    partition->start = start;
    partition->max_bytes = options_.max_partition_bytes;
    if (start.offset >= start.stop_offset) {
      partition->stage = Stage::kFinished;
      FetchedSet end;
      end.topic = start.topic;
      end.partition = start.partition;
      end.set.next_offset = start.offset;
      end.set.leader_epoch = start.leader_epoch;
      end.at_end = true;
      queue_.push_back(std::move(end));
    }
    partitions_.push_back(std::move(partition));
  }
  refresh_ = true;
  changed_->NotifyAll();
}

Result<std::optional<FetchedSet>> Fetcher::Poll(Micros wait) {
  env::MutexLock lock(*mutex_);
  if (queue_.empty() && failure_.ok() && wait.count() > 0) changed_->WaitFor(*mutex_, wait);
  if (!failure_.ok()) return failure_;
  if (queue_.empty()) return std::optional<FetchedSet>();
  std::optional<FetchedSet> set(std::move(queue_.front()));
  queue_.pop_front();
  const bool was_full = queued_bytes_ >= options_.queue_bytes;
  queued_bytes_ -= set->bytes;
  if (was_full && queued_bytes_ < options_.queue_bytes) changed_->NotifyAll();
  return set;
}

void Fetcher::Recycle(std::shared_ptr<AnswerBuffer> answer) {
  env::MutexLock lock(*mutex_);
  if (free_.size() < kFreeBuffers) free_.push_back(std::move(answer));
}

std::vector<PartitionLag> Fetcher::Lags() {
  env::MutexLock lock(*mutex_);
  std::vector<PartitionLag> lags;
  for (const auto& partition : partitions_)
    lags.push_back({partition->start.topic, partition->start.partition,
                    std::min(partition->readable_end, partition->start.stop_offset)});
  return lags;
}

void Fetcher::Fail(const Status& status) {
  env::MutexLock lock(*mutex_);
  if (failure_.ok()) failure_ = status;
  changed_->NotifyAll();
}

// REQUIRES: the mutex is held, here and below.
void Fetcher::NoteTrouble(Partition& partition, const Status& why) {
  const SteadyTime now = env_.Steady();
  if (partition.trouble.ok()) partition.troubled_since = now;
  partition.trouble = why;
  partition.retry_at = now + partition.backoff.Next();
}

void Fetcher::NoteSilence(Partition& partition) {
  NoteTrouble(partition, Status::Transient(kBrokerError,
                                           fmt::format("no records from offset {} on, though {} can be read",
                                                       partition.start.offset, partition.readable_end),
                                           "it is asked on; remote storage that answers too late looks like that, see "
                                           "the broker's log"));
  if (partition.readable_end < partition.start.stop_offset) return;
  const SteadyTime now = env_.Steady();
  if (!partition.silence) partition.silence = Silence{now + kFirstLook};
  if (now < partition.silence->next_look) return;
  partition.silence->look_wanted = true;
  refresh_ = true;
  changed_->NotifyAll();
}

void Fetcher::EndTrouble(Partition& partition) {
  if (partition.trouble.ok()) return;
  partition.trouble = Status::Ok();
  partition.told_at.reset();
  partition.backoff.Reset();
  partition.retry_at = SteadyTime{0};
}

Fetcher::Partition* Fetcher::Find(std::string_view topic, const TopicId& id, int32_t partition) {
  for (const auto& candidate : partitions_) {
    if (candidate->start.partition != partition) continue;
    if (topic.empty() ? candidate->start.id == id : candidate->start.topic == topic) return candidate.get();
  }
  return nullptr;
}

// --- a broker's strand
// ----------------------------------------------------------------------------------------------------

// Waits until the broker leads something that may be read and the queue has room. False: the end.
bool Fetcher::WaitForWork(Broker& broker, Round& round) {
  env::MutexLock lock(*mutex_);
  while (!stopping_ && failure_.ok()) {
    round.asked.clear();
    const SteadyTime now = env_.Steady();
    Micros pause(1'000'000);
    for (const auto& p : partitions_) {
      if (p->stage != Stage::kFetching || p->leader != broker.id) continue;
      if (now < p->retry_at) {
        pause = std::min(pause, p->retry_at - now);
      } else {
        round.asked.push_back({p.get(), p->assignment, p->start.offset});
      }
    }
    if (!round.asked.empty() && queued_bytes_ < options_.queue_bytes) {
      // Whoever comes first in a request is served first: everyone in turn.
      const size_t first = rotation_++ % round.asked.size();
      std::rotate(round.asked.begin(), round.asked.begin() + static_cast<std::ptrdiff_t>(first), round.asked.end());
      round.request.partitions.clear();
      for (const Asked& asked : round.asked) {
        const Partition& p = *asked.partition;
        round.request.partitions.push_back(
            {p.start.topic, p.start.id, p.start.partition, p.current_epoch, asked.offset, p.max_bytes});
      }
      return true;
    }
    changed_->WaitFor(*mutex_, pause);
  }
  return false;
}

void Fetcher::BrokerLoop(Broker& broker) {
  std::unique_ptr<Connection> connection;
  auto disconnect = [&] {
    env::MutexLock lock(*mutex_);
    broker.open = nullptr;
  };
  Round round;
  round.request.max_wait_ms = options_.max_wait_ms;
  round.request.min_bytes = options_.min_bytes;
  round.request.max_bytes = options_.max_bytes;
  round.request.read_committed = options_.read_committed;
  while (WaitForWork(broker, round)) {
    Status status;
    if (connection == nullptr) {
      Endpoint endpoint;
      {
        env::MutexLock lock(*mutex_);
        endpoint = broker.endpoint;
      }
      Result<std::unique_ptr<Connection>> opened = Connection::Open(env_, endpoint, cluster_options_.connection);
      status = opened.status();
      if (opened.ok()) {
        connection = std::move(opened).value();
        env::MutexLock lock(*mutex_);
        if (stopping_) break;
        broker.open = connection.get();
      }
    }
    if (status.ok()) status = FetchOnce(broker, *connection, round);
    if (status.ok()) continue;
    disconnect();
    connection.reset();
    if (!MayRetry(status)) {
      Fail(status);
      break;
    }
    LoseLeader(broker.id, status);
  }
  disconnect();
}

// The broker does not answer: its partitions wait until the metadata name a leader again, which may be the same.
void Fetcher::LoseLeader(int32_t id, const Status& why) {
  env::MutexLock lock(*mutex_);
  if (stopping_) return;
  env_.Log(env::LogLevel::kDebug, fmt::format("Kafka broker {}: {}", id, why.ToString()));
  for (const auto& partition : partitions_) {
    if (partition->leader != id || partition->stage != Stage::kFetching) continue;
    partition->stage = Stage::kLeaderless;
    NoteTrouble(*partition, why);
  }
  refresh_ = true;
  changed_->NotifyAll();
}

std::shared_ptr<AnswerBuffer> Fetcher::TakeBuffer() {
  env::MutexLock lock(*mutex_);
  if (free_.empty()) return std::make_shared<AnswerBuffer>();
  std::shared_ptr<AnswerBuffer> buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

Status Fetcher::FetchOnce(Broker& broker, Connection& connection, const Round& round) {
  const int16_t version = FetchVersion(connection.Version(Api::kFetch), round.request);
  SEMEL_RETURN_IF_ERROR(connection.Send(Api::kFetch, version, EncodeFetch(version, round.request)));
  std::shared_ptr<AnswerBuffer> answer = TakeBuffer();
  SEMEL_RETURN_IF_ERROR(
      connection.Receive(Api::kFetch, version, *answer,
                         cluster_options_.connection.request_timeout + Micros(options_.max_wait_ms * 1000ll)));
  SEMEL_ASSIGN_OR_RETURN(FetchResponse response, DecodeFetch(answer->body(), version));
  if (response.error != 0) return BrokerStatus(response.error, "Fetch");
  SEMEL_RETURN_IF_ERROR(TakeAnswer(broker, round, response, std::move(answer)));
  if (response.throttle_ms > 0) {
    env::MutexLock lock(*mutex_);
    const SteadyTime until = env_.Steady() + Micros(response.throttle_ms * 1000ll);
    while (!stopping_ && env_.Steady() < until) changed_->WaitFor(*mutex_, until - env_.Steady());
  }
  return Status::Ok();
}

// Decodes the parts without the mutex; what counts is then taken and queued in one go, so that nobody fetches on from
// an offset whose records are not queued yet.
Status Fetcher::TakeAnswer(const Broker& broker, const Round& round, const FetchResponse& response,
                           std::shared_ptr<AnswerBuffer> answer) {
  std::vector<Taken> parts;
  bool any = false;
  for (const FetchedPartition& fetched : response.partitions) any = any || !fetched.records.empty();
  size_t at = 0;  // answers mostly come in the order of the request
  for (const FetchedPartition& fetched : response.partitions) {
    size_t tries = 0;
    const auto is_it = [&](const FetchPartition& p) {
      return p.partition == fetched.partition &&
             (fetched.topic.empty() ? p.id == fetched.id : p.topic == fetched.topic);
    };
    while (tries < round.asked.size() && !is_it(round.request.partitions[at % round.asked.size()])) ++at, ++tries;
    if (tries == round.asked.size())
      return Status::Transient(
          kBadResponse, fmt::format("Fetch answers for partition {}, which was not asked for", fetched.partition),
          "it is tried again");
    const size_t index = at++ % round.asked.size();
    const Asked& asked = round.asked[index];
    parts.push_back({&asked, &fetched,
                     ReadRecordSet({fetched.records, asked.offset, asked.partition->start.stop_offset,
                                    options_.read_committed, fetched.aborted}),
                     response.throttle_ms > 0 || (any && index > 0)});
  }
  env::MutexLock lock(*mutex_);
  const size_t queued = queue_.size();
  for (Taken& part : parts)
    if (Counts(broker, *part.asked)) SEMEL_RETURN_IF_ERROR(TakePartition(part, answer));
  if (queue_.size() > queued) {
    answer.reset();  // whoever takes the last set out may give the buffer back
    changed_->NotifyAll();
  } else if (free_.size() < kFreeBuffers) {
    free_.push_back(std::move(answer));
  }
  return Status::Ok();
}

// Whether what was asked is still what is wanted: another leader may have been asked since, and have answered.
bool Fetcher::Counts(const Broker& broker, const Asked& asked) const {
  const Partition& p = *asked.partition;
  return p.stage == Stage::kFetching && p.leader == broker.id && p.assignment == asked.assignment &&
         p.start.offset == asked.offset;
}

// REQUIRES: the mutex is held and the part counts.
Status Fetcher::TakePartition(Taken& taken, const std::shared_ptr<AnswerBuffer>& answer) {
  Partition& partition = *taken.asked->partition;
  const FetchedPartition& fetched = *taken.fetched;
  if (fetched.error == static_cast<int16_t>(BrokerError::kOffsetOutOfRange)) {
    partition.stage = Stage::kOutOfRange;
    NoteTrouble(partition, BrokerStatus(fetched.error, "Fetch"));
    refresh_ = true;
    changed_->NotifyAll();
    return Status::Ok();
  }
  if (fetched.error != 0) {
    const Status status = BrokerStatus(fetched.error, NameOf(partition.start));
    if (!MayRetry(status)) return status;
    NoteTrouble(partition, BrokerStatus(fetched.error, "Fetch"));
    if (WantsNewLeader(fetched.error)) partition.stage = Stage::kLeaderless;
    refresh_ = true;
    changed_->NotifyAll();
    return Status::Ok();
  }
  if (!taken.set.ok()) return taken.set.status().WithContext(NameOf(partition.start));
  RecordSet& read = *taken.set;
  partition.readable_end = options_.read_committed ? fetched.last_stable_offset : fetched.high_watermark;
  const bool advanced = read.next_offset > partition.start.offset;
  const bool silent = !advanced && fetched.records.empty() && partition.readable_end > partition.start.offset;
  if (silent && !taken.cut_short) {
    NoteSilence(partition);
    return Status::Ok();
  }
  if (!silent) partition.silence.reset();
  if (!partition.silence) EndTrouble(partition);
  if (!advanced && !fetched.records.empty()) partition.max_bytes = Grown(partition.max_bytes);
  if (!advanced) return Status::Ok();
  partition.start.offset = read.next_offset;
  if (read.leader_epoch >= 0) partition.start.leader_epoch = read.leader_epoch;
  FetchedSet set;
  set.topic = partition.start.topic;
  set.partition = partition.start.partition;
  set.set = std::move(read);
  set.set.leader_epoch = partition.start.leader_epoch;
  set.answer = answer;
  set.bytes = fetched.records.size();
  for (const auto& unpacked : set.set.unpacked) set.bytes += unpacked->size();
  set.at_end = partition.start.offset >= partition.start.stop_offset;
  if (set.at_end) partition.stage = Stage::kFinished;
  queued_bytes_ += set.bytes;
  queue_.push_back(std::move(set));
  return Status::Ok();
}

}  // namespace semel::kafka
