// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/datagen/row_generator.h"

#include <algorithm>
#include <charconv>

#include "base/duration.h"
#include "base/text.h"
#include "columnar/parse_text.h"
#include "columnar/value_text.h"

namespace semel::connectors {

using columnar::DataType;
using columnar::TypeKind;

namespace {

Status Bad(const std::string& key, const std::string& value, std::string hint) {
  return Status::Invalid(kBadDatagenOption, fmt::format("'{}' = '{}' cannot be used", key, value), std::move(hint));
}

// Options of one table; missing ones leave the value as it is.
class OptionReader {
 public:
  explicit OptionReader(const plan::Options& with) : with_(with) {}
  const std::string* Find(const std::string& key) const {
    auto it = with_.find(key);
    return it == with_.end() ? nullptr : &it->second;
  }
  template <typename T>
  Status Number(const std::string& key, T& out) const {
    const std::string* text = Find(key);
    if (text == nullptr) return Status::Ok();
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
    return error == std::errc() && end == text->data() + text->size() ? Status::Ok()
                                                                      : Bad(key, *text, "a number is expected");
  }
  // A number in hundredths, thousandths … for DECIMAL.
  Status Decimal(const std::string& key, const DataType& type, int64_t& out) const {
    const std::string* text = Find(key);
    if (text == nullptr) return Status::Ok();
    columnar::int128 v = 0;
    if (columnar::ParseDecimal(*text, std::min(type.precision(), 18), type.scale(), v) !=
        columnar::DecimalParse::kExact)
      return Bad(key, *text, "a number that fits " + type.ToString() + " is expected");
    out = static_cast<int64_t>(v);
    return Status::Ok();
  }

 private:
  const plan::Options& with_;
};

// "fields.<column>.<suffix>": both have to be known, or a misspelt one would go without effect.
Status CheckFieldOptions(const columnar::Schema& schema, const plan::Options& with) {
  static constexpr std::string_view kPrefix = "fields.";
  static const std::vector<std::string> kSuffixes = {"kind", "min",    "max",       "start",
                                                     "end",  "length", "null-rate", "max-past"};
  std::vector<std::string> columns;
  for (const columnar::Field& column : schema.fields) columns.push_back(column.name);
  auto nearest = [](const std::string& name, const std::vector<std::string>& known) {
    const std::string near = NearestName(name, known);
    return near.empty() ? "known are: " + Join(known, ", ") : fmt::format("did you mean '{}'?", near);
  };
  for (const auto& [key, value] : with) {
    if (key.rfind(kPrefix, 0) != 0) continue;
    const size_t dot = std::max(key.rfind('.'), kPrefix.size());  // a column's name may have dots
    const std::string column = key.substr(kPrefix.size(), dot - kPrefix.size());
    const std::string suffix = dot < key.size() ? key.substr(dot + 1) : std::string();
    if (schema.Find(column) < 0)
      return Status::Invalid(kBadDatagenOption, fmt::format("'{}': there is no column '{}'", key, column),
                             nearest(column, columns));
    if (std::find(kSuffixes.begin(), kSuffixes.end(), suffix) == kSuffixes.end())
      return Status::Invalid(kBadDatagenOption, fmt::format("'{}': a column has no option '{}'", key, suffix),
                             nearest(suffix, kSuffixes));
  }
  return Status::Ok();
}

// SplitMix64's finaliser (Steele, Lea, Flood 2014).
uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void Limits(const DataType& type, int64_t& min, int64_t& max) {
  if (type.kind() == TypeKind::kDecimal) {
    max = static_cast<int64_t>(columnar::PowerOfTen(std::min(type.precision(), 18))) - 1;
    min = -max;
  } else if (type.is_integer()) {
    const int bits = type.byte_width() * 8;
    max = bits == 64 ? INT64_MAX : (int64_t{1} << (bits - 1)) - 1;
    min = -max - 1;
  }
}

bool IsGenerated(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInteger:
    case TypeKind::kBigInt:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kDecimal:
    case TypeKind::kString:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<RowGenerator::Field> RowGenerator::MakeField(const columnar::Field& column, const plan::Options& with) {
  const OptionReader in(with);
  const std::string prefix = "fields." + column.name + ".";
  Field field;
  field.key = "\"" + column.name + "\":";
  field.type = column.type;
  if (!IsGenerated(column.type.kind()))
    return Status::NotSupported(fmt::format("datagen cannot make a column of type {}", column.type.ToString()),
                                "compute it from others");
  Limits(column.type, field.min, field.max);
  field.real_max = 1;
  const std::string kind = in.Find(prefix + "kind") == nullptr ? "random" : *in.Find(prefix + "kind");
  field.is_sequence = kind == "sequence";
  if (!field.is_sequence && kind != "random") return Bad(prefix + "kind", kind, "random or sequence is expected");
  const bool is_real = column.type.is_approximate();
  const bool is_decimal = column.type.kind() == TypeKind::kDecimal;
  for (const auto& [key, is_min] : {std::pair<std::string, bool>{field.is_sequence ? "start" : "min", true},
                                    {field.is_sequence ? "end" : "max", false}}) {
    int64_t& whole = is_min ? field.min : field.max;
    SEMEL_RETURN_IF_ERROR(is_real      ? in.Number(prefix + key, is_min ? field.real_min : field.real_max)
                          : is_decimal ? in.Decimal(prefix + key, column.type, whole)
                                       : in.Number(prefix + key, whole));
    if (field.is_sequence && in.Find(prefix + key) == nullptr)
      return Bad(prefix + "kind", kind, fmt::format("a sequence needs '{}{}'", prefix, key));
  }
  if (field.is_sequence && !column.type.is_integer())
    return Bad(prefix + "kind", kind, "sequences are of whole numbers");
  if (field.max < field.min || field.real_max < field.real_min)
    return Bad(prefix + (field.is_sequence ? "end" : "max"), "…", "the greatest value is below the least");
  SEMEL_RETURN_IF_ERROR(in.Number(prefix + "length", field.length));
  SEMEL_RETURN_IF_ERROR(in.Number(prefix + "null-rate", field.null_rate));
  if (const std::string* past = in.Find(prefix + "max-past")) {
    SEMEL_ASSIGN_OR_RETURN(Micros duration, ParseDuration(*past));
    field.max_past_micros = duration.count();
  }
  return field;
}

Result<RowGenerator> RowGenerator::Create(const columnar::Schema& schema, const plan::Options& with) {
  RowGenerator generator;
  SEMEL_RETURN_IF_ERROR(CheckFieldOptions(schema, with));
  const OptionReader in(with);
  SEMEL_RETURN_IF_ERROR(in.Number("seed", generator.seed_));
  SEMEL_RETURN_IF_ERROR(in.Number("rows-per-second", generator.rows_per_second_));
  SEMEL_RETURN_IF_ERROR(in.Number("number-of-rows", generator.total_rows_));
  if (generator.rows_per_second_ < 1)
    return Bad("rows-per-second", std::to_string(generator.rows_per_second_), "at least 1 is expected");
  if (generator.total_rows_ < 0)
    return Bad("number-of-rows", std::to_string(generator.total_rows_), "a number from 0 is expected");
  for (const columnar::Field& column : schema.fields) {
    SEMEL_ASSIGN_OR_RETURN(Field field, MakeField(column, with));
    if (field.is_sequence && field.max - field.min < INT64_MAX)
      generator.total_rows_ = std::min(generator.total_rows_, field.max - field.min + 1);
    generator.fields_.push_back(std::move(field));
  }
  return generator;
}

uint64_t RowGenerator::Draw(size_t field, int64_t n, uint64_t salt) const {
  return Mix(Mix(seed_ + 0x9e3779b97f4a7c15u * (static_cast<uint64_t>(n) + 1)) +
             0xd1b54a32d192ed03u * (field * 4 + salt + 1));
}

void RowGenerator::AppendValue(const Field& field, size_t index, int64_t n, int64_t base_micros,
                               std::string& out) const {
  const uint64_t draw = Draw(index, n, 0);
  if (field.is_sequence) {
    out += std::to_string(field.min + n);
    return;
  }
  if (field.null_rate > 0 && static_cast<double>(Draw(index, n, 1) >> 11) * 0x1p-53 < field.null_rate) {
    out += "null";
    return;
  }
  switch (field.type.kind()) {
    case TypeKind::kBoolean:
      out += (draw & 1) != 0 ? "true" : "false";
      break;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      out += fmt::format(
          "{}", field.real_min + (field.real_max - field.real_min) * (static_cast<double>(draw >> 11) * 0x1p-53));
      break;
    case TypeKind::kString: {
      out += '"';
      for (int64_t i = 0; i < field.length; ++i) out += "0123456789abcdef"[Mix(draw + static_cast<uint64_t>(i)) & 15];
      out += '"';
      break;
    }
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      // Row n stands at n / rate seconds after the start of the table, or up to max-past earlier.
      int64_t micros =
          base_micros + static_cast<int64_t>(static_cast<columnar::int128>(n) * 1'000'000 / rows_per_second_);
      if (field.max_past_micros > 0)
        micros -= static_cast<int64_t>(draw % static_cast<uint64_t>(field.max_past_micros + 1));
      const DataType type = DataType::Timestamp(6);
      columnar::ColumnBuilder one(type);
      one.AppendInt64(micros);
      const std::string text = columnar::ValueToString(*one.Finish(), 0);
      out += '"' + (field.type.kind() == TypeKind::kDate ? text.substr(0, 10) : text) +
             (field.type.kind() == TypeKind::kTimestampLtz ? "Z" : "") + '"';
      break;
    }
    default: {
      const auto span = static_cast<uint64_t>(field.max) - static_cast<uint64_t>(field.min);
      const auto v =
          static_cast<int64_t>(static_cast<uint64_t>(field.min) + (span == UINT64_MAX ? draw : draw % (span + 1)));
      if (field.type.kind() == TypeKind::kDecimal && field.type.scale() > 0) {
        columnar::ColumnBuilder one(DataType::Decimal(18, std::min(field.type.scale(), 18)));
        one.AppendInt64(v);
        out += columnar::ValueToString(*one.Finish(), 0);
      } else {
        out += std::to_string(v);
      }
    }
  }
}

void RowGenerator::AppendJson(int64_t n, int64_t base_micros, std::string& out) const {
  out += '{';
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) out += ',';
    out += fields_[i].key;
    AppendValue(fields_[i], i, n, base_micros, out);
  }
  out += '}';
}

}  // namespace semel::connectors
