// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/record_batch.h"

#include <algorithm>
#include <cstring>

#include "codec/compression.h"
#include "codec/crc32c.h"
#include "kafka/error_codes.h"

namespace semel::kafka {

namespace {

// Byte offsets of a batch's fixed part.
constexpr size_t kLengthAt = 8;
constexpr size_t kMagicAt = 16;
constexpr size_t kCrcAt = 17;
constexpr size_t kAttributesAt = 21;
constexpr size_t kLastOffsetDeltaAt = 23;
constexpr size_t kHeaderBytes = 61;
constexpr size_t kLengthEnds = 12;  // the length counts from here

constexpr size_t kMaxUnpackedBytes = 512u << 20;
constexpr size_t kPadding = 64;  // for the JSON reader, which looks ahead

constexpr int16_t kCompressionMask = 7;
constexpr int16_t kLogAppendTime = 8;
constexpr int16_t kTransactional = 16;
constexpr int16_t kControl = 32;

template <typename T>
T BigAt(std::string_view bytes, size_t at) {
  uint64_t v = 0;
  for (size_t i = 0; i < sizeof(T); ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<T>(v);
}

struct BatchHeader {
  int64_t base_offset;
  int32_t leader_epoch;
  int16_t attributes;
  int32_t last_offset_delta;
  int64_t base_timestamp;
  int64_t max_timestamp;
  int64_t producer_id;
  int32_t count;
  int64_t last_offset() const { return base_offset + last_offset_delta; }
};

Status Damaged(int64_t offset, std::string_view what) {
  return Status::Corrupt(kDamagedBatch, fmt::format("the record batch at offset {} is damaged: {}", offset, what),
                         "the broker's log or the network damaged it; check the broker's disk, and read the partition "
                         "with another client to compare");
}

// A varint of the record's fields; advances `at`. False at a malformed one.
inline bool ReadZigzag(const char*& at, const char* end, int64_t& out) {
  uint64_t v = 0;
  for (int shift = 0; at < end && shift < 64; shift += 7) {
    const auto b = static_cast<unsigned char>(*at++);
    v |= uint64_t{b & 0x7fu} << shift;
    if (b < 0x80) {
      out = static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
      return true;
    }
  }
  return false;
}

// A length and that many bytes; -1 means null.
inline bool ReadBytes(const char*& at, const char* end, std::string_view& out, bool& present) {
  int64_t n = 0;
  if (!ReadZigzag(at, end, n)) return false;
  present = n >= 0;
  if (n <= 0) return n >= -1;
  if (n > end - at) return false;
  out = std::string_view(at, static_cast<size_t>(n));
  at += n;
  return true;
}

Status ReadRecords(const RecordSetRequest& request, const BatchHeader& batch, std::string_view body,
                   std::vector<Record>& out) {
  const char* at = body.data();
  const char* const end = at + body.size();
  const bool append_time = (batch.attributes & kLogAppendTime) != 0;
  for (int32_t i = 0; i < batch.count; ++i) {
    int64_t length = 0;
    int64_t timestamp_delta = 0;
    int64_t offset_delta = 0;
    Record record;
    if (!ReadZigzag(at, end, length) || length < 1 || length > end - at)
      return Damaged(batch.base_offset, "a record's length");
    const char* const record_end = at + length;
    ++at;  // attributes: none are defined
    if (!ReadZigzag(at, record_end, timestamp_delta) || !ReadZigzag(at, record_end, offset_delta) ||
        !ReadBytes(at, record_end, record.key, record.has_key) ||
        !ReadBytes(at, record_end, record.value, record.has_value))
      return Damaged(batch.base_offset, "a record's fields");
    record.offset = batch.base_offset + offset_delta;
    record.timestamp_ms = append_time ? batch.max_timestamp : batch.base_timestamp + timestamp_delta;
    if (record.offset >= request.first_offset && record.offset < request.stop_offset) out.push_back(record);
    at = record_end;  // past the headers
  }
  return Status::Ok();
}

// The records' bytes, unpacked into `set.unpacked` where the batch is compressed.
Result<std::string_view> Unpack(const BatchHeader& batch, std::string_view body, RecordSet& set) {
  codec::Compression kind = codec::Compression::kNone;
  switch (batch.attributes & kCompressionMask) {
    case 0:
      return body;
    case 1:
      kind = codec::Compression::kGzip;
      break;
    case 2:
      kind = codec::Compression::kSnappy;
      break;
    case 3:
      kind = codec::Compression::kLz4Frame;
      break;
    case 4:
      kind = codec::Compression::kZstd;
      break;
    default:
      return Damaged(batch.base_offset, fmt::format("unknown compression {}", batch.attributes & kCompressionMask));
  }
  Result<std::string> unpacked = codec::Decompress(kind, body, kMaxUnpackedBytes);
  if (!unpacked.ok()) return Damaged(batch.base_offset, unpacked.status().message());
  auto buffer = std::make_shared<std::string>(std::move(unpacked).value());
  const size_t size = buffer->size();
  buffer->resize(size + kPadding);
  set.unpacked.push_back(buffer);
  return std::string_view(buffer->data(), size);
}

// Which producers have an aborted transaction open at the batch that is being read. The broker's list names every
// aborted transaction that overlaps the answer, sorted by first offset. Each batch, a marker too, first opens those
// that began at or before its last offset: a marker may be all that an answer holds of its transaction, and has to
// close it.
class AbortedFilter {
 public:
  explicit AbortedFilter(std::vector<AbortedTransaction> aborted) : aborted_(std::move(aborted)) {
    std::sort(aborted_.begin(), aborted_.end(),
              [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  }
  // REQUIRES: called for every batch, in order, before the two below.
  void Reach(const BatchHeader& batch) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= batch.last_offset(); ++next_)
      open_.insert(aborted_[next_].producer_id);
  }
  bool Drops(const BatchHeader& batch) const {
    return (batch.attributes & kTransactional) != 0 && open_.count(batch.producer_id) > 0;
  }
  void OnAbortMarker(int64_t producer_id) { open_.erase(producer_id); }

 private:
  std::vector<AbortedTransaction> aborted_;
  size_t next_ = 0;
  std::set<int64_t> open_;
};

// A control record's key is its version and its type; type 0 ends an aborted transaction.
Result<bool> IsAbortMarker(const BatchHeader& batch, std::string_view body) {
  RecordSetRequest everything;
  everything.first_offset = INT64_MIN;
  std::vector<Record> records;
  SEMEL_RETURN_IF_ERROR(ReadRecords(everything, batch, body, records));
  return !records.empty() && records[0].key.size() >= 4 && BigAt<int16_t>(records[0].key, 2) == 0;
}

}  // namespace

Result<RecordSet> ReadRecordSet(const RecordSetRequest& request) {
  RecordSet set;
  set.next_offset = request.first_offset;
  AbortedFilter aborted(request.aborted);
  std::string_view rest = request.bytes;
  while (rest.size() >= kMagicAt + 1 && set.next_offset < request.stop_offset) {
    const auto base_offset = BigAt<int64_t>(rest, 0);
    const auto length = BigAt<int32_t>(rest, kLengthAt);
    if (rest[kMagicAt] != 2)
      return Status::Invalid(
          kOldBatch,
          fmt::format("the records at offset {} have message format {}", base_offset, static_cast<int>(rest[kMagicAt])),
          "formats before 2 (Kafka 0.11) are not read; copy the topic with a current producer");
    if (length < static_cast<int32_t>(kHeaderBytes - kLengthEnds)) return Damaged(base_offset, "its length");
    const size_t size = kLengthEnds + static_cast<size_t>(length);
    if (size > rest.size()) break;  // cut off: comes whole with the next fetch
    const std::string_view bytes = rest.substr(0, size);
    rest.remove_prefix(size);
    const BatchHeader batch{base_offset,
                            BigAt<int32_t>(bytes, 12),
                            BigAt<int16_t>(bytes, kAttributesAt),
                            BigAt<int32_t>(bytes, kLastOffsetDeltaAt),
                            BigAt<int64_t>(bytes, 27),
                            BigAt<int64_t>(bytes, 35),
                            BigAt<int64_t>(bytes, 43),
                            BigAt<int32_t>(bytes, 57)};
    if (codec::Crc32c(bytes.substr(kAttributesAt)) != BigAt<uint32_t>(bytes, kCrcAt))
      return Damaged(base_offset, "its checksum does not fit");
    const std::string_view body = bytes.substr(kHeaderBytes);
    aborted.Reach(batch);
    if ((batch.attributes & kControl) != 0) {
      SEMEL_ASSIGN_OR_RETURN(bool abort, IsAbortMarker(batch, body));
      if (abort) aborted.OnAbortMarker(batch.producer_id);
    } else if ((!request.read_committed || !aborted.Drops(batch)) && batch.last_offset() >= request.first_offset) {
      SEMEL_ASSIGN_OR_RETURN(std::string_view records, Unpack(batch, body, set));
      SEMEL_RETURN_IF_ERROR(ReadRecords(request, batch, records, set.records));
      set.batches.push_back({batch.base_offset, batch.leader_epoch, (batch.attributes & kLogAppendTime) != 0});
    }
    set.next_offset = std::min(std::max(set.next_offset, batch.last_offset() + 1), request.stop_offset);
    set.leader_epoch = batch.leader_epoch;
  }
  return set;
}

int64_t NextRecordOffset(std::string_view bytes, int64_t offset) {
  while (bytes.size() >= kHeaderBytes) {
    const auto base = BigAt<int64_t>(bytes, 0);
    if (base + BigAt<int32_t>(bytes, kLastOffsetDeltaAt) >= offset) return std::max(base, offset);
    const auto length = BigAt<int32_t>(bytes, kLengthAt);
    const size_t size = kLengthEnds + static_cast<size_t>(std::max(length, 0));
    if (size >= bytes.size()) return offset;
    bytes.remove_prefix(size);
  }
  return bytes.empty() ? -1 : offset;
}

}  // namespace semel::kafka
