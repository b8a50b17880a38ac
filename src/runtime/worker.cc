// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "runtime/worker.h"

#include <algorithm>

#include "runtime/error_codes.h"

namespace semel::runtime {

using checkpoint::SplitProgress;
using plan::PhysicalNode;

namespace {

functions::EvalContext MakeEvalContext(const DataflowParts& parts, const DataflowOptions& options) {
  functions::EvalContext context;
  context.local_time_zone = options.local_time_zone;
  context.now_micros = [env = parts.env] { return env->Now().micros; };
  return context;
}

}  // namespace

Worker::Worker(const DataflowParts& parts, const DataflowOptions& options, uint32_t index, Callbacks callbacks)
    : parts_(parts),
      options_(options),
      index_(index),
      callbacks_(std::move(callbacks)),
      evaluator_(*parts.functions, MakeEvalContext(parts, options)),
      parker_(parts.env->NewParker()),
      mutex_(parts.env->NewMutex()) {}

Status Worker::Build(std::map<const PhysicalNode*, std::unique_ptr<ExchangeChannels>>& channels,
                     const std::vector<env::Parker*>& parkers,
                     const std::map<std::string, std::vector<SplitProgress>>& splits) {
  for (const plan::PhysicalPtr& sink : parts_.plan->sinks)
    SEMEL_RETURN_IF_ERROR(BuildNode(sink.get(), channels, parkers, splits));
  for (auto& node : nodes_) {
    node->snapshot = &snapshot_;
    node->set_aligned(options_.aligned);
  }
  return Status::Ok();
}

Result<std::unique_ptr<formats::Decoder>> Worker::MakeDecoder(const plan::ScanSpec& scan,
                                                              const connectors::Source& source) {
  const plan::Options& options = scan.table->options;
  std::string name = source.implied_format();
  std::string option_prefix;
  for (const char* key : {"format", "value.format"})
    if (auto it = options.find(key); it != options.end()) {
      name = it->second;
      option_prefix = std::string_view(key) == "format" ? "" : "value.";
    }
  const formats::Format* known = parts_.formats->Find(name);
  if (known == nullptr)
    return Status::Invalid(kNoFormat,
                           fmt::format("table {} has {}", scan.table->name,
                                       name.empty() ? "no 'format'" : "the unknown format '" + name + "'"),
                           "WITH (…, 'format' = 'json')");
  formats::DecoderRequest request;
  request.physical = &scan.table->physical;
  request.columns = scan.columns;
  const std::string prefix = option_prefix + name + ".";
  for (const auto& [key, value] : options)
    if (key.rfind(prefix, 0) == 0) request.options[key.substr(prefix.size())] = value;
  return known->make_decoder(request);
}

Status Worker::BuildScan(const PhysicalNode* plan, const std::map<std::string, std::vector<SplitProgress>>& splits) {
  std::vector<SplitProgress> mine;
  if (auto all = splits.find(plan->id); all != splits.end())
    for (size_t i = 0; i < all->second.size(); ++i)
      if (i % options_.workers == index_) mine.push_back(all->second[i]);
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<formats::Decoder> decoder,
                         MakeDecoder(std::get<plan::ScanSpec>(plan->spec), *parts_.sources.at(plan->id)));
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<connectors::SourceReader> reader,
                         parts_.sources.at(plan->id)->CreateReader(mine));
  auto node = std::make_unique<ScanNode>(plan, *parts_.env, std::move(reader), std::move(decoder), std::move(mine),
                                         std::make_shared<SplitWatermarks>(), options_.bounded, options_.idle_timeout);
  scans_.push_back(node.get());
  built_[plan] = node.get();
  nodes_.push_back(std::move(node));
  return Status::Ok();
}

Status Worker::BuildSink(const PhysicalNode* plan) {
  connectors::Sink* sink = parts_.sinks.at(plan->id);
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<connectors::SinkWriter> writer,
                         sink->CreateWriter({options_.lineage, options_.generation, static_cast<int>(index_)}));
  auto node = std::make_unique<SinkNode>(
      plan, sink->is_transactional() ? sink->CommitId() : "", std::move(writer), [this] { SinkSawBarrier(); },
      [this] { SinkEnded(); });
  built_.at(plan->inputs[0].get())->Connect(node.get(), 0);
  sinks_.push_back(node.get());
  nodes_.push_back(std::move(node));
  return Status::Ok();
}

Status Worker::BuildNode(const PhysicalNode* plan,
                         std::map<const PhysicalNode*, std::unique_ptr<ExchangeChannels>>& channels,
                         const std::vector<env::Parker*>& parkers,
                         const std::map<std::string, std::vector<SplitProgress>>& splits) {
  if (built_.count(plan) > 0) return Status::Ok();
  for (const plan::PhysicalPtr& input : plan->inputs)
    SEMEL_RETURN_IF_ERROR(BuildNode(input.get(), channels, parkers, splits));
  if (std::holds_alternative<plan::ScanSpec>(plan->spec)) return BuildScan(plan, splits);
  if (std::holds_alternative<plan::SinkSpec>(plan->spec)) return BuildSink(plan);
  std::unique_ptr<Node> node;
  if (std::holds_alternative<plan::WatermarkSpec>(plan->spec)) {
    // The scan below (possibly under a calc) knows the splits whose watermarks this node computes.
    const PhysicalNode* below = plan->inputs[0].get();
    while (!std::holds_alternative<plan::ScanSpec>(below->spec)) below = below->inputs[0].get();
    auto* scan = static_cast<ScanNode*>(built_.at(below));
    node = std::make_unique<WatermarkNode>(plan, evaluator_, scan->shared_watermarks());
  } else if (std::holds_alternative<plan::ExchangeSpec>(plan->spec)) {
    std::unique_ptr<ExchangeChannels>& queues = channels[plan];
    if (!queues) queues = std::make_unique<ExchangeChannels>(*parts_.env, options_.workers);
    auto sender = std::make_unique<ExchangeSender>(plan, *queues, index_, options_.workers, parkers);
    built_.at(plan->inputs[0].get())->Connect(sender.get(), 0);
    senders_.push_back(sender.get());
    nodes_.push_back(std::move(sender));
    auto receiver = std::make_unique<ExchangeReceiver>(plan, *queues, index_, options_.workers);
    receivers_.push_back(receiver.get());
    built_[plan] = receiver.get();
    nodes_.push_back(std::move(receiver));
    return Status::Ok();
  } else if (std::holds_alternative<plan::UnionSpec>(plan->spec)) {
    node = std::make_unique<MergeNode>(plan, plan->inputs.size());
  } else {
    const operators::OperatorFactory* factory = parts_.operators->Find(plan->Name());
    if (factory == nullptr) return Status::Internal(fmt::format("no operator for {}", plan->Name()));
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<operators::Operator> op,
                           (*factory)({plan, &evaluator_, index_, options_.workers, options_.fail_on_late}));
    auto operator_node = std::make_unique<OperatorNode>(plan, std::move(op));
    operators_.push_back(operator_node.get());
    node = std::move(operator_node);
  }
  for (size_t i = 0; i < plan->inputs.size(); ++i) built_.at(plan->inputs[i].get())->Connect(node.get(), i);
  built_[plan] = node.get();
  nodes_.push_back(std::move(node));
  return Status::Ok();
}

Status Worker::Restore(const checkpoint::EpochSnapshot& base) {
  for (OperatorNode* node : operators_) {
    const std::string& id = node->plan()->id;
    std::vector<const checkpoint::StateSegment*> segments;
    for (const checkpoint::StateSegment& segment : base.segments)
      if (segment.operator_id == id) segments.push_back(&segment);
    std::stable_sort(segments.begin(), segments.end(),
                     [](const auto* a, const auto* b) { return a->sequence < b->sequence; });
    for (const checkpoint::StateSegment* segment : segments) {
      SEMEL_ASSIGN_OR_RETURN(std::string content, parts_.read_segment(*segment));
      SEMEL_RETURN_IF_ERROR(node->op().Restore(segment->kind, content).WithContext(segment->name));
    }
    if (auto watermark = base.watermarks.find(id); watermark != base.watermarks.end()) {
      node->RestoreWatermark(watermark->second);
      node->op().RestoreWatermark(watermark->second);
    }
  }
  return Status::Ok();
}

void Worker::Start() {
  strand_ = parts_.env->Spawn(fmt::format("worker-{}", index_), [this] { Loop(); });
}

void Worker::Stop() {
  {
    env::MutexLock lock(*mutex_);
    stopped_ = true;
  }
  parker_->Wake();
  if (strand_) strand_->Join();
  strand_.reset();
  for (ScanNode* scan : scans_) scan->Close();
}

void Worker::Trigger(Epoch epoch, checkpoint::BarrierKind kind) {
  {
    env::MutexLock lock(*mutex_);
    triggers_.push_back({epoch, kind});
  }
  parker_->Wake();
}

void Worker::AddSplits(const std::string& source, std::vector<SplitProgress> splits) {
  {
    env::MutexLock lock(*mutex_);
    new_splits_.emplace_back(source, std::move(splits));
  }
  parker_->Wake();
}

void Worker::SetPaused(bool paused) {
  {
    env::MutexLock lock(*mutex_);
    paused_ = paused;
  }
  parker_->Wake();
}

DataflowStatus Worker::status() {
  env::MutexLock lock(*mutex_);
  return status_;
}

void Worker::SinkSawBarrier() {
  if (++sinks_at_barrier_ < sinks_.size()) return;
  sinks_at_barrier_ = 0;
  callbacks_.on_snapshot(index_, std::move(snapshot_));
  snapshot_ = WorkerSnapshot();
}

void Worker::SinkEnded() {
  if (++sinks_ended_ == sinks_.size()) callbacks_.on_end(index_);
}

Status Worker::HandleRequests() {
  std::deque<Trigger_> triggers;
  std::vector<std::pair<std::string, std::vector<SplitProgress>>> new_splits;
  {
    env::MutexLock lock(*mutex_);
    triggers.swap(triggers_);
    new_splits.swap(new_splits_);
    sources_paused_ = paused_;
  }
  for (auto& [source, splits] : new_splits)
    for (ScanNode* scan : scans_)
      if (scan->plan()->id == source) SEMEL_RETURN_IF_ERROR(scan->AddSplits(splits));
  for (const Trigger_& trigger : triggers) {
    snapshot_.epoch = trigger.epoch;
    SEMEL_POINT(*parts_.env, "runtime.barrier.inject.before");
    // Snapshots are taken while the barrier runs through the chains behind each source.
    for (ScanNode* scan : scans_) SEMEL_RETURN_IF_ERROR(scan->Inject(trigger.epoch));
    if (trigger.kind == checkpoint::BarrierKind::kStop) sources_stopped_ = true;
  }
  return Status::Ok();
}

Result<bool> Worker::Step() {
  SEMEL_RETURN_IF_ERROR(HandleRequests());
  bool progress = false;
  for (ExchangeSender* sender : senders_) sender->Flush();
  for (ExchangeReceiver* receiver : receivers_) {
    SEMEL_ASSIGN_OR_RETURN(bool drained, receiver->Drain());
    progress = progress || drained;
  }
  if (!sources_stopped_ && !sources_paused_) {
    for (ScanNode* scan : scans_) {
      if (!scan->HasRoom()) continue;
      SEMEL_ASSIGN_OR_RETURN(bool read, scan->Poll());
      progress = progress || read;
    }
  }
  return progress;
}

void Worker::PublishStatus() {
  DataflowStatus status;
  status.records_behind = 0;
  int64_t least = checkpoint::kFinalWatermark;
  for (ScanNode* scan : scans_) {
    status.rows_in += scan->rows_read();
    for (const connectors::SplitLag& lag : scan->Lag())
      status.records_behind = lag.records_behind < 0 ? -1 : status.records_behind + lag.records_behind;
    if (!scan->watermarks().has_event_time) continue;
    for (const auto& [name, split] : scan->watermarks().splits) {
      if (split.finished || split.idle || split.watermark >= least) continue;
      least = split.watermark;
      status.watermark = split.watermark;
      status.held_by = name;
      status.held_silent_micros = parts_.env->Now().micros - split.last_record_micros;
    }
  }
  for (SinkNode* sink : sinks_) status.rows_out += sink->rows_written();
  for (OperatorNode* node : operators_) status.late += node->late();
  env::MutexLock lock(*mutex_);
  status_ = std::move(status);
}

void Worker::Loop() {
  SteadyTime next_status = parts_.env->Steady();
  while (true) {
    {
      env::MutexLock lock(*mutex_);
      if (stopped_) return;
    }
    Result<bool> progress = Step();
    if (!progress.ok()) return callbacks_.on_failure(progress.status());
    const SteadyTime now = parts_.env->Steady();
    if (!(now < next_status)) {
      PublishStatus();
      next_status = now + Micros(200'000);
    }
    if (!*progress) parker_->ParkFor(Micros(2'000));
  }
}

}  // namespace semel::runtime
