// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// A source whose splits a test fills, and which hands out their records in exactly the order in which the test sent
// them, whatever worker owns the split: what depends on the order of records between splits can be tested without
// sleeping.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/api/registry.h"

namespace semel {

// Outlives the jobs that read it. Filled by the test between runs.
struct Feed {
  explicit Feed(env::Env& env) : mutex(env.NewMutex()) {}

  // One chunk: these records come together.
  void Send(const std::string& split, const std::vector<std::string>& lines) {
    log[split].insert(log[split].end(), lines.begin(), lines.end());
    order.emplace_back(split, lines.size());
  }

  const std::unique_ptr<env::Mutex> mutex;
  bool bounded = false;                                 // what was sent when a lineage began is all there is
  std::vector<std::string> splits;                      // there at a first start
  std::vector<std::string> later;                       // discovered once the first chunk of a run was handed out
  bool later_at_once = false;                           // or at the start
  std::map<std::string, std::vector<std::string>> log;  // guarded by mutex, as all below
  std::vector<std::pair<std::string, size_t>> order;
  size_t next = 0;                     // chunk that is handed out next
  size_t limit = SIZE_MAX;             // no chunk from here on
  size_t handed_out = 0;               // in this run
  std::function<void()> when_drained;  // called, again and again, while there is nothing to hand out
};

namespace feed_internal {

inline size_t NumberOf(const std::string& text) { return text.empty() ? 0 : std::stoul(text); }

class Reader final : public connectors::SourceReader {
 public:
  explicit Reader(Feed& feed) : feed_(feed) {}

  Status AddSplits(const std::vector<connectors::SplitProgress>& splits) override {
    for (const auto& split : splits)
      if (!split.finished)
        open_[split.split] = {NumberOf(split.position), split.end.empty() ? SIZE_MAX : NumberOf(split.end)};
    return Status::Ok();
  }

  Result<std::optional<connectors::Chunk>> Poll(Micros) override {
    std::function<void()> drained;
    {
      env::MutexLock lock(*feed_.mutex);
      for (auto& [name, split] : open_)
        if (split.at >= split.end) return Take(name, 0);
      if (feed_.next < std::min(feed_.limit, feed_.order.size())) {
        const auto [name, count] = feed_.order[feed_.next];
        if (open_.count(name) == 0) return std::optional<connectors::Chunk>();  // another reader's
        ++feed_.next, ++feed_.handed_out;
        return Take(name, count);
      }
      drained = feed_.when_drained;
    }
    if (drained) drained();
    return std::optional<connectors::Chunk>();
  }

  std::vector<connectors::SplitLag> Lag() override { return {}; }
  void Close() override {}

 private:
  struct Open {
    size_t at = 0, end = SIZE_MAX;
  };

  std::optional<connectors::Chunk> Take(const std::string& name, size_t count) {
    Open& split = open_.at(name);
    const std::vector<std::string>& log = feed_.log[name];
    connectors::Chunk chunk;
    auto text = std::make_shared<std::string>();
    std::vector<std::pair<size_t, size_t>> pieces;
    const size_t first = split.at;
    for (; count > 0 && split.at < split.end; --count, ++split.at) {
      pieces.emplace_back(text->size(), log[split.at].size());
      *text += log[split.at];
    }
    text->resize(text->size() + 64);
    for (size_t i = 0; i < pieces.size(); ++i) {
      formats::Record record;
      record.value = std::string_view(*text).substr(pieces[i].first, pieces[i].second);
      record.position = static_cast<int64_t>(first + i);
      chunk.records.push_back(record);
    }
    chunk.split = name;
    chunk.position_after = std::to_string(split.at);
    chunk.buffer = text;
    chunk.at_end = split.at >= split.end;
    if (chunk.at_end) open_.erase(name);
    return chunk;
  }

  Feed& feed_;
  std::map<std::string, Open> open_;
};

class Source final : public connectors::Source {
 public:
  Source(Feed& feed, std::string id) : feed_(feed), id_(std::move(id)) {}
  bool is_bounded() const override { return feed_.bounded; }
  Result<std::vector<connectors::SplitProgress>> ResolveSplits(bool bounded) override {
    std::vector<connectors::SplitProgress> splits = New(feed_.splits, {});
    if (bounded) SEMEL_RETURN_IF_ERROR(ResolveEnds(splits));
    return splits;
  }
  Status ResolveEnds(std::vector<connectors::SplitProgress>& splits) override {
    env::MutexLock lock(*feed_.mutex);
    for (auto& split : splits)
      if (split.end.empty()) split.end = std::to_string(feed_.log[split.split].size());
    return Status::Ok();
  }
  Result<std::vector<connectors::SplitProgress>> DiscoverSplits(
      const std::vector<connectors::SplitProgress>& known) override {
    env::MutexLock lock(*feed_.mutex);
    return feed_.later_at_once || feed_.handed_out > 0 ? New(feed_.later, known)
                                                       : std::vector<connectors::SplitProgress>{};
  }
  Result<std::unique_ptr<connectors::SourceReader>> CreateReader(
      const std::vector<connectors::SplitProgress>& splits) override {
    auto reader = std::make_unique<Reader>(feed_);
    SEMEL_RETURN_IF_ERROR(reader->AddSplits(splits));
    return std::unique_ptr<connectors::SourceReader>(std::move(reader));
  }
  Status Acknowledge(const std::vector<connectors::SplitProgress>&) override { return Status::Ok(); }
  Result<std::string> Identity() override { return std::string(); }
  Status CheckReachable() override { return Status::Ok(); }

 private:
  std::vector<connectors::SplitProgress> New(const std::vector<std::string>& names,
                                             const std::vector<connectors::SplitProgress>& known) const {
    std::vector<connectors::SplitProgress> splits;
    for (const std::string& name : names)
      if (std::none_of(known.begin(), known.end(), [&name](const auto& k) { return k.split == name; }))
        splits.push_back({id_, name, "0", "", checkpoint::kNoWatermark, false});
    return splits;
  }

  Feed& feed_;
  const std::string id_;
};

}  // namespace feed_internal

// 'connector' = 'feed', or the given name.
inline connectors::Connector FeedConnector(Feed& feed, const std::string& name = "feed") {
  connectors::Connector connector;
  connector.name = name;
  connector.has_source = true;
  connector.source_options = {{"format", true, false, "json"}};
  connector.make_source = [&feed](const connectors::ConnectorContext& context,
                                  const plan::ScanSpec&) -> Result<std::unique_ptr<connectors::Source>> {
    return std::unique_ptr<connectors::Source>(std::make_unique<feed_internal::Source>(feed, context.node_id));
  };
  return connector;
}

}  // namespace semel
