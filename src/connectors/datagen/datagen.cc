// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'connector' = 'datagen': rows made by seed and number, so that a restart makes the same rows again. A split is every
// eighth row; its position is "n=<next row>;base=<microseconds>", where base is the time of row 0, taken once.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "connectors/datagen/register.h"
#include "connectors/datagen/row_generator.h"

namespace semel::connectors {

namespace {

inline constexpr ErrorCode kBadDatagenPosition{5302, ExitCode::kData, "unreadable datagen position"};

constexpr int64_t kSplits = 8;
constexpr int64_t kRowsPerChunk = 1000;
constexpr size_t kPadding = 64;

struct DatagenPosition {
  int64_t next = 0;  // number of the next row
  int64_t base_micros = 0;

  std::string ToString() const { return fmt::format("n={};base={}", next, base_micros); }
  static Result<DatagenPosition> Parse(const std::string& text) {
    DatagenPosition position;
    const std::vector<std::string> parts = Split(text, ';');
    auto read = [](const std::string& part, std::string_view prefix, int64_t& out) {
      if (part.rfind(prefix, 0) != 0) return false;
      const auto [end, error] = std::from_chars(part.data() + prefix.size(), part.data() + part.size(), out);
      return error == std::errc() && end == part.data() + part.size();
    };
    if (parts.size() != 2 || !read(parts[0], "n=", position.next) || !read(parts[1], "base=", position.base_micros))
      return Status::Corrupt(kBadDatagenPosition, fmt::format("'{}' is no position of datagen", text),
                             "the checkpoint is of another version or damaged");
    return position;
  }
};

class DatagenReader final : public SourceReader {
 public:
  DatagenReader(env::Env& env, const RowGenerator& generator) : env_(env), generator_(generator) {}

  Status AddSplits(const std::vector<SplitProgress>& splits) override {
    for (const SplitProgress& split : splits) {
      if (split.finished) continue;
      OpenSplit open;
      open.name = split.split;
      open.end = generator_.total_rows();
      if (!split.end.empty()) open.end = std::strtoll(split.end.c_str() + 2, nullptr, 10);
      SEMEL_ASSIGN_OR_RETURN(open.position, DatagenPosition::Parse(split.position));
      open.first = open.position.next;
      open.since = env_.Steady();
      splits_.push_back(std::move(open));
    }
    return Status::Ok();
  }

  Result<std::optional<Chunk>> Poll(Micros) override {
    for (size_t i = 0; i < splits_.size(); ++i) {
      const size_t at = turn_++ % splits_.size();
      std::optional<Chunk> chunk = Make(splits_[at]);
      if (!chunk) continue;
      if (chunk->at_end) splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(at));
      return chunk;
    }
    return std::optional<Chunk>();
  }

  std::vector<SplitLag> Lag() override { return {}; }
  void Close() override {}

 private:
  struct OpenSplit {
    std::string name;
    DatagenPosition position;
    int64_t end = 0;
    int64_t first = 0;  // row at `since`, for the pace
    SteadyTime since;
  };

  // The rows that are due by now.
  std::optional<Chunk> Make(OpenSplit& split) {
    const double seconds = static_cast<double>((env_.Steady() - split.since).count()) / 1e6;
    const double due = static_cast<double>(split.first) + seconds * static_cast<double>(generator_.rows_per_second());
    const int64_t stop =
        std::min(split.end, due >= static_cast<double>(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(due) + 1);
    DatagenPosition& position = split.position;
    if (position.next >= stop && position.next < split.end) return std::nullopt;
    auto text = std::make_shared<std::string>();
    std::vector<std::pair<size_t, int64_t>> begins;
    for (; position.next < stop && begins.size() < kRowsPerChunk; position.next += kSplits) {
      begins.emplace_back(text->size(), position.next);
      generator_.AppendJson(position.next, position.base_micros, *text);
    }
    begins.emplace_back(text->size(), position.next);
    text->resize(text->size() + kPadding);
    Chunk chunk;
    for (size_t i = 0; i + 1 < begins.size(); ++i) {
      formats::Record record;
      record.value = std::string_view(*text).substr(begins[i].first, begins[i + 1].first - begins[i].first);
      record.position = begins[i].second;
      chunk.records.push_back(record);
    }
    chunk.split = split.name;
    chunk.position_after = position.ToString();
    chunk.buffer = std::move(text);
    chunk.at_end = position.next >= split.end;
    return chunk;
  }

  env::Env& env_;
  const RowGenerator& generator_;
  std::vector<OpenSplit> splits_;
  size_t turn_ = 0;
};

class DatagenSource final : public Source {
 public:
  DatagenSource(env::Env& env, std::string source, RowGenerator generator)
      : env_(env), source_(std::move(source)), generator_(std::move(generator)) {}

  std::string implied_format() const override { return "json"; }
  bool is_bounded() const override { return generator_.total_rows() < INT64_MAX; }

  Result<std::vector<SplitProgress>> ResolveSplits(bool bounded) override {
    std::vector<SplitProgress> splits;
    const int64_t base = env_.Now().micros;
    for (int64_t k = 0; k < kSplits; ++k)
      splits.push_back(
          {source_, std::to_string(k), DatagenPosition{k, base}.ToString(), "", checkpoint::kNoWatermark, false});
    if (bounded) SEMEL_RETURN_IF_ERROR(ResolveEnds(splits));
    return splits;
  }

  // An endless table ends at the rows that are due now.
  Status ResolveEnds(std::vector<SplitProgress>& splits) override {
    for (SplitProgress& split : splits) {
      if (!split.end.empty()) continue;
      SEMEL_ASSIGN_OR_RETURN(DatagenPosition position, DatagenPosition::Parse(split.position));
      const int64_t elapsed = std::max<int64_t>(0, env_.Now().micros - position.base_micros);
      const auto due =
          static_cast<int64_t>(static_cast<columnar::int128>(elapsed) * generator_.rows_per_second() / 1'000'000);
      split.end = fmt::format("n={}", std::max(position.next, is_bounded() ? generator_.total_rows() : due));
    }
    return Status::Ok();
  }

  Result<std::vector<SplitProgress>> DiscoverSplits(const std::vector<SplitProgress>&) override {
    return std::vector<SplitProgress>{};
  }
  Result<std::unique_ptr<SourceReader>> CreateReader(const std::vector<SplitProgress>& splits) override {
    auto reader = std::make_unique<DatagenReader>(env_, generator_);
    SEMEL_RETURN_IF_ERROR(reader->AddSplits(splits));
    return std::unique_ptr<SourceReader>(std::move(reader));
  }
  Status Acknowledge(const std::vector<SplitProgress>&) override { return Status::Ok(); }
  Result<std::string> Identity() override { return std::string(); }
  Status CheckReachable() override { return Status::Ok(); }

 private:
  env::Env& env_;
  const std::string source_;
  const RowGenerator generator_;
};

}  // namespace

void RegisterDatagen(Registry& registry) {
  Connector connector;
  connector.name = "datagen";
  connector.has_source = true;
  connector.source_options = {
      {"rows-per-second", false, false, "pace; 10000"},
      {"number-of-rows", false, false, "rows in all; without it the table has no end"},
      {"seed", false, false, "other rows; 0"},
      {"fields.*", false, false, "fields.<name>.kind|min|max|start|end|length|null-rate|max-past"},
      {"scan.parallelism", false, true, "splits are spread over the workers"}};
  connector.make_source = [](const ConnectorContext& context,
                             const plan::ScanSpec& spec) -> Result<std::unique_ptr<Source>> {
    SEMEL_ASSIGN_OR_RETURN(RowGenerator generator, RowGenerator::Create(spec.table->physical, spec.table->options));
    return std::unique_ptr<Source>(
        std::make_unique<DatagenSource>(*context.env, context.node_id, std::move(generator)));
  };
  registry.Add(std::move(connector));
}

}  // namespace semel::connectors
