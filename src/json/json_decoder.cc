// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "json/json_decoder.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "columnar/parse_text.h"
#include "json/java_text.h"

namespace semel::json {

namespace od = simdjson::ondemand;
using columnar::ColumnBuilder;
using columnar::DataType;
using columnar::int128;
using columnar::TypeKind;

namespace {

// What became of one value.
enum class Outcome : uint8_t { kOk, kWrongType, kBroken };

constexpr std::array<int64_t, 19> kSmallPowers = [] {
  std::array<int64_t, 19> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// A token that only begins like null is an error, not false.
bool IsNull(od::value& value) {
  bool is_null = false;
  return simdjson::simdjson_result<bool>(value.is_null()).get(is_null) == simdjson::SUCCESS && is_null;
}

// Text in quotes without escapes. Control characters and broken UTF-8 were found when the document was indexed.
bool IsPlainText(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"' &&
         std::memchr(token.data(), '\\', token.size()) == nullptr;
}

// The grammar of RFC 8259: no sign but '-', no leading zeros, digits on both sides of a point.
bool IsNumber(std::string_view text) {
  auto digits = [&text] {
    size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    text.remove_prefix(n);
    return n;
  };
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const bool zero = !text.empty() && text[0] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

// A number of at most 18 digits without exponent: ±unscaled / 10^scale.
struct PlainNumber {
  int64_t unscaled = 0;
  int scale = 0;
};

// Nothing if the token is no such number, which says nothing about whether it is a number.
std::optional<PlainNumber> ParsePlainNumber(std::string_view token) {
  const char* at = token.data();
  const char* const end = at + token.size();
  const bool negative = at != end && *at == '-';
  at += negative;
  if (at == end || end - at > 19 || (*at == '0' && end - at > 1 && at[1] != '.')) return std::nullopt;
  uint64_t digits = 0;  // 19 of them fit
  const char* const first = at;
  for (; at != end && static_cast<unsigned char>(*at - '0') <= 9; ++at)
    digits = digits * 10 + static_cast<uint64_t>(*at - '0');
  if (at == first || at - first > 18) return std::nullopt;
  PlainNumber number;
  if (at != end && *at == '.') {
    const char* const point = at++;
    for (; at != end && static_cast<unsigned char>(*at - '0') <= 9; ++at)
      digits = digits * 10 + static_cast<uint64_t>(*at - '0');
    number.scale = static_cast<int>(at - point - 1);
    if (number.scale == 0) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  number.unscaled = negative ? -static_cast<int64_t>(digits) : static_cast<int64_t>(digits);
  return number;
}

// Decodes values of the fields of one (possibly nested) row.
class RowDecoder {
 public:
  RowDecoder(const JsonOptions& options, formats::DecodeCounters*& counters) : options_(options), counters_(counters) {}

  struct FieldPlan {
    std::string key;
    std::string quoted;       // the key and its closing quote
    bool is_escaped = false;  // the key has characters that JSON may write in more than one way
    DataType type;
    int column = -1;  // builder index, -1: checked but not wanted
    std::unique_ptr<RowDecoder> row;
    int64_t seen_in = -1;  // the document in which it was met last
  };
  std::vector<FieldPlan> fields;

  // `error` names the field and what is wrong with it.
  Outcome Decode(od::object object, std::vector<ColumnBuilder*>& out, int64_t document, std::string& error) {
    size_t expected = 0;
    for (auto field : object) {
      FieldPlan* plan = nullptr;
      od::raw_json_string raw_key;
      if (field.key().get(raw_key) != simdjson::SUCCESS) return Broken(error);
      if (expected < fields.size() && IsKey(fields[expected], raw_key)) {
        plan = &fields[expected];
        expected = expected + 1 == fields.size() ? 0 : expected + 1;
      } else {
        std::string_view key;
        if (field.unescaped_key().get(key) != simdjson::SUCCESS) return Broken(error);
        plan = Find(key, expected);
      }
      od::value value;
      if (field.value().get(value) != simdjson::SUCCESS) return Broken(error);
      if (plan == nullptr) {
        if (const Outcome skipped = Walk(value); skipped != Outcome::kOk) return Broken(error);
        continue;
      }
      ColumnBuilder* builder = plan->column < 0 ? nullptr : out[static_cast<size_t>(plan->column)];
      // The last value of a duplicate key counts: the one before is taken back.
      if (plan->seen_in == document && builder != nullptr) builder->TruncateTo(builder->length() - 1);
      plan->seen_in = document;
      const Outcome outcome = Value(value, *plan, builder, error);
      if (outcome == Outcome::kBroken) return Broken(error);
      if (outcome == Outcome::kWrongType) {
        if (!options_.ignore_parse_errors) return outcome;
        ++counters_->null_fields;
        if (builder != nullptr) builder->AppendNull();
      }
    }
    for (FieldPlan& plan : fields) {
      if (plan.seen_in == document) continue;
      if (options_.fail_on_missing_field) {
        error = fmt::format("field '{}' is missing", plan.key);
        if (!options_.ignore_parse_errors) return Outcome::kWrongType;
      }
      if (plan.column >= 0) out[static_cast<size_t>(plan.column)]->AppendNull();
    }
    return Outcome::kOk;
  }

 private:
  static Outcome Broken(std::string& error) {
    if (error.empty()) error = "it is no JSON object";
    return Outcome::kBroken;
  }

  // Documents of one topic list their fields in one order: the next expected field is tried first, without unescaping
  // the key. A name that would need escapes in JSON is never equal here, and found by Find. The text has its closing
  // quote: the comparison ends at the first difference.
  static bool IsKey(const FieldPlan& plan, od::raw_json_string raw) {
    return !plan.is_escaped && std::memcmp(raw.raw(), plan.quoted.data(), plan.quoted.size()) == 0;
  }
  FieldPlan* Find(std::string_view key, size_t& expected) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].key != key) continue;
      expected = i + 1 == fields.size() ? 0 : i + 1;
      return &fields[i];
    }
    return nullptr;
  }

  // Visits a value that nobody wants, so that broken text is found.
  static Outcome Walk(od::value& value) {
    switch (value.type().value_unsafe()) {
      case od::json_type::object: {
        od::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS) return Outcome::kBroken;
        for (auto field : object) {
          std::string_view key;
          od::value inner;
          if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(inner) != simdjson::SUCCESS)
            return Outcome::kBroken;
          if (Walk(inner) != Outcome::kOk) return Outcome::kBroken;
        }
        return Outcome::kOk;
      }
      case od::json_type::array: {
        od::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) return Outcome::kBroken;
        for (auto item : array) {
          od::value inner;
          if (item.get(inner) != simdjson::SUCCESS || Walk(inner) != Outcome::kOk) return Outcome::kBroken;
        }
        return Outcome::kOk;
      }
      case od::json_type::string: {
        std::string_view text;
        return value.get_string().get(text) == simdjson::SUCCESS ? Outcome::kOk : Outcome::kBroken;
      }
      case od::json_type::number: {
        return IsNumber(Trim(value.raw_json_token())) ? Outcome::kOk : Outcome::kBroken;
      }
      case od::json_type::boolean: {
        bool b;
        return value.get_bool().get(b) == simdjson::SUCCESS ? Outcome::kOk : Outcome::kBroken;
      }
      case od::json_type::null:
        return IsNull(value) ? Outcome::kOk : Outcome::kBroken;
    }
    return Outcome::kBroken;
  }

  Outcome Wrong(const FieldPlan& plan, std::string_view found, std::string& error) {
    error = fmt::format("field '{}' is {}, found {}", plan.key, plan.type.ToString(), found.substr(0, 60));
    return Outcome::kWrongType;
  }

  Outcome Value(od::value& value, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    // Most values are plain numbers and text without escapes: their token says everything, and the loop over the object
    // steps over it.
    const std::string_view token = Trim(value.raw_json_token());
    if (IsPlainText(token)) return Text(token.substr(1, token.size() - 2), plan, out, error);
    if (const std::optional<PlainNumber> number = ParsePlainNumber(token); number && AppendPlain(*number, plan, out))
      return Outcome::kOk;
    const auto type = value.type();
    if (type.error() != simdjson::SUCCESS) return Outcome::kBroken;
    switch (type.value_unsafe()) {
      case od::json_type::null:
        if (!IsNull(value)) return Outcome::kBroken;
        if (out != nullptr) out->AppendNull();
        return Outcome::kOk;
      case od::json_type::number:
        return Number(Trim(value.raw_json_token()), value, plan, out, error);
      case od::json_type::string: {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return Outcome::kBroken;
        return Text(text, plan, out, error);
      }
      case od::json_type::boolean: {
        bool b;
        if (value.get_bool().get(b) != simdjson::SUCCESS) return Outcome::kBroken;
        if (plan.type.kind() == TypeKind::kBoolean) {
          if (out != nullptr) out->AppendBool(b);
          return Outcome::kOk;
        }
        return plan.type.is_text() ? Text(b ? "true" : "false", plan, out, error)
                                   : Wrong(plan, b ? "true" : "false", error);
      }
      case od::json_type::object:
        return Object(value, plan, out, error);
      case od::json_type::array:
        if (plan.type.is_text()) return Document(value, out);
        if (Walk(value) != Outcome::kOk) return Outcome::kBroken;
        return Wrong(plan, "an array", error);
    }
    return Outcome::kBroken;
  }

  // An object or an array for a STRING is its JSON without blanks.
  static Outcome Document(od::value& value, ColumnBuilder* out) {
    std::string text;
    if (AppendDocument(value, text) != Outcome::kOk) return Outcome::kBroken;
    if (out != nullptr) out->AppendString(text);
    return Outcome::kOk;
  }

  // The last value of a duplicate key stands in the place of the first one.
  static Outcome AppendObject(od::object& object, std::string& text) {
    std::vector<std::pair<std::string, std::string>> fields;
    std::unordered_map<std::string, size_t> places;
    for (auto field : object) {
      std::string_view raw_key;
      od::value inner;
      if (field.unescaped_key().get(raw_key) != simdjson::SUCCESS) return Outcome::kBroken;
      std::string key(raw_key);
      if (field.value().get(inner) != simdjson::SUCCESS) return Outcome::kBroken;
      std::string value;
      if (AppendDocument(inner, value) != Outcome::kOk) return Outcome::kBroken;
      const auto [place, is_new] = places.emplace(key, fields.size());
      if (is_new) fields.emplace_back(std::move(key), std::string());
      fields[place->second].second = std::move(value);
    }
    text += '{';
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) text += ',';
      AppendQuoted(fields[i].first, text);
      (text += ':') += fields[i].second;
    }
    text += '}';
    return Outcome::kOk;
  }

  // Numbers keep their digits as they stand.
  static Outcome AppendDocument(od::value& value, std::string& text) {
    switch (value.type().value_unsafe()) {
      case od::json_type::object: {
        od::object object;
        return value.get_object().get(object) == simdjson::SUCCESS ? AppendObject(object, text) : Outcome::kBroken;
      }
      case od::json_type::array: {
        od::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) return Outcome::kBroken;
        char separator = '[';
        for (auto item : array) {
          od::value inner;
          text += std::exchange(separator, ',');
          if (item.get(inner) != simdjson::SUCCESS || AppendDocument(inner, text) != Outcome::kOk)
            return Outcome::kBroken;
        }
        text += separator == '[' ? "[]" : "]";
        return Outcome::kOk;
      }
      case od::json_type::string: {
        std::string_view content;
        if (value.get_string().get(content) != simdjson::SUCCESS) return Outcome::kBroken;
        AppendQuoted(content, text);
        return Outcome::kOk;
      }
      default:
        text += Trim(value.raw_json_token());
        return Walk(value);
    }
  }

  // Appends a number that fits the column without rounding. False: the general way has to look at it.
  static bool AppendPlain(const PlainNumber& number, const FieldPlan& plan, ColumnBuilder* out) {
    int64_t value = number.unscaled;
    if (plan.type.is_integer()) {
      if (number.scale != 0) return false;
      const int bits = plan.type.byte_width() * 8;
      if (bits < 64 && (value >= int64_t{1} << (bits - 1) || value < -(int64_t{1} << (bits - 1)))) return false;
    } else if (plan.type.kind() == TypeKind::kDecimal) {
      const int shift = plan.type.scale() - number.scale;
      if (shift < 0 || plan.type.precision() > 18) return false;
      if (shift > 0 && __builtin_mul_overflow(value, kSmallPowers[static_cast<size_t>(shift)], &value)) return false;
      const int64_t limit = kSmallPowers[static_cast<size_t>(plan.type.precision())];
      if (value >= limit || value <= -limit) return false;
    } else {
      return false;
    }
    if (out != nullptr) out->AppendInt64(value);
    return true;
  }

  Outcome Object(od::value& value, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    if (plan.type.is_text()) return Document(value, out);
    if (plan.row == nullptr) {
      if (Walk(value) != Outcome::kOk) return Outcome::kBroken;
      return Wrong(plan, "an object", error);
    }
    od::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return Outcome::kBroken;
    std::vector<ColumnBuilder*> children;
    if (out != nullptr)
      for (size_t i = 0; i < out->num_children(); ++i) children.push_back(&out->child(i));
    for (FieldPlan& field : plan.row->fields)
      field.column = out == nullptr ? -1 : static_cast<int>(&field - plan.row->fields.data());
    // A ROW has documents of its own: it may be met again in one of the outer ones (a duplicate key).
    const Outcome outcome = plan.row->Decode(object, children, ++plan.row->objects_, error);
    if (outcome != Outcome::kOk) return outcome;
    if (out != nullptr) out->AppendRow(true);
    return Outcome::kOk;
  }

  Outcome Number(std::string_view token, od::value& value, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    const DataType& type = plan.type;
    if (!IsNumber(token)) return Outcome::kBroken;
    if (type.kind() == TypeKind::kDecimal) return Decimal(token, plan, out, error);
    if (type.is_integer()) return Integer(token, plan, out, error);
    if (type.kind() == TypeKind::kDouble) {
      double number;
      if (value.get_double().get(number) != simdjson::SUCCESS) return Wrong(plan, token, error);
      if (out != nullptr) out->Append(number);
      return Outcome::kOk;
    }
    if (!type.is_text() && type.kind() != TypeKind::kFloat) return Wrong(plan, token, error);
    return Text(token, plan, out, error);
  }

  // INT and BIGINT take a number in every form (7.0, 1e3), the smaller types plain digits only, as in Flink. A fraction
  // is never cut.
  Outcome Integer(std::string_view token, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    int128 value;
    const bool is_plain = token.find_first_of(".eE") == std::string_view::npos;
    if ((!is_plain && plan.type.byte_width() < 4) ||
        columnar::ParseDecimal(token, 19, 0, value) != columnar::DecimalParse::kExact)
      return Wrong(plan, token, error);
    return Integer(value, token, plan, out, error);
  }
  Outcome Integer(int128 value, std::string_view text, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    const int128 limit = int128{1} << (plan.type.byte_width() * 8 - 1);
    if (value >= limit || value < -limit) return Wrong(plan, text, error);
    if (out != nullptr) out->AppendInt(value);
    return Outcome::kOk;
  }

  Outcome NumberText(std::string_view text, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    if (plan.type.is_integer()) {
      const std::optional<int64_t> value = ParseInteger(text);
      return value ? Integer(*value, text, plan, out, error) : Wrong(plan, text, error);
    }
    if (plan.type.kind() == TypeKind::kDouble) {
      const std::optional<double> value = ParseDouble(text);
      if (!value) return Wrong(plan, text, error);
      if (out != nullptr) out->Append(*value);
    } else if (plan.type.kind() == TypeKind::kFloat) {
      const std::optional<float> value = ParseFloat(text);
      if (!value) return Wrong(plan, text, error);
      if (out != nullptr) out->Append(*value);
    } else {
      return Wrong(plan, text, error);
    }
    return Outcome::kOk;
  }

  Outcome Decimal(std::string_view token, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    int128 unscaled;
    switch (columnar::ParseDecimal(token, plan.type.precision(), plan.type.scale(), unscaled)) {
      case columnar::DecimalParse::kRounded:
        ++counters_->rounded;
        [[fallthrough]];
      case columnar::DecimalParse::kExact:
        if (out != nullptr) out->AppendInt(unscaled);
        return Outcome::kOk;
      default:
        return Wrong(plan, token, error);
    }
  }

  Outcome Text(std::string_view text, FieldPlan& plan, ColumnBuilder* out, std::string& error) {
    const DataType& type = plan.type;
    std::optional<int64_t> number;
    switch (type.kind()) {
      case TypeKind::kString:
        if (out != nullptr) out->AppendString(text);
        return Outcome::kOk;
      case TypeKind::kBytes: {
        std::string bytes;
        if (!DecodeBase64(text, bytes)) return Wrong(plan, text, error);
        if (out != nullptr) out->AppendString(bytes);
        return Outcome::kOk;
      }
      case TypeKind::kTimestamp:
        number = Timestamp(text, options_.iso_timestamps ? "Tt" : " ");
        break;
      case TypeKind::kTimestampLtz:
        if (!text.empty() && text.back() == 'Z')
          number = Timestamp(text.substr(0, text.size() - 1), options_.iso_timestamps ? "T" : " ");
        break;
      case TypeKind::kDate:
        if (const std::optional<int32_t> day = columnar::ParseDate(text)) number = *day;
        break;
      case TypeKind::kTime:
        if (const std::optional<int64_t> micros = ParseTime(text, false)) number = *micros / 1000;
        break;
      case TypeKind::kBoolean: {
        const std::string word = ToLowerAscii(TrimJava(text));
        if (word != "true" && word != "false") return Wrong(plan, text, error);
        if (out != nullptr) out->AppendBool(word == "true");
        return Outcome::kOk;
      }
      case TypeKind::kDecimal:
        return Decimal(TrimJava(text), plan, out, error);
      default:
        return NumberText(text, plan, out, error);
    }
    if (!number) return Wrong(plan, text, error);
    if (type.is_time_point()) {
      // Digits past the declared precision are cut.
      const int64_t unit = kSmallPowers[static_cast<size_t>(6 - type.precision())];
      const int64_t rest = *number % unit;
      number = *number - (rest < 0 ? rest + unit : rest);
    }
    if (out != nullptr) out->AppendInt64(*number);
    return Outcome::kOk;
  }

  // Times of one stream share their date for long: the last one is remembered.
  std::optional<int64_t> Timestamp(std::string_view text, std::string_view separators) {
    if (text.size() < 16 || separators.find(text[10]) == std::string_view::npos) return std::nullopt;
    if (std::memcmp(text.data(), date_.data(), date_.size()) != 0) {
      const std::optional<int32_t> day = columnar::ParseDate(text.substr(0, 10));
      if (!day) return std::nullopt;
      std::memcpy(date_.data(), text.data(), date_.size());
      day_micros_ = *day * int64_t{86'400'000'000};
    }
    const std::optional<int64_t> time = ParseTime(text.substr(11), options_.iso_timestamps);
    if (!time) return std::nullopt;
    return day_micros_ + *time;
  }

  const JsonOptions& options_;
  formats::DecodeCounters*& counters_;
  int64_t objects_ = 0;
  std::array<char, 10> date_{};
  int64_t day_micros_ = 0;
};

class JsonDecoder final : public formats::Decoder {
 public:
  JsonDecoder(const columnar::Schema& physical, const std::vector<int>& columns, const JsonOptions& options)
      : options_(options), root_(options_, counters_) {
    AddFields(root_, physical.fields);
    for (size_t c = 0; c < columns.size(); ++c)
      root_.fields[static_cast<size_t>(columns[c])].column = static_cast<int>(c);
  }

  Status Decode(std::span<const formats::Record> records, std::span<ColumnBuilder> out, std::vector<uint32_t>& accepted,
                formats::DecodeCounters& counters) override {
    counters_ = &counters;
    std::vector<ColumnBuilder*> builders;
    for (ColumnBuilder& builder : out) builders.push_back(&builder);
    for (size_t i = 0; i < records.size(); ++i) {
      ++counters.records;
      const formats::DecodeCounters before = counters;
      error_.clear();
      const Outcome outcome = One(records[i], builders);
      if (outcome == Outcome::kOk) {
        accepted.push_back(static_cast<uint32_t>(i));
        continue;
      }
      if (!options_.ignore_parse_errors) {
        const std::string_view value = records[i].value;
        return Status::Invalid(outcome == Outcome::kBroken ? kBrokenDocument : kWrongValue,
                               fmt::format("record at {}: {}: {}", records[i].position, error_, value.substr(0, 200)),
                               "correct the record at its source, or set 'json.ignore-parse-errors' = 'true'");
      }
      ++counters.rejected;
      // A row that was begun is taken back.
      for (ColumnBuilder* builder : builders) builder->TruncateTo(static_cast<int64_t>(accepted.size()));
      counters.rounded = before.rounded, counters.null_fields = before.null_fields;
    }
    return Status::Ok();
  }

 private:
  void AddFields(RowDecoder& decoder, const std::vector<columnar::Field>& fields) {
    for (const columnar::Field& field : fields) {
      RowDecoder::FieldPlan plan;
      plan.key = field.name;
      plan.quoted = field.name + '"';
      // A longer key could be compared past the padding of the last record.
      plan.is_escaped =
          field.name.find_first_of("\"\\") != std::string::npos || field.name.size() >= simdjson::SIMDJSON_PADDING;
      plan.type = field.type;
      if (field.type.kind() == TypeKind::kRow) {
        plan.row = std::make_unique<RowDecoder>(options_, counters_);
        AddFields(*plan.row, field.type.fields());
      }
      decoder.fields.push_back(std::move(plan));
    }
  }

  Outcome One(const formats::Record& record, std::vector<ColumnBuilder*>& builders) {
    if (record.is_tombstone) {
      error_ = "it has no value";
      return Outcome::kBroken;
    }
    od::document document;
    if (parser_.iterate(record.value.data(), record.value.size(), record.value.size() + simdjson::SIMDJSON_PADDING)
            .get(document) != simdjson::SUCCESS) {
      error_ = "it is no JSON";
      return Outcome::kBroken;
    }
    od::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) {
      error_ = "it is no JSON object";
      return Outcome::kBroken;
    }
    const Outcome outcome = root_.Decode(object, builders, ++document_number_, error_);
    if (outcome != Outcome::kOk) return outcome;
    // Behind the object nothing may follow: On-Demand then stands past its last token.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      error_ = "something follows the JSON object";
      return Outcome::kBroken;
    }
    return Outcome::kOk;
  }

  const JsonOptions options_;
  formats::DecodeCounters* counters_ = nullptr;
  RowDecoder root_;
  od::parser parser_;
  int64_t document_number_ = 0;
  std::string error_;
};

}  // namespace

Result<std::unique_ptr<formats::Decoder>> MakeJsonDecoder(const columnar::Schema& physical,
                                                          const std::vector<int>& columns, const JsonOptions& options) {
  return std::unique_ptr<formats::Decoder>(std::make_unique<JsonDecoder>(physical, columns, options));
}

std::string SimdjsonVersion() {
  return fmt::format("simdjson {}.{}.{}", simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                     simdjson::SIMDJSON_VERSION_REVISION);
}

}  // namespace semel::json
