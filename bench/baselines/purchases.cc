// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Makes the input of the benchmarks: FILES files of purchases as JSON lines, in event time order within 1 s, and the
// truth.
//   bench_purchases DIR FILES RECORDS USERS     RECORDS in all; DIR/in/0.json …, DIR/truth.csv (user_id,count,total)
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_purchases DIR FILES RECORDS USERS\n");
    return 64;
  }
  const std::string dir = argv[1];
  const int files = std::atoi(argv[2]);
  const int64_t records = std::atoll(argv[3]);
  const int users = std::atoi(argv[4]);
  std::filesystem::create_directories(dir + "/in");
  std::vector<FILE*> out;
  for (int f = 0; f < files; ++f) out.push_back(std::fopen((dir + "/in/" + std::to_string(f) + ".json").c_str(), "w"));
  std::vector<int64_t> counts(static_cast<size_t>(users));
  std::vector<int64_t> cents(static_cast<size_t>(users));
  uint64_t state = 42;
  auto random = [&state] {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  };
  for (int64_t i = 0; i < records; ++i) {
    const auto user = static_cast<int>(random() % static_cast<uint64_t>(users));
    const auto amount = static_cast<int64_t>(random() % 50000 + 1);
    // 20 purchases a millisecond of event time: some minutes in all, so that windows close on the way.
    const int64_t ms = i / 20 + static_cast<int64_t>(random() % 1000);
    counts[static_cast<size_t>(user)]++;
    cents[static_cast<size_t>(user)] += amount;
    std::fprintf(out[static_cast<size_t>(user % files)],
                 "{\"purchase_id\":%lld,\"user_id\":%d,\"item\":\"item-%d\",\"amount\":%lld.%02lld,\"ts\":\"2026-01-%"
                 "02lld %02lld:%02lld:%02lld.%03lld\"}\n",
                 static_cast<long long>(i), user, static_cast<int>(random() % 1000),
                 static_cast<long long>(amount / 100), static_cast<long long>(amount % 100),
                 static_cast<long long>(1 + ms / 86400000), static_cast<long long>(ms / 3600000 % 24),
                 static_cast<long long>(ms / 60000 % 60), static_cast<long long>(ms / 1000 % 60),
                 static_cast<long long>(ms % 1000));
  }
  for (FILE* f : out) std::fclose(f);
  FILE* truth = std::fopen((dir + "/truth.csv").c_str(), "w");
  std::fprintf(truth, "user_id,count,total\n");
  for (int u = 0; u < users; ++u)
    if (counts[static_cast<size_t>(u)] > 0)
      std::fprintf(truth, "%d,%lld,%lld.%02lld\n", u, static_cast<long long>(counts[static_cast<size_t>(u)]),
                   static_cast<long long>(cents[static_cast<size_t>(u)] / 100),
                   static_cast<long long>(cents[static_cast<size_t>(u)] % 100));
  std::fclose(truth);
}
