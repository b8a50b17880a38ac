// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "formats/json/register.h"
#include "json/json_decoder.h"

namespace semel::formats {
namespace {

using columnar::DataType;

class JsonFormatTest : public testing::Test {
 protected:
  JsonFormatTest() {
    schema_.fields = {
        {"id", DataType::BigInt()},
        {"amount", DataType::Decimal(10, 2)},
        {"item", DataType::String()},
        {"ts", DataType::Timestamp(3)},
        {"ok", DataType::Boolean()},
        {"small", DataType::TinyInt()},
        {"d", DataType::Double()},
        {"r", DataType::Row({{"a", DataType::Integer()}, {"b", DataType::Row({{"c", DataType::String()}})}})}};
    RegisterJson(registry_);
  }
  // Decodes documents into the wanted columns; rows as text or the error.
  std::string Decode(const std::vector<std::string>& documents, std::vector<int> columns, plan::Options options = {},
                     DecodeCounters* counters = nullptr) {
    std::vector<std::string> padded = documents;
    std::vector<Record> records;
    for (std::string& document : padded) document.reserve(document.size() + 64);
    for (const std::string& document : padded) {
      Record record;
      record.value = document;
      record.position = static_cast<int64_t>(records.size());
      records.push_back(record);
    }
    auto decoder = registry_.Find("json")->make_decoder({&schema_, columns, options}).value();
    std::vector<columnar::ColumnBuilder> builders;
    auto out = std::make_shared<columnar::Schema>();
    for (int c : columns) {
      builders.emplace_back(schema_[static_cast<size_t>(c)].type);
      out->fields.push_back(schema_[static_cast<size_t>(c)]);
    }
    std::vector<uint32_t> accepted;
    DecodeCounters local;
    const Status status = decoder->Decode(records, builders, accepted, counters != nullptr ? *counters : local);
    if (!status.ok()) return status.ToString();
    std::vector<columnar::ColumnPtr> finished;
    for (auto& builder : builders) finished.push_back(builder.Finish());
    return columnar::Batch(out, static_cast<int64_t>(accepted.size()), finished).ToString();
  }
  columnar::Schema schema_;
  Registry registry_;
};

TEST_F(JsonFormatTest, DecodesEveryTypeInAnyOrder) {
  EXPECT_EQ(
      Decode(
          {R"({"id":1,"amount":12.3,"item":"a\"b","ts":"2026-01-02 03:04:05.678","ok":true,"small":-5,"d":1.5,"r":{"a":1,"b":{"c":"x"}}})",
           R"({"r":{"b":null,"a":2},"d":2,"small":7,"ok":false,"ts":"2026-01-02 03:04:05","item":"é","amount":"0.5","id":2,"more":[1,{"x":[]}]})",
           R"({})"},
          {0, 1, 2, 3, 4, 5, 6, 7}),
      "+I[1, 12.30, a\"b, 2026-01-02 03:04:05.678, TRUE, -5, 1.5, (1, (x))]\n"
      "+I[2, 0.50, é, 2026-01-02 03:04:05.000, FALSE, 7, 2.0, (2, NULL)]\n"
      "+I[NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL]\n");
}

TEST_F(JsonFormatTest, TheLastOfDuplicateKeysWins) {
  EXPECT_EQ(Decode({R"({"id":1,"id":2,"item":"x","item":"y"})"}, {0, 2}), "+I[2, y]\n");
}

TEST_F(JsonFormatTest, WhatIsBrokenDoesNotDependOnTheQuery) {
  const std::vector<std::string> broken = {R"({"id":1)",
                                           R"({"id":1}})",
                                           R"({"id":1} x)",
                                           R"([1])",
                                           "",
                                           R"({"id":tru})",
                                           R"({"item":"\x"})",
                                           R"({"id":1,})",
                                           R"({"other":{"x":nul}})",
                                           R"({"amount":"abc"})",
                                           R"({"small":200})",
                                           R"({"amount":123456789012})",
                                           R"({"ts":"2026-02-30 00:00:00"})",
                                           R"({"ok":"maybe"})",
                                           R"({"r":5})"};
  for (const std::string& document : broken) {
    std::vector<bool> refused;
    for (const std::vector<int>& columns : {std::vector<int>{}, {0}, {2}, {0, 1, 2, 3, 4, 5, 6, 7}}) {
      const std::string result = Decode({document}, columns);
      refused.push_back(result.rfind("SEMEL-51", 0) == 0);
    }
    for (bool r : refused) EXPECT_TRUE(r) << document;
  }
}

TEST_F(JsonFormatTest, IgnoringParseErrorsNullsFieldsAndDropsBrokenDocuments) {
  DecodeCounters counters;
  EXPECT_EQ(Decode({R"({"id":"x","item":"a"})", R"({"id":1)", R"({"id":3})"}, {0, 2}, {{"ignore-parse-errors", "true"}},
                   &counters),
            "+I[NULL, a]\n+I[3, NULL]\n");
  EXPECT_EQ(counters.records, 3);
  EXPECT_EQ(counters.rejected, 1);
  EXPECT_EQ(counters.null_fields, 1);
}

TEST_F(JsonFormatTest, ExtraScaleIsRoundedAndCounted) {
  DecodeCounters counters;
  EXPECT_EQ(Decode({R"({"amount":1.005})", R"({"amount":1.00})"}, {1}, {}, &counters), "+I[1.01]\n+I[1.00]\n");
  EXPECT_EQ(counters.rounded, 1);
}

TEST_F(JsonFormatTest, NumbersMeanTheSameInEveryForm) {
  // Document's number → id BIGINT, amount DECIMAL(10,2), small TINYINT; "-" where it is refused.
  const std::vector<std::array<std::string, 4>> cases = {{"0", "0", "0.00", "0"},
                                                         {"-0", "0", "0.00", "0"},
                                                         {"7", "7", "7.00", "7"},
                                                         {"-7", "-7", "-7.00", "-7"},
                                                         {"7.0", "7", "7.00", "-"},
                                                         {"7.5", "-", "7.50", "-"},
                                                         {"-7.25", "-", "-7.25", "-"},
                                                         {"7.125", "-", "7.13", "-"},
                                                         {"128", "128", "128.00", "-"},
                                                         {"-128", "-128", "-128.00", "-128"},
                                                         {"-129", "-129", "-129.00", "-"},
                                                         {"99999999.99", "-", "99999999.99", "-"},
                                                         {"100000000", "100000000", "-", "-"},
                                                         {"9223372036854775807", "9223372036854775807", "-", "-"},
                                                         {"9223372036854775808", "-", "-", "-"},
                                                         {"999999999999999999", "999999999999999999", "-", "-"},
                                                         {"01", "-", "-", "-"},
                                                         {"1.", "-", "-", "-"},
                                                         {".5", "-", "-", "-"},
                                                         {"+1", "-", "-", "-"},
                                                         {"1.5.5", "-", "-", "-"},
                                                         {"--1", "-", "-", "-"},
                                                         {"-", "-", "-", "-"},
                                                         {"1x", "-", "-", "-"},
                                                         {"1e2", "100", "100.00", "-"},
                                                         {"1.5e1", "15", "15.00", "-"},
                                                         {"15e-1", "-", "1.50", "-"},
                                                         {"1e-400", "-", "0.00", "-"},
                                                         {"9007199254740993.0", "9007199254740993", "-", "-"},
                                                         {"true", "-", "-", "-"},
                                                         {"{}", "-", "-", "-"},
                                                         {"\"12\"", "12", "12.00", "12"},
                                                         {"\" +12\\n\"", "12", "12.00", "12"},
                                                         {"\"-012\"", "-12", "-12.00", "-12"},
                                                         {"\"10.1.2.3\"", "-", "-", "-"},
                                                         {"\"12.abc\"", "-", "-", "-"},
                                                         {"\"12.5\"", "-", "12.50", "-"},
                                                         {"\"7.\"", "-", "7.00", "-"},
                                                         {"\".5\"", "-", "0.50", "-"},
                                                         {"\"1e2\"", "-", "100.00", "-"},
                                                         {"\"1 2\"", "-", "-", "-"},
                                                         {"\"--1\"", "-", "-", "-"},
                                                         {"\"9223372036854775808\"", "-", "-", "-"},
                                                         {"\"-9223372036854775808\"", "-9223372036854775808", "-", "-"},
                                                         {"\"\"", "-", "-", "-"}};
  for (const auto& [text, id, amount, small] : cases) {
    auto one = [&](const std::string& field, int column, const std::string& want) {
      const std::string got = Decode({"{\"" + field + "\": " + text + " }"}, {column});
      if (want == "-") {
        EXPECT_EQ(got.rfind("SEMEL-51", 0), 0u) << field << " " << text << ": " << got;
      } else {
        EXPECT_EQ(got, "+I[" + want + "]\n") << field << " " << text;
      }
    };
    one("id", 0, id);
    one("amount", 1, amount);
    one("small", 5, small);
  }
}

TEST_F(JsonFormatTest, TextIsTakenWholeOrRefused) {
  EXPECT_EQ(Decode({R"({"item":"a\u00e9\n\\"})", R"({"item" : "" , "id":1})", "{\"item\":\"\xc3\xa9\"}"}, {2}),
            "+I[aé\n\\]\n+I[]\n+I[é]\n");
  for (const std::string& bad :
       {std::string("{\"item\":\"a\xff\"}"), std::string("{\"item\":\"a\nb\"}"), std::string("{\"item\":\"a\"b\"}"),
        std::string("{\"item\":\"a\"\"b\"}"), std::string(R"({"item":"a\u12"})"), std::string(R"({"item":"a)")})
    EXPECT_EQ(Decode({bad}, {2}).rfind("SEMEL-51", 0), 0u) << bad;
}

TEST_F(JsonFormatTest, AKeyMayBeWrittenWithEscapes) {
  EXPECT_EQ(Decode({R"({"\u0069d":5,"item":"x"})"}, {0, 2}), "+I[5, x]\n");
}

TEST_F(JsonFormatTest, OptionsThatContradictOrCannotBeUsedAreRefusedAndThoseWithoutEffectAreSaid) {
  const Format* json = registry_.Find("json");
  for (const plan::Options& options :
       {plan::Options{{"ignore-parse-errors", "true"}, {"fail-on-missing-field", "true"}},
        plan::Options{{"ignore-parse-errors", "yes"}}, plan::Options{{"timestamp-format.standard", "RFC"}}}) {
    const Status status = json->make_decoder({&schema_, {}, options}).status();
    EXPECT_EQ(status.code(), json::kBadJsonOption) << status.ToString();
    EXPECT_FALSE(status.hint().empty());
  }
  for (const std::string& ignored : json->ignored_options)
    EXPECT_EQ(std::count(json->known_options.begin(), json->known_options.end(), ignored), 1) << ignored;
  EXPECT_EQ(json->ignored_options.size(), 4u);
}

TEST_F(JsonFormatTest, AFormatOfTheSameNameEndsTheStart) {
  EXPECT_DEATH(RegisterJson(registry_), "format registered twice: json");
}

TEST_F(JsonFormatTest, MutatedDocumentsNeverCrash) {
  const std::string good =
      R"({"id":1,"amount":12.3,"item":"abc","ts":"2026-01-02 03:04:05.678","ok":true,"r":{"a":1,"b":{"c":"x"}}})";
  uint64_t state = 3;
  for (int i = 0; i < 20000; ++i) {
    std::string document = good;
    for (int k = 0; k < 2; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      document[(state >> 33) % document.size()] = static_cast<char>(state >> 56);
    }
    const bool all = Decode({document}, {0, 1, 2, 3, 7}).rfind("SEMEL", 0) == 0;
    const bool none = Decode({document}, {}).rfind("SEMEL", 0) == 0;
    ASSERT_EQ(all, none) << document;
  }
}

// A document may break at any depth, with some fields of a ROW appended and others not.
TEST_F(JsonFormatTest, OfADocumentBrokenWithinRowsNothingStays) {
  const plan::Options ignore = {{"ignore-parse-errors", "true"}};
  for (const char* broken :
       {R"({"id":9,"r":{"a":1,"b":{"c":"x")", R"({"r":{"a":1,"b":{"c":"x"},"a":tru}})", R"({"r":{"b":{"c":"x"}}} 1)",
        R"({"r":{"a":1},"r":{"b":{"c":"y"},"a":2},"id":x})", R"({"r":{"a":1,"b":{"c":"x","c":"y"}})", R"({"r":{"b":{)"})
    EXPECT_EQ(Decode({R"({"id":1,"r":{"a":1,"b":{"c":"p"}}})", broken, R"({"id":2,"r":{"a":2,"b":{"c":"q"}}})"}, {0, 7},
                     ignore),
              "+I[1, (1, (p))]\n+I[2, (2, (q))]\n")
        << broken;
}

TEST_F(JsonFormatTest, WhatIsCountedOfADroppedDocumentIsItsRejection) {
  DecodeCounters counters;
  Decode({R"({"id":"x","amount":1.005,"r":{"a":"x"}} 1)"}, {0, 1, 7}, {{"ignore-parse-errors", "true"}}, &counters);
  EXPECT_EQ(counters.rejected, 1);
  EXPECT_EQ(counters.null_fields, 0);
  EXPECT_EQ(counters.rounded, 0);
}

// Document's value → the column's; "-" where it is refused. Flink's converters: JsonParserToRowDataConverters.
TEST_F(JsonFormatTest, ValuesBecomeTextNumbersAndBooleansAsInFlink) {
  schema_.fields = {{"s", DataType::String()},
                    {"d", DataType::Double()},
                    {"f", DataType::Float()},
                    {"b", DataType::Boolean()},
                    {"i", DataType::Integer()}};
  const std::vector<std::array<std::string, 6>> cases = {
      {"1.50", "1.50", "1.5", "1.5", "-", "-"},
      {"12", "12", "12.0", "12.0", "-", "12"},
      {"1e3", "1e3", "1000.0", "1000.0", "-", "1000"},
      {"2147483648", "2147483648", "2.147483648E9", "2.1474836E9", "-", "-"},
      {"1e39", "1e39", "1.0E39", "-", "-", "-"},
      {"1e400", "1e400", "-", "-", "-", "-"},
      {"1e-400", "1e-400", "0.0", "0.0", "-", "-"},
      {"16777217.0000001", "16777217.0000001", "1.67772170000001E7", "1.6777218E7", "-", "-"},
      {"true", "true", "-", "-", "TRUE", "-"},
      {"\"true\"", "true", "-", "-", "TRUE", "-"},
      {"\" False \"", " False ", "-", "-", "FALSE", "-"},
      {"\"yes\"", "yes", "-", "-", "-", "-"},
      {"\"1\"", "1", "1.0", "1.0", "-", "1"},
      {"\" 1.5 \"", " 1.5 ", "1.5", "1.5", "-", "-"},
      {"\"1e3\"", "1e3", "1000.0", "1000.0", "-", "-"},
      {"\"-.5f\"", "-.5f", "-0.5", "-0.5", "-", "-"},
      {"\"5.d\"", "5.d", "5.0", "5.0", "-", "-"},
      {"\"1e400\"", "1e400", "-", "-", "-", "-"},
      {"\"NaN\"", "NaN", "NaN", "NaN", "-", "-"},
      {"\"-Infinity\"", "-Infinity", "-Infinity", "-Infinity", "-", "-"},
      {"\"inf\"", "inf", "-", "-", "-", "-"},
      {"\"1,5\"", "1,5", "-", "-", "-", "-"},
      {"\"1e\"", "1e", "-", "-", "-", "-"},
      {"\"\"", "", "-", "-", "-", "-"},
      {"[1, {\"a\" : 1.10, \"b\":[ ], \"a\": \"\\u0001\\n\\/\\u00e9\\\"\"}, null ]",
       R"([1,{"a":"\u0001\n/é\"","b":[]},null])", "-", "-", "-", "-"},
      {"{ \"x\" : 1.10, \"y\" : true }", R"({"x":1.10,"y":true})", "-", "-", "-", "-"},
      {"{}", "{}", "-", "-", "-", "-"},
      {"null", "NULL", "NULL", "NULL", "NULL", "NULL"}};
  for (const auto& texts : cases) {
    for (int column = 0; column < 5; ++column) {
      const std::string& want = texts[static_cast<size_t>(column) + 1];
      const std::string& name = schema_[static_cast<size_t>(column)].name;
      const std::string got = Decode({"{\"" + name + "\":" + texts[0] + "}"}, {column});
      if (want == "-") {
        EXPECT_EQ(got.rfind("SEMEL-5102", 0), 0u) << name << " " << texts[0] << ": " << got;
      } else {
        EXPECT_EQ(got, "+I[" + want + "]\n") << name << " " << texts[0];
      }
      const std::string ignoring =
          Decode({"{\"" + name + "\":" + texts[0] + "}"}, {column}, {{"ignore-parse-errors", "true"}});
      EXPECT_EQ(ignoring, "+I[" + (want == "-" ? "NULL" : want) + "]\n") << name << " " << texts[0];
    }
  }
  for (const char* broken :
       {R"({"s":[1,]})", R"({"s":{"a":01}})", R"({"s":{"a":tru}})", R"({"s":["\ud800"]})", R"({"s":[1})"})
    EXPECT_EQ(Decode({broken}, {0}).rfind("SEMEL-5101", 0), 0u) << broken;
}

TEST_F(JsonFormatTest, TimesAreReadByFlinksFormats) {
  schema_.fields = {{"ts", DataType::Timestamp(6)},
                    {"z", DataType::TimestampLtz(3)},
                    {"t", DataType::Time(3)},
                    {"d", DataType::Date()},
                    {"b", DataType::ByteString()}};
  struct Case {
    int column;
    const char* text;
    const char* sql;
    const char* iso;
  };
  const Case cases[] = {{0, "2026-01-02 03:04:05", "2026-01-02 03:04:05.000000", "-"},
                        {0, "2026-01-02 03:04:05.123456789", "2026-01-02 03:04:05.123456", "-"},
                        {0, "2026-01-02 03:04:05.", "2026-01-02 03:04:05.000000", "-"},
                        {0, "2026-01-02 03:04", "-", "-"},
                        {0, "2026-01-02T03:04:05.5", "-", "2026-01-02 03:04:05.500000"},
                        {0, "2026-01-02T03:04", "-", "2026-01-02 03:04:00.000000"},
                        {0, "2026-01-02t03:04:05", "-", "2026-01-02 03:04:05.000000"},
                        {0, "2026-01-02T03:04:05Z", "-", "-"},
                        {0, " 2026-01-02 03:04:05", "-", "-"},
                        {0, "2026-02-30 00:00:00", "-", "-"},
                        {0, "2026-01-02 24:00:00", "-", "-"},
                        {0, "2026-01-02", "-", "-"},
                        {1, "2026-01-02 03:04:05.123Z", "2026-01-02 03:04:05.123Z", "-"},
                        {1, "2026-01-02 03:04:05", "-", "-"},
                        {1, "2026-01-02T03:04Z", "-", "2026-01-02 03:04:00.000Z"},
                        {1, "2026-01-02t03:04:05Z", "-", "-"},
                        {1, "2026-01-02T03:04:05+01:00", "-", "-"},
                        {2, "03:04:05.678", "03:04:05.678", "03:04:05.678"},
                        {2, "03:04", "-", "-"},
                        {3, "2026-01-02", "2026-01-02", "2026-01-02"},
                        {3, "2026-1-2", "-", "-"},
                        {3, "2026-01-02 ", "-", "-"},
                        {3, "20260102", "-", "-"},
                        {4, "AP8=", "x'00ff'", "x'00ff'"},
                        {4, " AP8= AP8=", "x'00ff00ff'", "x'00ff00ff'"},
                        {4, "", "x''", "x''"},
                        {4, "AP8", "-", "-"},
                        {4, "A===", "-", "-"},
                        {4, "AP-_", "-", "-"},
                        {4, "AP=A", "-", "-"}};
  for (const Case& c : cases) {
    for (const char* standard : {"SQL", "ISO-8601"}) {
      const std::string want = std::string(standard) == "SQL" ? c.sql : c.iso;
      const std::string got = Decode({"{\"" + schema_[static_cast<size_t>(c.column)].name + "\":\"" + c.text + "\"}"},
                                     {c.column}, {{"timestamp-format.standard", standard}});
      if (want == "-") {
        EXPECT_EQ(got.rfind("SEMEL-5102", 0), 0u) << standard << " " << c.text << ": " << got;
      } else {
        EXPECT_EQ(got, "+I[" + want + "]\n") << standard << " " << c.text;
      }
    }
  }
}

// Flink takes control characters, makes '?' of half a pair, reads on behind the object.
TEST_F(JsonFormatTest, WhatIsNoJsonIsRefusedWhereFlinkTakesIt) {
  for (const char* broken : {"{\"item\":\"a\tb\"}", R"({"item":"\ud800"})", R"({"item":"x"} {"item":"y"})"})
    EXPECT_EQ(Decode({broken}, {2}).rfind("SEMEL-5101", 0), 0u) << broken;
}

// Flink counts the fields that it has met, and leaves out one for every duplicate.
TEST_F(JsonFormatTest, ADuplicateKeyHidesNoLaterField) {
  schema_.fields = {{"a", DataType::Integer()}, {"b", DataType::Integer()}};
  EXPECT_EQ(Decode({R"({"a":1,"a":2,"b":3})"}, {0, 1}), "+I[2, 3]\n");
}

class NestedJsonTest : public JsonFormatTest {
 protected:
  NestedJsonTest() {
    const DataType deep =
        DataType::Row({{"t", DataType::String()}, {"n", DataType::Integer()}, {"b", DataType::Boolean()}});
    const DataType middle = DataType::Row({{"x", deep}, {"d", DataType::Decimal(10, 2)}, {"y", deep}});
    schema_.fields = {{"id", DataType::BigInt()},
                      {"r", DataType::Row({{"m", middle}, {"s", DataType::String()}, {"w", deep}})},
                      {"q", deep},
                      {"name", DataType::String()}};
  }
  uint64_t Random(uint64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }
  // A value of the type; fields may be missing, NULL, unknown or there twice, in any order.
  std::string Value(const DataType& type) {
    if (Random(8) == 0) return "null";
    switch (type.kind()) {
      case columnar::TypeKind::kRow: {
        std::string text;
        for (uint64_t i = 0; i < type.fields().size() + 2; ++i) {
          if (!text.empty()) text += ",";
          const columnar::Field& field = type.fields()[Random(type.fields().size())];
          text += Random(8) == 0 ? R"("other":[{"id":1},2])" : "\"" + field.name + "\":" + Value(field.type);
        }
        return "{" + text + "}";
      }
      case columnar::TypeKind::kBoolean:
        return Random(2) == 0 ? "true" : "false";
      case columnar::TypeKind::kString:
        return std::array{R"("")", R"("text")", R"("\u00e9\n")", "\"é\""}[Random(4)];
      default:
        return std::to_string(Random(1000));
    }
  }
  std::string Document() {
    std::string text;
    for (const columnar::Field& field : schema_.fields)
      text += (text.empty() ? "\"" : ",\"") + field.name + "\":" + Value(field.type);
    return "{" + text + "}";
  }
  uint64_t state_ = 7;
};

TEST_F(NestedJsonTest, AmongBrokenDocumentsTheGoodOnesGiveTheirRows) {
  const plan::Options ignore = {{"ignore-parse-errors", "true"}};
  const std::vector<std::vector<int>> queries = {{0, 1, 2, 3}, {1}, {3, 2}};
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> all, good;
    for (int i = 0; i < 12; ++i) {
      all.push_back(Document());
      if (Random(2) == 0) {
        good.push_back(all.back());
      } else if (Random(2) == 0) {
        all.back().resize(Random(all.back().size()));
      } else {
        const size_t at = 1 + Random(all.back().size() - 1);
        all.back().insert(at, Random(2) == 0 ? "\x01" : "\xff");
      }
    }
    for (const std::vector<int>& columns : queries) {
      DecodeCounters counters;
      ASSERT_EQ(Decode(all, columns, ignore, &counters), Decode(good, columns)) << Join(all, "\n");
      ASSERT_EQ(counters.rejected, static_cast<int64_t>(all.size() - good.size()));
    }
  }
}

// Some of these are good in spite of what was done to them, or have a field of the wrong type.
TEST_F(NestedJsonTest, ADocumentMeansTheSameAloneAndAmongOthers) {
  const plan::Options ignore = {{"ignore-parse-errors", "true"}};
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> all;
    std::string one_by_one;
    for (int i = 0; i < 8; ++i) {
      all.push_back(Document());
      for (uint64_t k = Random(3); k > 0; --k)
        all.back()[Random(all.back().size())] = "{}[],:\"\\0x \xff\x01"[Random(13)];
      one_by_one += Decode({all.back()}, {0, 1, 2, 3}, ignore);
    }
    ASSERT_EQ(Decode(all, {0, 1, 2, 3}, ignore), one_by_one) << Join(all, "\n");
  }
}

}  // namespace
}  // namespace semel::formats
