// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the tests of the whole engine share: a transactional table in memory, purchases in files, and a job run in this
// process.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "columnar/parse_text.h"
#include "columnar/row_digest.h"
#include "columnar/value_text.h"
#include "connectors/registry_all.h"
#include "env/posix/posix_env.h"
#include "formats/registry_all.h"
#include "functions/registry_all.h"
#include "job/job.h"
#include "operators/registry_all.h"
#include "sql/planner/script.h"

namespace semel {

using checkpoint::CommitOutcome;
using checkpoint::CommitResult;
using checkpoint::Marker;

// A table that keeps rows as text; one commit per epoch, by compare-and-swap on its marker. Outlives jobs.
struct MemoryTable {
  std::unique_ptr<env::Mutex> mutex;
  std::map<std::string, std::vector<std::string>> staged;
  std::vector<std::string> rows;
  std::optional<Marker> marker;
};

class MemoryWriter final : public connectors::SinkWriter {
 public:
  MemoryWriter(MemoryTable& table, connectors::WriterContext context) : table_(table), context_(std::move(context)) {}
  Status Write(const columnar::Batch& batch) override {
    const std::vector<std::string> lines = Split(batch.ToString(), '\n');
    rows_.insert(rows_.end(), lines.begin(), lines.end() - 1);
    digest_.AddRows(batch);
    return Status::Ok();
  }
  Result<connectors::PrepareTask> Prepare(Epoch epoch) override {
    const std::string name = fmt::format("{}-{}-{}", epoch.value, context_.generation.value, context_.worker);
    const connectors::StagedOutput output{name, rows_.size(), digest_.ToString()};
    digest_ = {};
    return connectors::PrepareTask(
        [this, output, rows = std::exchange(rows_, {})]() -> Result<connectors::StagedOutput> {
          env::MutexLock lock(*table_.mutex);
          table_.staged[output.payload] = rows;
          return output;
        });
  }

 private:
  MemoryTable& table_;
  const connectors::WriterContext context_;
  std::vector<std::string> rows_;
  columnar::RowDigest digest_;
};

class MemoryView final : public checkpoint::SinkView {
 public:
  MemoryView(MemoryTable& table, std::optional<Marker> marker) : table_(table), marker_(std::move(marker)) {}
  const std::optional<Marker>& marker() const override { return marker_; }
  bool marker_is_live() const override { return true; }
  CommitResult Commit(const checkpoint::CommitPermit&, const checkpoint::Committable& committable) override {
    env::MutexLock lock(*table_.mutex);
    if (table_.marker != marker_)
      return {CommitOutcome::kRejected, Status::Transient(kInternalError, "another version"), {}};
    for (const std::string& name : committable.payloads) {
      const auto& rows = table_.staged.at(name);
      table_.rows.insert(table_.rows.end(), rows.begin(), rows.end());
    }
    table_.marker = committable.marker;
    return {CommitOutcome::kCommitted, Status::Ok(), "memory"};
  }

 private:
  MemoryTable& table_;
  const std::optional<Marker> marker_;
};

class MemoryCommitter final : public checkpoint::Committer {
 public:
  explicit MemoryCommitter(MemoryTable& table) : table_(table) {}
  Status Fence(Generation) override { return Status::Ok(); }
  Result<std::unique_ptr<checkpoint::SinkView>> Look() override {
    env::MutexLock lock(*table_.mutex);
    return std::unique_ptr<checkpoint::SinkView>(std::make_unique<MemoryView>(table_, table_.marker));
  }
  Status Discard(const std::string&, Epoch, Generation) override { return Status::Ok(); }
  Result<std::vector<StagedAttempt>> ListStaged() override { return std::vector<StagedAttempt>{}; }

 private:
  MemoryTable& table_;
};

class MemorySink final : public connectors::Sink {
 public:
  MemorySink(MemoryTable& table, std::string id) : table_(table), id_(std::move(id)) {}
  std::string CommitId() const override { return id_; }
  bool is_transactional() const override { return true; }
  Status Open() override { return Status::Ok(); }
  Result<std::unique_ptr<connectors::SinkWriter>> CreateWriter(const connectors::WriterContext& context) override {
    return std::unique_ptr<connectors::SinkWriter>(std::make_unique<MemoryWriter>(table_, context));
  }
  Result<std::unique_ptr<checkpoint::Committer>> CreateCommitter() override {
    return std::unique_ptr<checkpoint::Committer>(std::make_unique<MemoryCommitter>(table_));
  }
  Result<std::string> Identity() override { return std::string(); }
  Status CheckReachable() override { return Status::Ok(); }

 private:
  MemoryTable& table_;
  const std::string id_;
};

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
    char pattern[] = "/tmp/semel-engine-XXXXXX";
    dir_ = mkdtemp(pattern);
    functions::RegisterAll(functions_);
    formats::RegisterAll(formats_);
    operators::RegisterAll(operators_);
    connectors::RegisterAll(connectors_);
    connectors::Connector memory;
    memory.name = "memory";
    memory.has_sink = true;
    memory.accepts_changelog = {"UB", "UA", "D"};
    memory.make_sink = [this](const connectors::ConnectorContext&,
                              const plan::SinkSpec& spec) -> Result<std::unique_ptr<connectors::Sink>> {
      MemoryTable& table = tables_[spec.table->name];
      if (!table.mutex) table.mutex = env_->NewMutex();
      return std::unique_ptr<connectors::Sink>(std::make_unique<MemorySink>(table, "memory:" + spec.table->name));
    };
    connectors_.Add(std::move(memory));
    const Status written = WriteInput();
    ASSERT_TRUE(written.ok()) << written.ToString();
  }
  void TearDown() override { (void)!system(("rm -rf " + dir_).c_str()); }

  // 6,000 purchases of 20 users in two files, times out of order by up to 3 s, ties on purpose.
  Status WriteInput() {
    uint64_t state = 11;
    auto random = [&state](uint64_t n) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      return (state >> 33) % n;
    };
    for (int f = 0; f < 2; ++f) {
      std::string lines;
      for (int i = 0; i < 3000; ++i) {
        const int64_t id = f * 3000 + i, user = static_cast<int64_t>(random(20)),
                      cents = static_cast<int64_t>(random(10000));
        const int64_t ms = (i * 10 + static_cast<int64_t>(random(3000))) / 10 * 10;
        input_.push_back({id, user, cents, ms});
        lines += fmt::format("{{\"id\":{},\"user_id\":{},\"amount\":{},\"ts\":\"{}\"}}\n", id, user,
                             columnar::DecimalToString(cents, 2), columnar::TimestampToString(ms * 1000, 3));
      }
      (void)env_->files().MakeDirectory(dir_ + "/in");  // there from the first file on
      SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file,
                             env_->files().CreateExclusive(fmt::format("{}/in/{}.json", dir_, f)));
      SEMEL_RETURN_IF_ERROR(file->Append(lines));
    }
    return Status::Ok();
  }

  std::string Script(const std::string& inserts, bool follow = false) {
    return fmt::format(
        "SET 'pipeline.name' = 'engine'; SET 'execution.checkpointing.dir' = '{0}/cp'; SET "
        "'execution.checkpointing.interval' = '20 ms'; SET 'semel.filesystem.follow' = '{2}';"
        "CREATE TABLE p (id BIGINT, user_id INT, amount DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - "
        "INTERVAL '5' SECOND) WITH ('connector'='filesystem', 'path'='{0}/in', 'format'='json');"
        "CREATE TABLE running (id BIGINT, user_id INT, total DECIMAL(38,2)) WITH ('connector'='memory');"
        "CREATE TABLE revenue (user_id INT, window_start TIMESTAMP(3), n BIGINT, total DECIMAL(38,2)) WITH "
        "('connector'='memory');"
        "CREATE TABLE sums (user_id INT, total DECIMAL(38,2)) WITH ('connector'='memory');"
        "EXECUTE STATEMENT SET BEGIN {1} END;",
        dir_, inserts, follow ? "true" : "false");
  }

  Result<std::unique_ptr<job::Job>> MakeJob(const std::string& script, const job::JobOptions& options) {
    SEMEL_ASSIGN_OR_RETURN(sql::PlannedScript planned,
                           sql::PlanScript(script, {&functions_, &connectors_, env_.get(), &formats_, false}));
    SEMEL_ASSIGN_OR_RETURN(job::JobSettings settings, job::ReadSettings(planned.plan.settings, false));
    const job::JobRegistries registries{&functions_, &formats_, &connectors_, &operators_};
    return std::make_unique<job::Job>(*env_, registries, planned.plan, settings, options);
  }

  Result<job::JobEnd> RunJob(const std::string& script, uint32_t workers, Micros stop_after = Micros(0),
                             bool until_end = false) {
    job::JobOptions options;
    options.workers = workers;
    options.until_end = until_end;
    if (stop_after.count() == 0) {
      SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<job::Job> job, MakeJob(script, options));
      return job->Run([](const std::string&) {});
    }
    return RunAndStop(script, options, [this, stop_after](job::Job&) { env_->SleepFor(stop_after); });
  }

  // Runs in an unbounded way until so many rows have been read by it.
  Result<job::JobEnd> RunUntilRead(const std::string& script, uint32_t workers, int64_t rows) {
    job::JobOptions options;
    options.workers = workers;
    return RunAndStop(script, options, [this, rows](job::Job& job) {
      for (int i = 0; i < 10'000 && job.status().dataflow.rows_in < rows; ++i) env_->SleepFor(Micros(2'000));
    });
  }

  // Stops the job, from another strand, when `wait` returns.
  Result<job::JobEnd> RunAndStop(const std::string& script, const job::JobOptions& options,
                                 const std::function<void(job::Job&)>& wait) {
    SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<job::Job> job, MakeJob(script, options));
    std::unique_ptr<env::Strand> stopper = env_->Spawn("stopper", [&] {
      wait(*job);
      job->RequestStop();
    });
    Result<job::JobEnd> end = job->Run([](const std::string&) {});
    stopper->Join();
    return end;
  }

  struct Purchase {
    int64_t id, user, cents, ms;
  };

  // SUM OVER (PARTITION BY user ORDER BY ts), RANGE: rows of one time share the sum.
  std::multiset<std::string> ExpectedRunning() const {
    std::multiset<std::string> rows;
    for (const Purchase& p : input_) {
      int64_t sum = 0;
      for (const Purchase& q : input_)
        if (q.user == p.user && q.ms <= p.ms) sum += q.cents;
      rows.insert(fmt::format("+I[{}, {}, {}]", p.id, p.user, columnar::DecimalToString(sum, 2)));
    }
    return rows;
  }
  std::multiset<std::string> ExpectedRevenue() const {
    std::map<std::pair<int64_t, int64_t>, std::pair<int64_t, int64_t>> groups;
    for (const Purchase& p : input_) {
      auto& group = groups[{p.user, p.ms / 10000}];
      ++group.first, group.second += p.cents;
    }
    std::multiset<std::string> rows;
    for (const auto& [key, value] : groups)
      rows.insert(fmt::format("+I[{}, {}, {}, {}]", key.first, columnar::TimestampToString(key.second * 10'000'000, 3),
                              value.first, columnar::DecimalToString(value.second, 2)));
    return rows;
  }
  std::multiset<std::string> RowsOf(const std::string& table) {
    return {tables_[table].rows.begin(), tables_[table].rows.end()};
  }

  static constexpr const char* kBoth =
      "INSERT INTO running SELECT id, user_id, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM p;"
      "INSERT INTO revenue SELECT user_id, window_start, COUNT(*), SUM(amount) FROM TABLE(TUMBLE(TABLE p, "
      "DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;";

  std::unique_ptr<env::Env> env_;
  std::string dir_;
  functions::Registry functions_;
  formats::Registry formats_;
  operators::Registry operators_;
  connectors::Registry connectors_;
  std::map<std::string, MemoryTable> tables_;
  std::vector<Purchase> input_;
};

}  // namespace semel
