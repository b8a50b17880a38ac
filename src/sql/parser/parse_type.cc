// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <set>

#include "base/text.h"
#include "sql/parser/token_stream.h"

namespace semel::sql {

namespace {

using columnar::DataType;

// "(p)" or "(p, s)" or nothing; -1 where absent.
Status ParseArguments(TokenStream& tokens, int& first, int& second) {
  first = second = -1;
  if (!tokens.TrySymbol("(")) return Status::Ok();
  for (int* value : {&first, &second}) {
    const Token& token = tokens.Peek();
    if (token.kind != TokenKind::kNumber || token.text.size() > 10 || std::atoll(token.text.c_str()) > INT32_MAX)
      return tokens.Expected("a number");
    *value = std::atoi(tokens.Take().text.c_str());
    if (!tokens.TrySymbol(",")) break;
  }
  return tokens.ExpectListEnd();
}

Result<DataType> RowType(TokenStream& tokens) {
  const bool angle = tokens.TrySymbol("<");
  if (!angle) SEMEL_RETURN_IF_ERROR(tokens.ExpectSymbol("("));
  std::vector<columnar::Field> fields;
  do {
    SEMEL_ASSIGN_OR_RETURN(std::string name, tokens.ExpectName("a field name"));
    SEMEL_ASSIGN_OR_RETURN(DataType type, ParseType(tokens));
    fields.push_back({std::move(name), std::move(type)});
  } while (tokens.TrySymbol(","));
  SEMEL_RETURN_IF_ERROR(tokens.ExpectSymbol(angle ? ">" : ")"));
  return DataType::Row(std::move(fields));
}

Status BadType(const Token& name, std::string message, std::string hint) {
  return Status::Invalid(kBadType, std::move(message), std::move(hint)).WithSpan(name.span);
}

Result<DataType> TimestampType(TokenStream& tokens, const Token& name, int precision) {
  bool local = name.upper == "TIMESTAMP_LTZ";
  if (!local && tokens.TryKeywords({"WITH", "LOCAL", "TIME", "ZONE"})) {
    local = true;
  } else if (!local) {
    (void)tokens.TryKeywords({"WITHOUT", "TIME", "ZONE"});
    if (tokens.IsKeyword("WITH") && tokens.IsKeyword("TIME", 1))
      return tokens.Unsupported("TIMESTAMP WITH TIME ZONE", name.span);
  }
  if (precision < 0) precision = 6;
  if (precision > columnar::kMaxTimestampPrecision)
    return BadType(name, fmt::format("{}({}): Semel keeps timestamps to the microsecond", name.text, precision),
                   "use a precision of at most 6");
  return local ? DataType::TimestampLtz(precision) : DataType::Timestamp(precision);
}

Result<DataType> DecimalType(const Token& name, int precision, int scale) {
  if (precision < 0) precision = 10;
  if (scale < 0) scale = 0;
  if (precision < 1 || precision > columnar::kMaxDecimalPrecision || scale > precision)
    return BadType(name, fmt::format("DECIMAL({}, {}) does not exist", precision, scale),
                   "precision is 1 to 38, scale 0 to precision");
  return DataType::Decimal(precision, scale);
}

Result<DataType> PlainType(TokenStream& tokens, const Token& name) {
  const std::string& word = name.upper;
  if (word == "ROW") return RowType(tokens);
  if (word == "ARRAY" || word == "MAP" || word == "MULTISET") return tokens.Unsupported(word, name.span);
  int p, s;
  SEMEL_RETURN_IF_ERROR(ParseArguments(tokens, p, s));
  static const std::set<std::string> kPlain{"INT",   "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BOOLEAN",
                                            "FLOAT", "DOUBLE",  "STRING", "BYTES",    "DATE"};
  if (p >= 0 && kPlain.count(word) > 0)
    return BadType(name, fmt::format("{} takes no arguments", word), fmt::format("write {}", word));
  if (s >= 0 && word != "DECIMAL" && word != "NUMERIC" && word != "DEC")
    return BadType(name, fmt::format("{} takes one argument at most", word), "remove the second");
  if (p == 0 && (word == "VARCHAR" || word == "CHAR" || word == "VARBINARY" || word == "BINARY"))
    return BadType(name, fmt::format("{}(0) does not exist", word), "a length of at least 1");
  if (word == "INT" || word == "INTEGER") return DataType::Integer();
  if (word == "BIGINT") return DataType::BigInt();
  if (word == "SMALLINT") return DataType::SmallInt();
  if (word == "TINYINT") return DataType::TinyInt();
  if (word == "BOOLEAN") return DataType::Boolean();
  if (word == "FLOAT") return DataType::Float();
  if (word == "DOUBLE") {
    (void)tokens.TryKeyword("PRECISION");
    return DataType::Double();
  }
  if (word == "DECIMAL" || word == "NUMERIC" || word == "DEC") return DecimalType(name, p, s);
  if (word == "STRING") return DataType::String();
  if (word == "VARCHAR") return DataType::String(p < 1 ? columnar::kUnboundedLength : p);
  if (word == "CHAR") return DataType::Char(p < 1 ? 1 : p);
  if (word == "BYTES") return DataType::ByteString();
  if (word == "VARBINARY") return DataType::ByteString(p < 1 ? columnar::kUnboundedLength : p);
  if (word == "BINARY") return DataType::Binary(p < 1 ? 1 : p);
  if (word == "DATE") return DataType::Date();
  if (word == "TIME") {
    (void)tokens.TryKeywords({"WITHOUT", "TIME", "ZONE"});
    if (p > 3)
      return BadType(name, fmt::format("TIME({}): Semel keeps times to the millisecond", p),
                     "use a precision of at most 3");
    return DataType::Time(p < 0 ? 0 : p);
  }
  if (word == "TIMESTAMP" || word == "TIMESTAMP_LTZ") return TimestampType(tokens, name, p);
  static const std::vector<std::string> kNames{
      "BOOLEAN", "TINYINT", "SMALLINT", "INT",   "INTEGER",   "BIGINT", "FLOAT", "DOUBLE",    "DECIMAL",
      "STRING",  "VARCHAR", "CHAR",     "BYTES", "VARBINARY", "DATE",   "TIME",  "TIMESTAMP", "TIMESTAMP_LTZ"};
  const std::string near = NearestName(word, kNames);
  return BadType(
      name, fmt::format("'{}' is no type", name.text),
      near.empty() ? "the types are " + Join(kNames, ", ") + ", ROW" : fmt::format("did you mean {}?", near));
}

}  // namespace

Result<DataType> ParseType(TokenStream& tokens) {
  if (tokens.Peek().kind != TokenKind::kWord) return tokens.Expected("a type");
  if (++tokens.depth > kMaxNesting) return tokens.Unsupported("nesting this deep", tokens.Peek().span);
  const Token name = tokens.Take();
  SEMEL_ASSIGN_OR_RETURN(DataType type, PlainType(tokens, name));
  --tokens.depth;
  if (tokens.TryKeywords({"NOT", "NULL"})) return type.WithNullable(false);
  (void)tokens.TryKeyword("NULL");
  return type;
}

}  // namespace semel::sql
