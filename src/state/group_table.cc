// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "state/group_table.h"

#include <algorithm>
#include <cstring>

#include "columnar/decimal_math.h"
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

Accumulators::Accumulators(const plan::AggregateCall& call, const DataType& argument)
    : call_(call), argument_(argument) {
  // An AVG keeps its sum to itself; the sum of a SUM is the result and has to fit its type.
  const bool is_result = call.kind == AggregateKind::kSum && argument.is_integer();
  most_ = is_result ? (int128{1} << (argument.byte_width() * 8 - 1)) - 1 : columnar::PowerOfTen(38) - 1;
  least_ = is_result ? -most_ - 1 : -most_;
}

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
  if (__builtin_add_overflow(sum, value, &sum) || sum > most_ || sum < least_) return Overflow();
  return Status::Ok();
}

Status Accumulators::Overflow() const {
  const std::string argument = argument_.WithNullable(true).ToString();
  if (call_.kind == AggregateKind::kAvg)
    return Status::Invalid(kSumOverflow, fmt::format("AVG of {}: the sum it divides has more than 38 digits", argument),
                           "average smaller groups, or CAST the argument to DOUBLE");
  const bool is_small = argument_.kind() != TypeKind::kBigInt && argument_.kind() != TypeKind::kDecimal;
  return Status::Invalid(kSumOverflow,
                         fmt::format("SUM of {} does not fit {}", argument, call_.type.WithNullable(true).ToString()),
                         argument_.kind() == TypeKind::kDecimal
                             ? "sum smaller groups, or CAST the argument to fewer digits of fraction"
                             : fmt::format("SUM(CAST(… AS {})) holds more", is_small ? "BIGINT" : "DECIMAL(38, 0)"));
}

Status Accumulators::Add(uint32_t group, const Batch& batch, int64_t row) {
  if (!TakesPart(batch, row)) return Status::Ok();
  const bool first = counts_[group]++ == 0;
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) return Status::Ok();
  const Column& column = *batch.column(static_cast<size_t>(call_.argument));
  const bool sums = call_.kind == AggregateKind::kSum || call_.kind == AggregateKind::kAvg;
  const bool least = call_.kind == AggregateKind::kMin;
  if (argument_.is_approximate()) {
    const double v = argument_.kind() == TypeKind::kFloat ? static_cast<double>(column.values<float>()[row])
                                                          : column.values<double>()[row];
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

// A COUNT, or a SUM or AVG over whole numbers held in at most 64 bits, without NULLs and FILTER.
bool Accumulators::AddsPlainly(const Batch& batch) const {
  if (call_.filter >= 0) return false;
  if (call_.argument < 0) return true;
  if (batch.column(static_cast<size_t>(call_.argument))->has_nulls()) return false;
  if (call_.kind == AggregateKind::kCount) return true;
  const columnar::PhysicalKind physical = argument_.physical();
  return (call_.kind == AggregateKind::kSum || call_.kind == AggregateKind::kAvg) && !argument_.is_approximate() &&
         (physical == columnar::PhysicalKind::kInt32 || physical == columnar::PhysicalKind::kInt64);
}

template <typename T>
Status Accumulators::AddPlain(std::span<const uint32_t> groups, const T* values, std::span<const uint32_t> rows) {
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i + 16 < groups.size()) __builtin_prefetch(&exact_[groups[i + 16]], 1);
    ++counts_[groups[i]];
    SEMEL_RETURN_IF_ERROR(AddExact(groups[i], values[rows.empty() ? i : rows[i]]));
  }
  return Status::Ok();
}

Status Accumulators::AddAll(std::span<const uint32_t> groups, const Batch& batch, std::span<const uint32_t> rows) {
  if (!AddsPlainly(batch)) {
    for (size_t i = 0; i < groups.size(); ++i)
      SEMEL_RETURN_IF_ERROR(Add(groups[i], batch, rows.empty() ? static_cast<int64_t>(i) : rows[i]));
    return Status::Ok();
  }
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) {
    for (const uint32_t group : groups) ++counts_[group];
    return Status::Ok();
  }
  const Column& column = *batch.column(static_cast<size_t>(call_.argument));
  if (argument_.physical() == columnar::PhysicalKind::kInt32) return AddPlain(groups, column.values<int32_t>(), rows);
  return AddPlain(groups, column.values<int64_t>(), rows);
}

// Whether the present sums are the result as they stand.
bool Accumulators::GivesPlainSums(const ColumnBuilder& out) const {
  return call_.kind == AggregateKind::kSum && !exact_.empty() &&
         out.type().physical() == columnar::PhysicalKind::kInt128;
}

template <typename T>
Status Accumulators::RunPlain(std::span<const uint32_t> groups, const T* values, std::span<const uint32_t> frame_ends,
                              ColumnBuilder& out) {
  std::vector<int128> sums(groups.size());
  for (size_t begin = 0; begin < groups.size();) {
    const size_t end = frame_ends[begin];
    for (size_t i = begin; i < end; ++i) {
      if (i + 16 < groups.size()) __builtin_prefetch(&exact_[groups[i + 16]], 1);
      ++counts_[groups[i]];
      SEMEL_RETURN_IF_ERROR(AddExact(groups[i], values[i]));
    }
    for (size_t i = begin; i < end; ++i) sums[i] = exact_[groups[i]];
    begin = end;
  }
  out.AppendRun(std::span<const int128>(sums));
  return Status::Ok();
}

Status Accumulators::AddAndAppendAll(std::span<const uint32_t> groups, const Batch& batch,
                                     std::span<const uint32_t> frame_ends, ColumnBuilder& out) {
  if (GivesPlainSums(out) && AddsPlainly(batch)) {
    const Column& column = *batch.column(static_cast<size_t>(call_.argument));
    if (argument_.physical() == columnar::PhysicalKind::kInt32)
      return RunPlain(groups, column.values<int32_t>(), frame_ends, out);
    return RunPlain(groups, column.values<int64_t>(), frame_ends, out);
  }
  for (size_t begin = 0; begin < groups.size();) {
    const size_t end = frame_ends[begin];
    for (size_t i = begin; i < end; ++i) SEMEL_RETURN_IF_ERROR(Add(groups[i], batch, static_cast<int64_t>(i)));
    for (size_t i = begin; i < end; ++i) SEMEL_RETURN_IF_ERROR(Append(groups[i], out));
    begin = end;
  }
  return Status::Ok();
}

Status Accumulators::AppendAll(std::span<const uint32_t> groups, ColumnBuilder& out) const {
  if (!GivesPlainSums(out) ||
      std::any_of(groups.begin(), groups.end(), [this](uint32_t group) { return counts_[group] == 0; })) {
    for (const uint32_t group : groups) SEMEL_RETURN_IF_ERROR(Append(group, out));
    return Status::Ok();
  }
  std::vector<int128> sums(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) sums[i] = exact_[groups[i]];
  out.AppendRun(std::span<const int128>(sums));
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
  if (argument_.is_approximate()) {
    const double v = ApproximateResult(group);
    if (call_.type.kind() == TypeKind::kFloat) {
      out.Append(static_cast<float>(v));
    } else {
      out.Append(v);
    }
  } else if (argument_.physical() == columnar::PhysicalKind::kBinary) {
    out.AppendString(text_[group]);
  } else if (argument_.kind() == TypeKind::kBoolean) {
    out.AppendBool(exact_[group] != 0);
  } else {
    int128 result = 0;
    SEMEL_RETURN_IF_ERROR(ExactResult(group, result));
    out.AppendInt(result);
  }
  return Status::Ok();
}

double Accumulators::ApproximateResult(uint32_t group) const {
  const double v = call_.kind == AggregateKind::kAvg ? approximate_[group] / static_cast<double>(counts_[group])
                                                     : approximate_[group];
  return call_.type.kind() == TypeKind::kFloat ? static_cast<double>(static_cast<float>(v)) : v;
}

Status Accumulators::ExactResult(uint32_t group, int128& result) const {
  const int64_t count = counts_[group];
  result = exact_[group];
  if (call_.kind != AggregateKind::kAvg) return Status::Ok();
  if (argument_.kind() != TypeKind::kDecimal) {
    result /= count;
    return Status::Ok();
  }
  if (!columnar::DivideDecimals({exact_[group], argument_.scale()}, {count, 0}, call_.type.scale(),
                                call_.type.precision(), result))
    return Status::Invalid(kSumOverflow, fmt::format("AVG does not fit {}", call_.type.ToString()),
                           "CAST the argument to a smaller scale, or to DOUBLE");
  return Status::Ok();
}

bool Accumulators::ResultEquals(uint32_t a, const Accumulators& other, uint32_t b) const {
  const int64_t mine = counts_[a], theirs = other.counts_[b];
  if (call_.kind == AggregateKind::kCount || call_.kind == AggregateKind::kCountStar) return mine == theirs;
  if (mine == 0 || theirs == 0) return mine == theirs;
  if (!text_.empty()) return text_[a] == other.text_[b];
  if (!approximate_.empty()) {
    const double x = ApproximateResult(a), y = other.ApproximateResult(b);
    return x == y || (x != x && y != y);  // NaN stays NaN
  }
  if (call_.kind != AggregateKind::kAvg) return exact_[a] == other.exact_[b];
  int128 x = 0, y = 0;
  return ExactResult(a, x).ok() && other.ExactResult(b, y).ok() && x == y;
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

size_t Accumulators::MemoryBytes() const {
  return counts_.capacity() * 8 + exact_.capacity() * 16 + approximate_.capacity() * 8 +
         text_.capacity() * sizeof(std::string);
}

GroupTable::GroupTable(std::vector<plan::AggregateCall> calls, const columnar::Schema& input) : slots_(64) {
  for (const plan::AggregateCall& call : calls)
    accumulators_.emplace_back(call,
                               call.argument < 0 ? DataType::BigInt() : input[static_cast<size_t>(call.argument)].type);
}

uint64_t GroupTable::Hash(std::string_view key) { return HashKey(key); }

namespace {

constexpr size_t kPrefetchSlots = 16, kPrefetchGroups = 8;  // rows ahead

uint64_t HeadOf(std::string_view key) {
  uint64_t head = 0;
  if (!key.empty()) std::memcpy(&head, key.data(), std::min<size_t>(key.size(), 8));
  return head;
}

}  // namespace

void GroupTable::Grow() {
  slots_.assign(slots_.size() * 2, {});
  const size_t mask = slots_.size() - 1;
  for (uint32_t group = 0; group < groups_.size(); ++group) {
    const uint64_t hash = groups_[group].hash;
    size_t slot = hash & mask;
    while (slots_[slot].group != 0) slot = (slot + 1) & mask;
    slots_[slot] = {static_cast<uint32_t>(hash >> 32), group + 1};
  }
}

bool GroupTable::IsKey(const Group& group, std::string_view key, uint64_t hash, uint64_t head) const {
  return group.hash == hash && group.key_head == head && group.key_size == key.size() &&
         (key.size() <= 8 || std::memcmp(keys_.data() + group.key_begin, key.data(), key.size()) == 0);
}

uint32_t GroupTable::FindOrAdd(std::string_view key, uint64_t hash, bool& created) {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const uint64_t head = HeadOf(key);
  size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  created = false;
  for (; slots_[slot].group != 0; slot = (slot + 1) & mask)
    if (slots_[slot].tag == tag && IsKey(groups_[slots_[slot].group - 1], key, hash, head))
      return slots_[slot].group - 1;
  if ((groups_.size() + 1) * 2 > slots_.size()) {
    Grow();
    mask = slots_.size() - 1;
    slot = hash & mask;
    while (slots_[slot].group != 0) slot = (slot + 1) & mask;
  }
  const uint32_t group = size();
  groups_.push_back({hash, head, keys_.size(), static_cast<uint32_t>(key.size()), 0});
  keys_.append(key);
  for (Accumulators& a : accumulators_) a.AddGroup();
  slots_[slot] = {tag, group + 1};
  created = true;
  return group;
}

void GroupTable::FindOrAddAll(const KeyBatch& keys, std::span<const uint32_t> rows, std::vector<uint32_t>& groups) {
  const size_t n = rows.empty() ? keys.size() : rows.size();
  auto row_of = [rows](size_t i) { return rows.empty() ? i : rows[i]; };
  groups.resize(n);
  bool created = false;
  for (size_t i = 0; i < n; ++i) {
    if (i + kPrefetchSlots < n)
      __builtin_prefetch(&slots_[keys.hash(row_of(i + kPrefetchSlots)) & (slots_.size() - 1)]);
    if (i + kPrefetchGroups < n) {
      const uint32_t likely = slots_[keys.hash(row_of(i + kPrefetchGroups)) & (slots_.size() - 1)].group;
      if (likely != 0) __builtin_prefetch(&groups_[likely - 1], 1);
    }
    groups[i] = FindOrAdd(keys.key(row_of(i)), keys.hash(row_of(i)), created);
  }
}

uint32_t GroupTable::Scratch() {
  // A key that EncodeKey never makes: its first byte is neither 0 nor 1.
  bool created = false;
  return FindOrAdd("\x02scratch", HashKey("\x02scratch"), created);
}

void GroupTable::MarkDirty(uint32_t group) {
  if (groups_[group].dirty != 0) return;
  groups_[group].dirty = 1;
  dirty_list_.push_back(group);
}

Status GroupTable::Add(uint32_t group, const Batch& batch, int64_t row) {
  MarkDirty(group);
  for (Accumulators& a : accumulators_) SEMEL_RETURN_IF_ERROR(a.Add(group, batch, row));
  return Status::Ok();
}

Status GroupTable::AddAndAppendAll(size_t call, std::span<const uint32_t> groups, const Batch& batch,
                                   std::span<const uint32_t> frame_ends, ColumnBuilder& out) {
  if (call == 0)
    for (const uint32_t group : groups) MarkDirty(group);
  return accumulators_[call].AddAndAppendAll(groups, batch, frame_ends, out);
}

Status GroupTable::AddAll(std::span<const uint32_t> groups, const Batch& batch, std::span<const uint32_t> rows) {
  for (const uint32_t group : groups) MarkDirty(group);
  for (Accumulators& a : accumulators_) SEMEL_RETURN_IF_ERROR(a.AddAll(groups, batch, rows));
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
  for (uint32_t group : dirty_list_) groups_[group].dirty = 0;
  dirty_list_.clear();
}

size_t GroupTable::MemoryBytes() const {
  size_t bytes = groups_.capacity() * sizeof(Group) + keys_.capacity() + slots_.capacity() * sizeof(Slot);
  for (const Accumulators& a : accumulators_) bytes += a.MemoryBytes();
  return bytes;
}

}  // namespace semel::state
