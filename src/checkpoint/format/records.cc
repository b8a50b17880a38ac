// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "checkpoint/format/records.h"

#include "checkpoint/api/error_codes.h"
#include "checkpoint/format/sealed_file.h"
#include "codec/bytes_io.h"

namespace semel::checkpoint {

// Static functions instead of an unnamed namespace: the templates below find them by argument-dependent lookup.
using codec::ByteReader;
using codec::ByteWriter;

// One record layout per type, written once for both directions: Put appends, Get reads the same fields in the same
// order.
static void Put(ByteWriter& w, const Attempt& a) { w.Varint(a.epoch.value), w.Varint(a.generation.value); }
static void Get(ByteReader& r, Attempt& a) { a.epoch.value = r.Varint(), a.generation.value = r.Varint(); }

static void Put(ByteWriter& w, const Marker& m) {
  w.Text(m.lineage), w.Varint(m.epoch.value), w.Varint(m.generation.value), w.Varint(m.rows), w.Text(m.digest);
}
static void Get(ByteReader& r, Marker& m) {
  m.lineage = r.Text(), m.epoch.value = r.Varint(), m.generation.value = r.Varint(), m.rows = r.Varint(),
  m.digest = r.Text();
}

static void Put(ByteWriter& w, const std::optional<Marker>& m) {
  w.U8(m ? 1 : 0);
  if (m) Put(w, *m);
}
static void Get(ByteReader& r, std::optional<Marker>& m) {
  if (r.U8() != 0) Get(r, m.emplace());
}

static void Put(ByteWriter& w, const SplitProgress& s) {
  w.Text(s.source), w.Text(s.split), w.Text(s.position), w.Text(s.end), w.Zigzag(s.watermark_micros), w.U8(s.finished);
}
static void Get(ByteReader& r, SplitProgress& s) {
  s.source = r.Text(), s.split = r.Text(), s.position = r.Text(), s.end = r.Text();
  s.watermark_micros = r.Zigzag(), s.finished = r.U8() != 0;
}

static void Put(ByteWriter& w, const StateSegment& s) {
  w.Text(s.operator_id), w.Text(s.name), w.Varint(s.bytes), w.Text(s.sha256), w.Varint(s.first_key_group);
  w.Varint(s.last_key_group), w.Varint(s.sequence), w.Text(s.kind);
}
static void Get(ByteReader& r, StateSegment& s) {
  s.operator_id = r.Text(), s.name = r.Text(), s.bytes = r.Varint(), s.sha256 = r.Text();
  s.first_key_group = static_cast<uint32_t>(r.Varint()), s.last_key_group = static_cast<uint32_t>(r.Varint());
  s.sequence = r.Varint(), s.kind = r.Text();
}

static void Put(ByteWriter& w, const std::string& s) { w.Text(s); }
static void Get(ByteReader& r, std::string& s) { s = r.Text(); }
static void Put(ByteWriter& w, int64_t v) { w.Zigzag(v); }
static void Get(ByteReader& r, int64_t& v) { v = r.Zigzag(); }

template <typename T>
static void Put(ByteWriter& w, const std::vector<T>& items) {
  w.Varint(items.size());
  for (const T& item : items) Put(w, item);
}
template <typename T>
static void Get(ByteReader& r, std::vector<T>& items) {
  const uint64_t n = r.Varint();
  if (n > r.remaining()) return r.Fail();  // every item takes at least a byte
  for (uint64_t i = 0; i < n && r.ok(); ++i) Get(r, items.emplace_back());
}
template <typename V>
static void Put(ByteWriter& w, const std::map<std::string, V>& items) {
  w.Varint(items.size());
  for (const auto& [key, value] : items) w.Text(key), Put(w, value);
}
template <typename V>
static void Get(ByteReader& r, std::map<std::string, V>& items) {
  const uint64_t n = r.Varint();
  if (n > r.remaining()) return r.Fail();
  for (uint64_t i = 0; i < n && r.ok(); ++i) {
    const std::string key(r.Text());
    Get(r, items[key]);
  }
}

static void Put(ByteWriter& w, const SinkStaged& s) {
  w.Text(s.sink), Put(w, s.payloads), w.Varint(s.rows), w.Text(s.digest);
}
static void Get(ByteReader& r, SinkStaged& s) {
  s.sink = r.Text(), Get(r, s.payloads), s.rows = r.Varint(), s.digest = r.Text();
}

static void Put(ByteWriter& w, const EpochSnapshot& s) {
  w.Varint(s.epoch.value), Put(w, s.splits), Put(w, s.segments), Put(w, s.sinks), Put(w, s.watermarks), Put(w, s.books),
      w.U8(s.finished);
}
static void Get(ByteReader& r, EpochSnapshot& s) {
  s.epoch.value = r.Varint(), Get(r, s.splits), Get(r, s.segments), Get(r, s.sinks), Get(r, s.watermarks),
  Get(r, s.books);
  s.finished = r.U8() != 0;
}

static void Put(ByteWriter& w, const AncestryRange& a) {
  w.Varint(a.generation.value), w.Varint(a.first.value), w.Varint(a.last.value);
}
static void Get(ByteReader& r, AncestryRange& a) {
  a.generation.value = r.Varint(), a.first.value = r.Varint(), a.last.value = r.Varint();
}

static void Put(ByteWriter& w, const Manifest& m) {
  w.Text(m.lineage), Put(w, m.attempt), Put(w, m.parent), w.Text(m.fingerprint), w.Text(m.time_zone),
      w.Zigzag(m.created_micros);
  Put(w, m.snapshot), Put(w, m.expected), Put(w, m.ancestry);
}
static void Get(ByteReader& r, Manifest& m) {
  m.lineage = r.Text(), Get(r, m.attempt), Get(r, m.parent), m.fingerprint = r.Text(), m.time_zone = r.Text();
  m.created_micros = r.Zigzag(), Get(r, m.snapshot), Get(r, m.expected), Get(r, m.ancestry);
}

static void Put(ByteWriter& w, const Pin& p) { w.Text(p.lineage), Put(w, p.base); }
static void Get(ByteReader& r, Pin& p) { p.lineage = r.Text(), Get(r, p.base); }

static void Put(ByteWriter& w, const Claim& c) { w.Text(c.process), w.Zigzag(c.created_micros), w.Varint(c.token); }
static void Get(ByteReader& r, Claim& c) { c.process = r.Text(), c.created_micros = r.Zigzag(), c.token = r.Varint(); }

static void Put(ByteWriter& w, const Lineage& l) {
  w.Text(l.uuid), w.Text(l.parent), Put(w, l.parent_attempt), w.Text(l.time_zone), w.Zigzag(l.created_micros),
      Put(w, l.initial);
}
static void Get(ByteReader& r, Lineage& l) {
  l.uuid = r.Text(), l.parent = r.Text(), Get(r, l.parent_attempt), l.time_zone = r.Text(),
  l.created_micros = r.Zigzag(), Get(r, l.initial);
}

static void Put(ByteWriter& w, const Receipt::SinkEntry& s) { w.Text(s.sink), Put(w, s.marker), w.Text(s.handle); }
static void Get(ByteReader& r, Receipt::SinkEntry& s) { s.sink = r.Text(), Get(r, s.marker), s.handle = r.Text(); }

static void Put(ByteWriter& w, const Receipt& x) {
  w.Text(x.lineage), Put(w, x.attempt), w.Zigzag(x.created_micros), Put(w, x.sinks), Put(w, x.splits), Put(w, x.books);
}
static void Get(ByteReader& r, Receipt& x) {
  x.lineage = r.Text(), Get(r, x.attempt), x.created_micros = r.Zigzag(), Get(r, x.sinks), Get(r, x.splits),
  Get(r, x.books);
}

template <typename T>
static std::string Encode(std::string_view magic, const T& record) {
  ByteWriter writer;
  Put(writer, record);
  return Seal(magic, writer.bytes());
}

template <typename T>
static Result<T> Decode(std::string_view magic, std::string_view file, std::string_view name) {
  SEMEL_ASSIGN_OR_RETURN(std::string_view payload, Unseal(magic, file, name));
  ByteReader reader(payload);
  T record;
  Get(reader, record);
  if (!reader.ok() || !reader.at_end())
    return Status::Corrupt(kDamagedFile, fmt::format("'{}' is damaged: its fields do not fit", name),
                           "restore the file from a backup of the checkpoint folder");
  return record;
}

std::string EncodeManifest(const Manifest& manifest) { return Encode(kManifestMagic, manifest); }
Result<Manifest> DecodeManifest(std::string_view file, std::string_view name) {
  return Decode<Manifest>(kManifestMagic, file, name);
}
std::string EncodePin(const Pin& pin) { return Encode(kPinMagic, pin); }
Result<Pin> DecodePin(std::string_view file, std::string_view name) { return Decode<Pin>(kPinMagic, file, name); }
std::string EncodeClaim(const Claim& claim) { return Encode(kClaimMagic, claim); }
Result<Claim> DecodeClaim(std::string_view file, std::string_view name) {
  return Decode<Claim>(kClaimMagic, file, name);
}
std::string EncodeLineage(const Lineage& lineage) { return Encode(kLineageMagic, lineage); }
Result<Lineage> DecodeLineage(std::string_view file, std::string_view name) {
  return Decode<Lineage>(kLineageMagic, file, name);
}
std::string EncodeReceipts(const std::vector<Receipt>& receipts) { return Encode(kReceiptMagic, receipts); }
Result<std::vector<Receipt>> DecodeReceipts(std::string_view file, std::string_view name) {
  return Decode<std::vector<Receipt>>(kReceiptMagic, file, name);
}

}  // namespace semel::checkpoint
