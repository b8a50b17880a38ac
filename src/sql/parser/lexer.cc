// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/parser/lexer.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"
#include "sql/parser/error_codes.h"

namespace semel::sql {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }

bool IsQuoted(const Token& token) { return token.kind == TokenKind::kString || token.kind == TokenKind::kQuotedName; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    if (begin_ = at_ = Utf8Prefix(text_); at_ < text_.size())
      return Error("the script is no UTF-8 from here on", "save it as UTF-8");
    at_ = text_.substr(0, kByteOrderMark.size()) == kByteOrderMark ? kByteOrderMark.size() : 0;
    while (true) {
      SEMEL_RETURN_IF_ERROR(SkipBlank());
      if (at_ >= text_.size()) break;
      begin_ = at_;
      const char c = text_[at_];
      if (IsWordStart(c)) {
        while (at_ < text_.size() && IsWordPart(text_[at_])) ++at_;
        Add(TokenKind::kWord, std::string(text_.substr(begin_, at_ - begin_)));
        tokens_.back().upper = ToUpperAscii(tokens_.back().text);
      } else if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
        Number();
      } else if (c == '\'') {
        SEMEL_RETURN_IF_ERROR(Quoted('\'', TokenKind::kString, "string"));
      } else if (c == '`') {
        SEMEL_RETURN_IF_ERROR(Quoted('`', TokenKind::kQuotedName, "quoted name"));
      } else {
        SEMEL_RETURN_IF_ERROR(Symbol());
      }
    }
    begin_ = at_;
    Add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  void Add(TokenKind kind, std::string text) {
    line_ += static_cast<uint32_t>(std::count(text_.begin() + counted_, text_.begin() + begin_, '\n'));
    counted_ = static_cast<std::ptrdiff_t>(begin_);
    tokens_.push_back({kind, std::move(text), {}, {static_cast<uint32_t>(begin_), static_cast<uint32_t>(at_)}, line_});
  }
  Status Error(std::string message, std::string hint) const {
    return Status::Invalid(kSyntax, std::move(message), std::move(hint))
        .WithSpan({static_cast<uint32_t>(begin_), static_cast<uint32_t>(std::max(at_, begin_ + 1))});
  }

  Status SkipBlank() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else if (text_.substr(at_, 2) == "--") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        begin_ = at_;
        // Hints change results (OPTIONS) or state (STATE_TTL): skipping them as comments would be silently wrong.
        if (text_.substr(at_, 3) == "/*+") {
          at_ += 3;
          return Status::Invalid(kUnsupportedSql, "hints are not supported yet",
                                 "put table options into WITH (…); /* … */ is a comment")
              .WithSpan({static_cast<uint32_t>(begin_), static_cast<uint32_t>(at_)});
        }
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return Error("comment without end", "close it with */");
        at_ = end + 2;
      } else {
        break;
      }
    }
    return Status::Ok();
  }

  void Number() {
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      size_t end = at_ + 1;
      if (end < text_.size() && (text_[end] == '+' || text_[end] == '-')) ++end;
      if (end < text_.size() && IsDigit(text_[end])) {
        while (end < text_.size() && IsDigit(text_[end])) ++end;
        at_ = end;
      }
    }
    Add(TokenKind::kNumber, std::string(text_.substr(begin_, at_ - begin_)));
  }

  Status Quoted(char quote, TokenKind kind, const char* what) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        value += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        value += quote;
        ++at_;
      } else {
        ++at_;
        Add(kind, std::move(value));
        return Status::Ok();
      }
    }
    std::string hint = fmt::format("close it with {}; inside it is written twice", quote);
    // Where a quote is missing, inside and outside are swapped from there on. It shows at the end of the script; the
    // likely place is the first string of several lines, or with a word right behind it.
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      const bool glued = i + 1 < tokens_.size() && tokens_[i + 1].kind == TokenKind::kWord &&
                         tokens_[i + 1].span.begin == token.span.end;
      const size_t first_line = token.text.find('\n');
      if (!IsQuoted(token) || (!glued && first_line == std::string::npos)) continue;
      hint = fmt::format("is a quote missing in line {}? a string there begins with: {}", token.line,
                         token.text.substr(0, std::min<size_t>(first_line, 30)));
      break;
    }
    at_ = begin_ + 1;
    return Error(fmt::format("{} without end; it begins here", what), std::move(hint));
  }

  Status Symbol() {
    for (std::string_view two : {"<>", "<=", ">=", "!=", "||", "=>"}) {
      if (text_.substr(at_, 2) == two) {
        at_ += 2;
        Add(TokenKind::kSymbol, two == "!=" ? "<>" : std::string(two));
        return Status::Ok();
      }
    }
    const char c = text_[at_++];
    if (std::string_view("+-*/%=<>(),.;[]").find(c) == std::string_view::npos)
      return Error(fmt::format("'{}' begins nothing", c),
                   c == '"' ? "strings are in single quotes, names in back-ticks" : "remove it");
    Add(TokenKind::kSymbol, std::string(1, c));
    return Status::Ok();
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  uint32_t line_ = 1;  // of counted_
  std::ptrdiff_t counted_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view script) { return Lexer(script).Run(); }

}  // namespace semel::sql
