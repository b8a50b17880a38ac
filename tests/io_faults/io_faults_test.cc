// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Every file and database call of a run fails once: for each n a run in which the n-th call fails, then one in a
// healthy world. Whatever the first one said, the second has to end with exactly the rows of the reference in the table
// and with no file beside those of the table.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "columnar/parse_text.h"
#include "columnar/value_text.h"
#include "connectors/registry_all.h"
#include "env/posix/posix_env.h"
#include "formats/registry_all.h"
#include "functions/registry_all.h"
#include "iceberg/table.h"
#include "job/job.h"
#include "operators/registry_all.h"
#include "parquet/parquet_file.h"
#include "sql/planner/script.h"
#include "tests/io_faults/failing_env.h"

namespace semel::tests {
namespace {

namespace fs = std::filesystem;

class IoFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    env_ = env::MakePosixEnv({env::LogLevel::kError, {}, false}).value();
    std::string pattern = fs::exists("/dev/shm") ? "/dev/shm/semel-io-XXXXXX" : "/tmp/semel-io-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    functions::RegisterAll(functions_);
    formats::RegisterAll(formats_);
    connectors::RegisterAll(connectors_);
    operators::RegisterAll(operators_);
    fs::create_directories(dir_ + "/in");
    Produce(40);
  }
  void TearDown() override { fs::remove_all(dir_); }

  // Rows of five users, appended to two files.
  void Produce(int rows) {
    for (int i = 0; i < rows; ++i) {
      const int64_t id = static_cast<int64_t>(cents_.size()), cents = id * 37 % 1000;
      cents_.push_back(cents);
      const std::string line =
          fmt::format("{{\"id\":{},\"user_id\":{},\"amount\":{},\"ts\":\"{}\"}}\n", id, id % 5,
                      columnar::DecimalToString(cents, 2), columnar::TimestampToString(id * 500'000, 3));
      ASSERT_TRUE(env_->files().OpenAppend(fmt::format("{}/in/{}.json", dir_, id % 2)).value()->Append(line).ok());
    }
  }

  std::string Script() const {
    return fmt::format(
        "SET 'pipeline.name' = 'io'; SET 'execution.checkpointing.dir' = '{0}/cp'; SET "
        "'execution.checkpointing.interval' = '5 ms'; SET 'semel.filesystem.follow' = 'true';"
        "CREATE TABLE p (id BIGINT, user_id INT, amount DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - "
        "INTERVAL '5' SECOND) WITH ('connector'='filesystem', 'path'='{0}/in', 'format'='json');"
        "CREATE CATALOG lake WITH ('type'='iceberg', 'catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog', "
        "'uri'='jdbc:sqlite:{0}/catalog.db', 'jdbc.schema-version'='V1', 'warehouse'='file://{0}/warehouse');"
        "CREATE DATABASE IF NOT EXISTS lake.shop;"
        "CREATE TABLE IF NOT EXISTS lake.shop.running (id BIGINT, user_id INT, total DECIMAL(38,2));"
        "INSERT INTO lake.shop.running SELECT id, user_id, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM p;",
        dir_);
  }

  Result<job::JobEnd> Run(env::Env& env, bool until_end, Micros stop_after = Micros(0)) {
    SEMEL_ASSIGN_OR_RETURN(sql::PlannedScript planned,
                           sql::PlanScript(Script(), {&functions_, &connectors_, &env, &formats_, false}));
    SEMEL_ASSIGN_OR_RETURN(job::JobSettings settings, job::ReadSettings(planned.plan.settings, true));
    job::JobOptions options;
    options.until_end = until_end;
    job::Job job(env, {&functions_, &formats_, &connectors_, &operators_}, planned.plan, settings, options);
    std::unique_ptr<env::Strand> stopper;
    if (stop_after.count() > 0)
      stopper = env_->Spawn("stopper", [&] {
        env_->SleepFor(stop_after);
        job.RequestStop();
      });
    Result<job::JobEnd> end = job.Run([](const std::string&) {});
    if (stopper) stopper->Join();
    return end;
  }

  std::multiset<std::string> Expected() const {
    std::multiset<std::string> rows;
    std::map<size_t, int64_t> sums;
    for (size_t id = 0; id < cents_.size(); ++id)
      rows.insert(fmt::format("+I[{}, {}, {}]", id, id % 5, columnar::DecimalToString(sums[id % 5] += cents_[id], 2)));
    return rows;
  }

  // What is in the table, and no file of data beside it.
  void CheckTable(const std::string& after) {
    iceberg::Table table(*env_, {"lake", dir_ + "/catalog.db", dir_ + "/warehouse"}, "shop", "running");
    const auto version = table.Load();
    ASSERT_TRUE(version.ok()) << after << ": " << version.status().ToString();
    const std::vector<std::string> live = table.LiveFiles(**version).value();
    std::multiset<std::string> rows;
    for (const std::string& path : live) {
      const columnar::Batch batch =
          parquet::DecodeParquet(table.ReadFile(path).value(), iceberg::FactsOf(**version).columns).value();
      for (const std::string& line : Split(batch.ToString(), '\n'))
        if (!line.empty()) rows.insert(line);
    }
    EXPECT_EQ(rows, Expected()) << after;
    std::set<std::string> named, there;
    for (const std::string& path : live) named.insert(iceberg::LocalPathOf(path));
    for (const auto& entry : fs::directory_iterator(table.DataFolder())) there.insert(entry.path());
    EXPECT_EQ(there, named) << after;
  }

  static constexpr const char* kParts[] = {"cp", "catalog.db", "warehouse"};
  void Save() {
    for (const char* part : kParts)
      if (fs::exists(dir_ + "/" + part))
        fs::copy(dir_ + "/" + part, dir_ + "/saved/" + part, fs::copy_options::recursive);
  }
  // The files of input stay: positions name their inodes.
  void PutBack() {
    for (const char* part : kParts) {
      fs::remove_all(dir_ + "/" + part);
      if (fs::exists(dir_ + "/saved/" + part))
        fs::copy(dir_ + "/saved/" + part, dir_ + "/" + part, fs::copy_options::recursive);
    }
  }

  // One bad run from the saved state, then a good one. False: there was no such call any more.
  bool FailAndRecover(const Fault& fault) {
    PutBack();
    FailingEnv failing(*env_, fault);
    const Result<job::JobEnd> bad = Run(failing, true);
    if (!failing.hit()) {
      EXPECT_TRUE(bad.ok()) << bad.status().ToString();
      return failing.calls() >= fault.first;
    }
    const std::string after = fmt::format("{} ({})", failing.failed(), bad.status().ToString());
    if (!bad.ok()) {
      ++refused_[bad.status().code().number];
      EXPECT_EQ(bad.status().code().exit, ExitCode::kIo)
          << "an error of the disk is no damage of what it holds: " << after;
      EXPECT_FALSE(bad.status().hint().empty()) << after;
    }
    const Result<job::JobEnd> good = Run(*env_, true);
    EXPECT_TRUE(good.ok()) << after << ", then " << good.status().ToString();
    if (bad.ok() && good.ok()) {
      EXPECT_EQ(*good, job::JobEnd::kAlreadyFinished) << after;
    }
    CheckTable(after);
    ++tries_;
    return true;
  }

  // n = 1, 1 + step, …, until the calls of a run are exhausted.
  void EveryCall(Fault fault, uint64_t step) {
    uint64_t beyond = 0;
    for (uint64_t n = 1; beyond < 3 && !HasFailure(); n += step) {
      fault.first = n;
      beyond = FailAndRecover(fault) ? 0 : beyond + 1;
    }
    EXPECT_GT(tries_, step > 1 ? 20u : 80u);
    std::string codes;
    for (const auto& [code, times] : refused_) codes += fmt::format(" SEMEL-{} {} times", code, times);
    std::printf("%lu runs with a failing call, each recovered exactly; ended by%s, the others went on\n", tries_,
                codes.c_str());
  }

  // A store with committed checkpoints, state and positions, and more input than it has seen.
  void WarmUp() {
    const Result<job::JobEnd> end = Run(*env_, false, Micros(60'000));
    ASSERT_TRUE(end.ok()) << end.status().ToString();
    fs::create_directories(dir_ + "/saved");
    Save();
    Produce(20);
  }

  std::unique_ptr<env::Env> env_;
  std::string dir_;
  functions::Registry functions_;
  formats::Registry formats_;
  operators::Registry operators_;
  connectors::Registry connectors_;
  std::vector<int64_t> cents_;
  uint64_t tries_ = 0;
  std::map<int, uint64_t> refused_;
};

TEST_F(IoFaultsTest, EveryCallOfAFirstStartMayFail) { EveryCall({0, 1, Fault::Kind::kError}, 1); }
TEST_F(IoFaultsTest, EveryAnswerOfAFirstStartMayBeLost) { EveryCall({0, 1, Fault::Kind::kLostAnswer}, 1); }

TEST_F(IoFaultsTest, EveryCallOfARestartMayFail) {
  WarmUp();
  EveryCall({0, 1, Fault::Kind::kError}, 1);
}

TEST_F(IoFaultsTest, EveryAnswerOfARestartMayBeLost) {
  WarmUp();
  EveryCall({0, 1, Fault::Kind::kLostAnswer}, 1);
}

TEST_F(IoFaultsTest, TheDiskMayFillUpAtEveryCallOfARestart) {
  WarmUp();
  EveryCall({0, 15, Fault::Kind::kNoSpace}, 1);
}

TEST_F(IoFaultsTest, TheDiskMayFailForLongerAtEveryCallOfARestart) {
  WarmUp();
  EveryCall({0, 300, Fault::Kind::kError}, 5);
}

}  // namespace
}  // namespace semel::tests
