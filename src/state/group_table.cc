// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "state/group_table.h"

#include "columnar/parse_text.h"
#include "columnar/value_text.h"
#include "state/error_codes.h"
#include "state/key_codec.h"

namespace semel::state {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnBuilder;
using columnar::DataType;
using columnar::int128;
using columnar::TypeKind;
using plan::AggregateKind;

Accumulators::Accumulators(const plan::AggregateCall& call, const DataType& argument) : call_(call), argument_(argument) {}

void Accumulators::AddGroup() {
  counts_.push_back(0);
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) return;
  if (argument_.is_approximate()) {
    approximate_.push_back(0);
  } else if (argument_.physical() == columnar::PhysicalKind::kBinary) {
    text_.emplace_back();
  } else {
    exact_.push_back(0);
  }
}

bool Accumulators::TakesPart(const Batch& batch, int64_t row) const {
  if (call_.filter >= 0) {
    const Column& filter = *batch.column(static_cast<size_t>(call_.filter));
    if (filter.IsNull(row) || !filter.GetBool(row)) return false;
  }
  return call_.argument < 0 || batch.column(static_cast<size_t>(call_.argument))->IsValid(row);
}

Status Accumulators::AddExact(uint32_t group, int128 value) {
  int128& sum = exact_[group];
  const bool overflow = __builtin_add_overflow(sum, value, &sum);
  const bool is_decimal = argument_.kind() == TypeKind::kDecimal;
  const int128 limit = is_decimal ? columnar::PowerOfTen(38) : int128{INT64_MAX} + 1;
  // An AVG keeps its sum to itself; the sum of a SUM is the result and has to fit its type.
  if (overflow || (is_decimal && (sum >= limit || sum <= -limit)) ||
      (call_.kind == AggregateKind::kSum && argument_.kind() == TypeKind::kBigInt && (sum >= limit || sum < -limit)))
    return Status::Invalid(kSumOverflow, fmt::format("SUM does not fit {}", call_.type.ToString()), "CAST the argument to DECIMAL(38, s), or sum per window");
  return Status::Ok();
}

Status Accumulators::Add(uint32_t group, const Batch& batch, int64_t row) {
  if (!TakesPart(batch, row)) return Status::Ok();
  const bool first = counts_[group]++ == 0;
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) return Status::Ok();
  const Column& column = *batch.column(static_cast<size_t>(call_.argument));
  const bool sums = call_.kind == AggregateKind::kSum || call_.kind == AggregateKind::kAvg;
  const bool least = call_.kind == AggregateKind::kMin;
  if (argument_.is_approximate()) {
    const double v = argument_.kind() == TypeKind::kFloat ? static_cast<double>(column.values<float>()[row]) : column.values<double>()[row];
    double& slot = approximate_[group];
    slot = sums ? slot + v : first || (least ? v < slot : v > slot) ? v : slot;
    return Status::Ok();
  }
  if (argument_.physical() == columnar::PhysicalKind::kBinary) {
    const std::string_view v = column.GetString(row);
    if (first || (least ? v < text_[group] : v > text_[group])) text_[group] = v;
    return Status::Ok();
  }
  const int128 v = argument_.kind() == TypeKind::kBoolean ? column.GetBool(row) : column.GetInt(row);
  if (sums) return AddExact(group, v);
  if (first || (least ? v < exact_[group] : v > exact_[group])) exact_[group] = v;
  return Status::Ok();
}

Status Accumulators::Append(uint32_t group, ColumnBuilder& out) const {
  const int64_t count = counts_[group];
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) {
    out.Append<int64_t>(count);
    return Status::Ok();
  }
  if (count == 0) {
    out.AppendNull();
    return Status::Ok();
  }
  const bool average = call_.kind == AggregateKind::kAvg;
  if (argument_.is_approximate()) {
    const double v = average ? approximate_[group] / static_cast<double>(count) : approximate_[group];
    if (call_.type.kind() == TypeKind::kFloat) {
      out.Append(static_cast<float>(v));
    } else {
      out.Append(v);
    }
  } else if (argument_.physical() == columnar::PhysicalKind::kBinary) {
    out.AppendString(text_[group]);
  } else if (argument_.kind() == TypeKind::kBoolean) {
    out.AppendBool(exact_[group] != 0);
  } else if (average && argument_.kind() == TypeKind::kDecimal) {
    // sum / count to the result's scale, HALF_UP: widen by one digit, divide, then let Rescale round.
    int128 wide, result;
    if (!columnar::Rescale(exact_[group], argument_.scale(), call_.type.scale(), 38, wide))
      return Status::Invalid(kSumOverflow, fmt::format("AVG does not fit {}", call_.type.ToString()), "CAST the argument to a smaller scale");
    result = wide / count;
    const int128 rest = wide % count, size = rest < 0 ? -rest : rest;
    if (size >= count - size) result += wide < 0 ? -1 : 1;
    out.AppendInt(result);
  } else {
    out.AppendInt(average ? exact_[group] / count : exact_[group]);
  }
  return Status::Ok();
}

bool Accumulators::ResultEquals(uint32_t a, const Accumulators& other, uint32_t b) const {
  return counts_[a] == other.counts_[b] && (exact_.empty() || exact_[a] == other.exact_[b]) &&
         (approximate_.empty() || approximate_[a] == other.approximate_[b]) && (text_.empty() || text_[a] == other.text_[b]);
}

void Accumulators::Encode(uint32_t group, codec::ByteWriter& out) const {
  out.Zigzag(counts_[group]);
  if (!exact_.empty()) out.Little(exact_[group]);
  if (!approximate_.empty()) out.Little(approximate_[group]);
  if (!text_.empty()) out.Text(text_[group]);
}

void Accumulators::Decode(uint32_t group, codec::ByteReader& in) {
  counts_[group] = in.Zigzag();
  if (!exact_.empty()) exact_[group] = in.Little<int128>();
  if (!approximate_.empty()) approximate_[group] = in.Little<double>();
  if (!text_.empty()) text_[group] = in.Text();
}

void Accumulators::Assign(uint32_t group, const Accumulators& other, uint32_t from) {
  counts_[group] = other.counts_[from];
  if (!exact_.empty()) exact_[group] = other.exact_[from];
  if (!approximate_.empty()) approximate_[group] = other.approximate_[from];
  if (!text_.empty()) text_[group] = other.text_[from];
}

size_t Accumulators::MemoryBytes() const { return counts_.capacity() * 8 + exact_.capacity() * 16 + approximate_.capacity() * 8 + text_.capacity() * sizeof(std::string); }

GroupTable::GroupTable(std::vector<plan::AggregateCall> calls, const columnar::Schema& input) : slots_(64, 0) {
  for (const plan::AggregateCall& call : calls)
    accumulators_.emplace_back(call, call.argument < 0 ? DataType::BigInt() : input[static_cast<size_t>(call.argument)].type);
}

uint64_t GroupTable::Hash(std::string_view key) { return HashKey(key); }

void GroupTable::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t group = 0; group < hashes_.size(); ++group) {
    size_t slot = hashes_[group] & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = group + 1;
  }
}

uint32_t GroupTable::FindOrAdd(std::string_view key, uint64_t hash, bool& created) {
  size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  created = false;
  while (slots_[slot] != 0) {
    const uint32_t group = slots_[slot] - 1;
    if (hashes_[group] == hash && KeyOf(group) == key) return group;
    slot = (slot + 1) & mask;
  }
  if ((hashes_.size() + 1) * 2 > slots_.size()) {
    Grow();
    mask = slots_.size() - 1;
    slot = hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
  }
  const uint32_t group = size();
  keys_.append(key);
  ends_.push_back(keys_.size());
  hashes_.push_back(hash);
  dirty_.push_back(false);
  for (Accumulators& a : accumulators_) a.AddGroup();
  slots_[slot] = group + 1;
  created = true;
  return group;
}

uint32_t GroupTable::Scratch() {
  // A key that EncodeKey never makes: its first byte is neither 0 nor 1.
  bool created = false;
  return FindOrAdd("\x02scratch", HashKey("\x02scratch"), created);
}

void GroupTable::MarkDirty(uint32_t group) {
  if (dirty_[group]) return;
  dirty_[group] = true;
  dirty_list_.push_back(group);
}

Status GroupTable::Add(uint32_t group, const Batch& batch, int64_t row) {
  MarkDirty(group);
  for (Accumulators& a : accumulators_) SEMEL_RETURN_IF_ERROR(a.Add(group, batch, row));
  return Status::Ok();
}

void GroupTable::EncodeEntries(bool all, codec::ByteWriter& out) {
  auto is_scratch = [this](uint32_t group) { return !KeyOf(group).empty() && KeyOf(group)[0] == '\x02'; };
  auto entry = [&](uint32_t group) {
    out.Text(KeyOf(group));
    for (const Accumulators& a : accumulators_) a.Encode(group, out);
  };
  std::vector<uint32_t> groups;
  if (all) {
    for (uint32_t group = 0; group < size(); ++group)
      if (!is_scratch(group)) groups.push_back(group);
  } else {
    groups = dirty_list_;
  }
  out.Varint(groups.size());
  for (uint32_t group : groups) entry(group);
  for (uint32_t group : dirty_list_) dirty_[group] = false;
  dirty_list_.clear();
}

size_t GroupTable::MemoryBytes() const {
  size_t bytes = hashes_.capacity() * 8 + keys_.capacity() + ends_.capacity() * 8 + slots_.capacity() * 4;
  for (const Accumulators& a : accumulators_) bytes += a.MemoryBytes();
  return bytes;
}

}  // namespace semel::state
