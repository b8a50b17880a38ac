// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

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
                                                         {"7.0", "7", "7.00", "7"},
                                                         {"7.5", "7", "7.50", "7"},
                                                         {"-7.25", "-7", "-7.25", "-7"},
                                                         {"7.125", "7", "7.13", "7"},
                                                         {"128", "128", "128.00", "-"},
                                                         {"-128", "-128", "-128.00", "-128"},
                                                         {"-129", "-129", "-129.00", "-"},
                                                         {"99999999.99", "99999999", "99999999.99", "-"},
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
                                                         {"1e2", "-", "100.00", "-"},
                                                         {"\"12\"", "12", "12.00", "12"}};
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

}  // namespace
}  // namespace semel::formats
