// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// semel demo: purchases into a file that grows, running sums and revenue into Iceberg tables, kill -9 at three steps
// between a barrier and its receipt, then the proof from the tables' own files.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/command.h"
#include "cli/demo/purchases.h"
#include "cli/error_codes.h"
#include "columnar/value_text.h"
#include "env/process/child_process.h"
#include "env/process/machine.h"
#include "iceberg/table.h"

namespace semel::cli {

namespace {

struct DemoOptions {
  std::string dir;
  int64_t rows = 300'000;
  uint64_t seed = 1;
};

// Where a run is killed, and what that leaves behind for the next one.
struct Crash {
  const char* injection;
  const char* meaning;
};
constexpr std::array<Crash, 3> kCrashes{
    {{"checkpoint.manifest.put.before:2:crash", "before the decision: its epoch never was"},
     {"commit.iceberg.swap.before:2:crash",
      "decided, not committed to every table: the next run has to commit the rest"},
     {"commit.iceberg.swap.after:2:crash",
      "committed to a table, no receipt: the next run must not commit that again"}}};

constexpr int64_t kSpanMillis = 300'000;    // event time of all purchases together, at the least
constexpr int64_t kRowsPerSecond = 10'000;  // the least that a run is given time for
constexpr Micros kStartPatience(120'000'000);

// Makes purchases while runs come and go: a share at full speed for each run that is killed, after that a trickle, so
// that every run has rows to commit until its crash comes, however slow the machine is.
class Producer {
 public:
  Producer(PurchaseGenerator& generator, env::File& file, int64_t rows)
      : generator_(generator), file_(file), rows_(rows) {}
  void BeginRun(int run) { share_ = rows_ * run / 5; }
  // Called every 5 ms or so.
  Status Produce() {
    const bool trickles = generator_.produced() >= share_;
    if (trickles && ++pauses_ % 10 != 0) return Status::Ok();
    return Write(trickles ? std::max<int64_t>(1, rows_ / 5000) : std::max<int64_t>(1, rows_ / 150));
  }
  Status ProduceRest() {
    while (generator_.produced() < rows_) SEMEL_RETURN_IF_ERROR(Write(10'000));
    return Status::Ok();
  }

 private:
  Status Write(int64_t count) {
    std::string lines;
    for (int64_t i = 0; i < count && generator_.produced() < rows_; ++i) lines += generator_.Next();
    return lines.empty() ? Status::Ok() : file_.Append(lines);
  }
  PurchaseGenerator& generator_;
  env::File& file_;
  const int64_t rows_;
  int64_t share_ = 0;
  int pauses_ = 0;
};

std::string Script(const std::string& dir) {
  return fmt::format(R"(SET 'pipeline.name' = 'demo';
SET 'execution.checkpointing.dir' = '{0}/checkpoints';
SET 'execution.checkpointing.interval' = '200 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '{0}/purchases.json', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog',
  'uri' = 'jdbc:sqlite:{0}/catalog.db', 'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{0}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE IF NOT EXISTS lake.shop.running_sum (purchase_id BIGINT, user_id INT, amount DECIMAL(10,2), ts TIMESTAMP(3), total DECIMAL(38,2));
CREATE TABLE IF NOT EXISTS lake.shop.revenue (user_id INT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), purchases BIGINT, revenue DECIMAL(38,2));
EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.running_sum
    SELECT purchase_id, user_id, amount, ts, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
  INSERT INTO lake.shop.revenue
    SELECT user_id, window_start, window_end, COUNT(*), SUM(amount)
    FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;
END;
)",
                     dir);
}

Status WriteFile(env::Env& env, const std::string& path, const std::string& content) {
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, env.files().CreateExclusive(path));
  return file->Append(content);
}

Status ReadTable(env::Env& env, const std::string& dir, const std::string& name,
                 std::vector<columnar::Batch>& batches) {
  iceberg::Table table(env, {"lake", dir + "/catalog.db", dir + "/warehouse"}, "shop", name);
  SEMEL_ASSIGN_OR_RETURN(std::shared_ptr<const iceberg::TableVersion> version, table.Load());
  SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> files, table.LiveFiles(*version));
  for (const std::string& path : files) {
    SEMEL_ASSIGN_OR_RETURN(std::string file, table.ReadFile(path));
    SEMEL_ASSIGN_OR_RETURN(columnar::Batch batch, parquet::DecodeParquet(file, iceberg::FactsOf(*version).columns));
    batches.push_back(std::move(batch));
  }
  return Status::Ok();
}

// The present metadata file of the running sums, for readers that want one.
std::string MetadataOf(env::Env& env, const std::string& dir) {
  iceberg::Table table(env, {"lake", dir + "/catalog.db", dir + "/warehouse"}, "shop", "running_sum");
  Result<std::shared_ptr<const iceberg::TableVersion>> version = table.Load();
  return version.ok() ? iceberg::LocalPathOf(iceberg::FactsOf(**version).metadata_location)
                      : version.status().ToString();
}

struct Proof {
  int64_t rows = 0;
  int64_t lost = 0;
  int64_t duplicated = 0;
  int64_t difference_cents = 0;  // summed absolute difference of every user's last running sum and revenue
};

// Compares the tables with the generator's own truth.
Result<Proof> Prove(env::Env& env, const std::string& dir, const PurchaseGenerator& generator) {
  Proof proof;
  std::vector<columnar::Batch> running, revenue;
  SEMEL_RETURN_IF_ERROR(ReadTable(env, dir, "running_sum", running));
  SEMEL_RETURN_IF_ERROR(ReadTable(env, dir, "revenue", revenue));
  std::vector<bool> seen(static_cast<size_t>(generator.produced()) + 1);
  std::map<int32_t, int64_t> last_sum, window_sum;
  for (const columnar::Batch& batch : running) {
    proof.rows += batch.length();
    for (int64_t i = 0; i < batch.length(); ++i) {
      const size_t id = static_cast<size_t>(batch.column(0)->GetInt(i));
      if (id >= seen.size() || seen[id]) {
        ++proof.duplicated;
      } else {
        seen[id] = true;
      }
      int64_t& sum = last_sum[static_cast<int32_t>(batch.column(1)->GetInt(i))];
      sum = std::max(sum, static_cast<int64_t>(batch.column(4)->GetInt(i)));
    }
  }
  for (size_t id = 1; id < seen.size(); ++id) proof.lost += seen[id] ? 0 : 1;
  for (const columnar::Batch& batch : revenue)
    for (int64_t i = 0; i < batch.length(); ++i)
      window_sum[static_cast<int32_t>(batch.column(0)->GetInt(i))] += static_cast<int64_t>(batch.column(4)->GetInt(i));
  for (const auto& [user, total] : generator.truth()) {
    proof.difference_cents += std::abs(last_sum[user] - total.cents) + std::abs(window_sum[user] - total.cents);
    last_sum.erase(user), window_sum.erase(user);
  }
  for (const auto& [user, sum] : last_sum) proof.difference_cents += sum;
  for (const auto& [user, sum] : window_sum) proof.difference_cents += sum;
  return proof;
}

// What a run said of the run before it.
void PrintFound(env::Env& env, const std::string& path, int run) {
  Result<std::string> log = ReadScript(env, path);
  bool any = false;
  for (const std::string& line : Split(log.ok() ? *log : "", '\n')) {
    const size_t attempt = line.find("attempt ");
    if (attempt == std::string::npos) continue;
    std::printf("%s %s\n", any ? "                   " : fmt::format("run {}  found of run {}:", run, run - 1).c_str(),
                line.c_str() + attempt);
    any = true;
  }
  if (!any) std::printf("run %d  %s\n", run, run == 1 ? "starts without state" : "found nothing in doubt");
}

// Runs the engine; the generator keeps writing meanwhile.
Result<env::ChildExit> RunEngine(env::Env& env, const std::string& program, const std::string& dir,
                                 const std::vector<std::string>& more, const std::string& log, Micros patience,
                                 const std::function<Status()>& meanwhile) {
  std::vector<std::string> argv = {program, "run", dir + "/pipeline.sql"};
  argv.insert(argv.end(), more.begin(), more.end());
  SEMEL_ASSIGN_OR_RETURN(env::ChildProcess child, env::ChildProcess::Start(argv, {{"SEMEL_TESTING", "1"}}, log));
  const SteadyTime deadline = env.Steady() + patience;
  while (true) {
    if (std::optional<env::ChildExit> exit = child.Poll()) return *exit;
    SEMEL_RETURN_IF_ERROR(meanwhile());
    env.SleepFor(Micros(5'000));
    if (deadline < env.Steady())
      return Status::Invalid(kDemoFailed, fmt::format("a run has not ended after {} s", patience.count() / 1'000'000),
                             "is the machine very busy? see " + log);
  }
}

void PrintProof(env::Env& env, const std::string& dir, const std::string& program, const Proof& proof, int64_t produced,
                double seconds) {
  std::printf(
      "\nrows produced    %ld\nrows in table    %ld\nlost             %ld\nduplicated       %ld\ndifference       "
      "%s\ntime             %.1f s\n",
      produced, proof.rows, proof.lost, proof.duplicated, columnar::DecimalToString(proof.difference_cents, 2).c_str(),
      seconds);
  std::printf(
      "\nread the tables:\n  pip install 'pyiceberg[sql-sqlite,pyarrow]'\n    python3 -c \"from pyiceberg.catalog.sql "
      "import SqlCatalog; c = "
      "SqlCatalog('lake', uri='sqlite:///%s/catalog.db', warehouse='file://%s/warehouse'); "
      "print(c.load_table('shop.running_sum').scan().to_arrow())\"\n",
      dir.c_str(), dir.c_str());
  std::printf(
      "  pip install duckdb\n    python3 -c 'import duckdb; duckdb.sql(\"install iceberg; load iceberg\"); "
      "print(duckdb.sql(\"select user_id, count(*), max(total) from iceberg_scan($$%s$$) group by 1 order by 1 limit "
      "5\"))'\n",
      MetadataOf(env, dir).c_str());
  std::printf("  nothing to install\n    %s verify %s/pipeline.sql\n", program.c_str(), dir.c_str());
}

Status Demo(const DemoOptions& options, env::Env& env) {
  std::string dir = options.dir;
  const bool keep = !dir.empty();
  if (!keep) {
    const char* tmp = std::getenv("TMPDIR");
    dir = fmt::format("{}/semel-demo-{:08x}", tmp != nullptr ? tmp : "/tmp", env.Random() >> 32);
  }
  dir = env::AbsolutePath(dir);
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  const Status made = env.files().MakeDirectory(dir);
  if (!made.ok())
    return Status::Invalid(kDemoFolder, fmt::format("cannot make {}: {}", dir, made.message()),
                           "give a folder that does not exist yet, in one that does");
  SEMEL_RETURN_IF_ERROR(WriteFile(env, dir + "/pipeline.sql", Script(dir)));
  SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> input, env.files().OpenAppend(dir + "/purchases.json"));
  SEMEL_ASSIGN_OR_RETURN(std::string program, env::ProgramPath());
  PurchaseGenerator generator(options.seed, 1000, std::max<int64_t>(1, kSpanMillis / options.rows));
  Producer producer(generator, *input, options.rows);
  const Micros patience = kStartPatience + Micros(options.rows * 1'000'000 / kRowsPerSecond);
  const SteadyTime begin = env.Steady();
  std::printf("%ld purchases into %s/purchases.json, running sums and revenue into Iceberg tables in %s/warehouse\n",
              options.rows, dir.c_str(), dir.c_str());
  int run = 0;
  for (const Crash& crash : kCrashes) {
    const std::string log = fmt::format("{}/run-{}.log", dir, ++run);
    producer.BeginRun(run);
    SEMEL_ASSIGN_OR_RETURN(env::ChildExit exit, RunEngine(env, program, dir, {"--inject", crash.injection}, log,
                                                          patience, [&producer] { return producer.Produce(); }));
    if (exit.signal != 9)
      return Status::Invalid(kDemoFailed,
                             fmt::format("run {} ended with exit code {} instead of being killed at {}", run,
                                         exit.exit_code, crash.injection),
                             "see " + log);
    const std::string_view label =
        std::string_view(crash.injection).substr(0, std::string_view(crash.injection).find(':'));
    PrintFound(env, log, run);
    std::printf("       killed with SIGKILL at %s\n       %s\n", std::string(label).c_str(), crash.meaning);
  }
  SEMEL_RETURN_IF_ERROR(producer.ProduceRest());
  const std::string log = fmt::format("{}/run-{}.log", dir, ++run);
  SEMEL_ASSIGN_OR_RETURN(env::ChildExit exit,
                         RunEngine(env, program, dir, {"--until-end"}, log, patience, [] { return Status::Ok(); }));
  PrintFound(env, log, run);
  std::printf("       --until-end: exit code %d\n", exit.exit_code);
  if (exit.exit_code != 0) return Status::Invalid(kDemoFailed, "the last run did not finish", "see " + log);
  SEMEL_RETURN_IF_ERROR(WriteFile(env, dir + "/truth.csv", generator.TruthCsv()));
  SEMEL_ASSIGN_OR_RETURN(Proof proof, Prove(env, dir, generator));
  PrintProof(env, dir, program, proof, generator.produced(), static_cast<double>((env.Steady() - begin).count()) / 1e6);
  if (proof.lost != 0 || proof.duplicated != 0 || proof.difference_cents != 0 || proof.rows != generator.produced())
    return Status::Invalid(kDemoFailed, "the tables differ from the truth", "this is a bug: keep " + dir);
  return Status::Ok();
}

}  // namespace

void AddDemoCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command =
      app.add_subcommand("demo", "the promise kept while the engine kills itself: no Kafka, no JVM, a few seconds");
  command->add_option("--dir", options->dir, "keep everything in this (new) folder");
  command->add_option("--rows", options->rows, "purchases to make")
      ->check(CLI::Range(int64_t{1000}, int64_t{100'000'000}));
  command->add_option("--seed", options->seed, "of the generator");
  command->callback([&context, options] {
    Result<env::Env*> env = context.MakeEnv();
    if (!env.ok()) return context.Fail(env.status());
    if (const Status status = Demo(*options, **env); !status.ok()) context.Fail(status);
  });
}

}  // namespace semel::cli
