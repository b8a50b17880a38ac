// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// What the parser's parts share: looking at tokens, taking them, saying what was expected.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "sql/parser/error_codes.h"
#include "sql/parser/lexer.h"
#include "sql/syntax/ast.h"

namespace semel::sql {

inline constexpr int kMaxNesting = 200;
inline constexpr int kMaxChain = 1000;  // operators of one strength in a row: a + b + …

// A cursor over tokens. Cheap, one strand.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& Peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  Token Take() { return tokens_[at_ < tokens_.size() - 1 ? at_++ : at_]; }
  const Token& Last() const { return tokens_[at_ == 0 ? 0 : at_ - 1]; }
  uint32_t LastEnd() const { return at_ == 0 ? 0 : tokens_[at_ - 1].span.end; }

  bool IsKeyword(std::string_view word, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kWord && Peek(ahead).upper == word;
  }
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
  }
  // Takes the words if they all follow.
  bool TryKeywords(std::initializer_list<std::string_view> words) {
    size_t ahead = 0;
    for (std::string_view word : words)
      if (!IsKeyword(word, ahead++)) return false;
    at_ += words.size();
    return true;
  }
  bool TryKeyword(std::string_view word) { return TryKeywords({word}); }
  bool TrySymbol(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++at_;
    return true;
  }
  Status ExpectSymbol(std::string_view symbol) {
    return TrySymbol(symbol) ? Status::Ok() : Expected(fmt::format("'{}'", symbol));
  }
  // The end of a list in brackets, where an element or the end may follow.
  Status ExpectListEnd() { return TrySymbol(")") ? Status::Ok() : Expected("',' or ')'"); }
  Status ExpectKeyword(std::string_view word) { return TryKeyword(word) ? Status::Ok() : Expected(std::string(word)); }
  // A name: a word that is no reserved keyword here, or anything in back-ticks.
  Result<std::string> ExpectName(std::string_view what) {
    const Token& token = Peek();
    if (token.kind != TokenKind::kWord && token.kind != TokenKind::kQuotedName) return Expected(std::string(what));
    return Take().text;
  }
  Result<std::string> ExpectString(std::string_view what) {
    if (Peek().kind != TokenKind::kString) return Expected(fmt::format("{} in single quotes", what));
    return Take().text;
  }
  Status Expected(const std::string& what, std::string hint = {}) const {
    const Token& token = Peek();
    if (std::string quote = MissingQuote(); !quote.empty()) hint = std::move(quote);
    const std::string found = token.kind == TokenKind::kEnd ? "the end of the script" : fmt::format("'{}'", token.text);
    return Status::Invalid(kSyntax, fmt::format("expected {}, found {}", what, found),
                           hint.empty() ? fmt::format("write {} here", what) : std::move(hint))
        .WithSpan(token.span);
  }
  // A closing quote that is missing makes a string of everything up to the next quote, and the word behind that one is
  // the first that does not fit. Empty if the token before is no such string.
  std::string MissingQuote() const {
    const Token& last = Last();
    if (last.kind != TokenKind::kString && last.kind != TokenKind::kQuotedName) return {};
    const bool glued = Peek().kind == TokenKind::kWord && Peek().span.begin == last.span.end;
    if (!glued && last.text.find('\n') == std::string::npos) return {};
    const std::string begin = last.text.substr(0, std::min<size_t>(last.text.find('\n'), 30));
    return fmt::format("is a quote missing in line {}? a string there begins with: {}", last.line, begin);
  }
  Status Unsupported(std::string_view what, SourceSpan span) const {
    return Status::Invalid(kUnsupportedSql, fmt::format("{} is not supported yet", what),
                           "leave it out, or say it with what is there (the page docs/sql.md)")
        .WithSpan(span);
  }

  int depth = 0;  // of nested expressions and queries

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// " (did you mean FROM?)" if the token looks like a mistyped keyword; else empty.
std::string KeywordNear(const Token& token);
Result<AstExprPtr> ParseExpr(TokenStream& tokens);
Result<AstQueryPtr> ParseQuery(TokenStream& tokens);
Result<columnar::DataType> ParseType(TokenStream& tokens);
Result<std::vector<std::string>> ParseDottedName(TokenStream& tokens, std::string_view what);
bool IsReserved(const Token& token);

}  // namespace semel::sql
