// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The bare loop that the engine is measured against: lines of purchases through simdjson On-Demand into columns,
// user_id as int32, amount as hundredths in int64, ts as microseconds in int64, and nothing else. Every document is
// walked to its end, as the engine does.
//   bench_simdjson_loop FILE…     prints records, the sum of the amounts and of the times
#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

int Digits(const char* p, int n) {
  int v = 0;
  for (int i = 0; i < n; ++i) v = v * 10 + (p[i] - '0');
  return v;
}

// "2026-01-01 00:00:00.000" → microseconds since 1970 (days from civil: Howard Hinnant's algorithm).
int64_t ParseTime(std::string_view s) {
  const char* p = s.data();
  int y = Digits(p, 4);
  const int m = Digits(p + 5, 2);
  const int d = Digits(p + 8, 2);
  y -= m <= 2;
  const int era = y / 400;
  const int yoe = y - era * 400;
  const int doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  const int64_t days = int64_t{era} * 146097 + doe - 719468;
  return ((days * 24 + Digits(p + 11, 2)) * 60 + Digits(p + 14, 2)) * 60'000'000 + Digits(p + 17, 2) * 1'000'000 +
         Digits(p + 20, 3) * 1000;
}

// "123.45" → 12345
int64_t ParseAmount(std::string_view s) {
  int64_t v = 0;
  int scale = -1;
  for (const char c : s) {
    if (c == '.') {
      scale = 0;
    } else if (c >= '0' && c <= '9') {
      v = v * 10 + (c - '0');
      if (scale >= 0) ++scale;
    }
  }
  for (scale = scale < 0 ? 0 : scale; scale < 2; ++scale) v *= 10;
  return v;
}

struct Columns {
  std::vector<int32_t> users;
  std::vector<int64_t> amounts;
  std::vector<int64_t> times;
};

void DecodeLine(simdjson::ondemand::parser& parser, const char* line, size_t n, Columns& columns) {
  auto document = parser.iterate(line, n, n + simdjson::SIMDJSON_PADDING);
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key().value();
    if (key == "user_id") {
      columns.users.push_back(static_cast<int32_t>(field.value().get_int64().value()));
    } else if (key == "amount") {
      columns.amounts.push_back(ParseAmount(field.value().raw_json_token().value()));
    } else if (key == "ts") {
      columns.times.push_back(ParseTime(field.value().get_string().value()));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr size_t kChunk = 1 << 20;
  std::vector<char> buffer(kChunk + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::parser parser;
  int64_t records = 0;
  int64_t amounts = 0;
  int64_t times = 0;
  for (int a = 1; a < argc; ++a) {
    FILE* file = std::fopen(argv[a], "r");
    if (file == nullptr) return 1;
    std::setvbuf(file, nullptr, _IONBF, 0);
    size_t have = 0;
    while (const size_t n = std::fread(buffer.data() + have, 1, kChunk - have, file)) {
      have += n;
      Columns columns;
      size_t begin = 0;
      while (const void* newline = std::memchr(buffer.data() + begin, '\n', have - begin)) {
        const auto end = static_cast<size_t>(static_cast<const char*>(newline) - buffer.data());
        DecodeLine(parser, buffer.data() + begin, end - begin, columns);
        begin = end + 1;
      }
      std::memmove(buffer.data(), buffer.data() + begin, have - begin);
      have -= begin;
      records += static_cast<int64_t>(columns.users.size());
      for (const int64_t v : columns.amounts) amounts += v;
      for (const int64_t v : columns.times) times += v;
    }
    std::fclose(file);
  }
  std::printf("%lld records, amounts %lld, times %lld, simdjson %s\n", static_cast<long long>(records),
              static_cast<long long>(amounts), static_cast<long long>(times),
              simdjson::get_active_implementation()->name().c_str());
}
