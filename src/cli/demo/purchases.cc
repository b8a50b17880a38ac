// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/demo/purchases.h"

#include <fmt/format.h>

#include <array>

#include "columnar/value_text.h"

namespace semel::cli {

namespace {
constexpr std::array<const char*, 8> kItems{"bread", "coffee", "book", "bicycle", "lamp", "ticket", "shoes", "piano"};
constexpr int64_t kFirstEventMicros = 1'767'225'600'000'000;  // 2026-01-01 00:00:00
constexpr int64_t kDisorderMillis = 2'000;
}  // namespace

uint64_t PurchaseGenerator::Random() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string PurchaseGenerator::Next() {
  const int32_t user = static_cast<int32_t>(Random() % static_cast<uint64_t>(users_)) + 1;
  const int64_t cents = static_cast<int64_t>(Random() % 50'000) + 1;
  const int64_t millis =
      produced_ * step_millis_ + static_cast<int64_t>(Random() % static_cast<uint64_t>(kDisorderMillis));
  const char* item = kItems[Random() % kItems.size()];
  Total& total = truth_[user];
  ++total.count;
  total.cents += cents;
  ++produced_;
  return fmt::format("{{\"purchase_id\":{},\"user_id\":{},\"item\":\"{}\",\"amount\":{},\"ts\":\"{}\"}}\n", produced_,
                     user, item, columnar::DecimalToString(cents, 2),
                     columnar::TimestampToString(kFirstEventMicros + millis * 1000, 3));
}

std::string PurchaseGenerator::TruthCsv() const {
  std::string text = "user_id,count,total\n";
  for (const auto& [user, total] : truth_)
    text += fmt::format("{},{},{}\n", user, total.count, columnar::DecimalToString(total.cents, 2));
  return text;
}

}  // namespace semel::cli
