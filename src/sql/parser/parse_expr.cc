// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Expressions. Binding strength, weakest first: OR, AND, NOT, comparison and IS/IN/BETWEEN/LIKE, + − ||, * / %, sign.
#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "sql/parser/token_stream.h"

namespace semel::sql {

namespace {

using ExprResult = Result<AstExprPtr>;

std::shared_ptr<AstExpr> NewExpr(AstKind kind, SourceSpan span) {
  auto expr = std::make_shared<AstExpr>();
  expr->kind = kind;
  expr->span = span;
  return expr;
}

AstExprPtr NewCall(std::string name, std::vector<AstExprPtr> args, SourceSpan span) {
  auto expr = NewExpr(AstKind::kCall, span);
  expr->name = std::move(name);
  expr->args = std::move(args);
  return expr;
}

SourceSpan Cover(const AstExprPtr& a, const AstExprPtr& b) { return {a->span.begin, b->span.end}; }

class ExprParser {
 public:
  explicit ExprParser(TokenStream& tokens) : t_(tokens) {}

  ExprResult Or() {
    if (++t_.depth > kMaxNesting) return t_.Unsupported("nesting this deep", t_.Peek().span);
    std::vector<AstExprPtr> terms;
    do {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr term, And());
      terms.push_back(std::move(term));
    } while (t_.TryKeyword("OR"));
    --t_.depth;
    return Logic(AstKind::kOr, std::move(terms));
  }

 private:
  // One node for a chain of any length, so that generated conditions of thousands of terms stay shallow.
  static AstExprPtr Logic(AstKind kind, std::vector<AstExprPtr> terms) {
    if (terms.size() == 1) return terms[0];
    auto expr = NewExpr(kind, Cover(terms.front(), terms.back()));
    expr->args = std::move(terms);
    return expr;
  }

  // `a op b`, counted: a chain of operators is as deep as it is long.
  ExprResult Binary(const std::string& op, const AstExprPtr& left, const AstExprPtr& right, int& chain) {
    if (++chain > kMaxChain) return t_.Unsupported("an expression this long", right->span);
    return NewCall(op, {left, right}, Cover(left, right));
  }

  ExprResult And() {
    std::vector<AstExprPtr> terms;
    do {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr term, Not());
      terms.push_back(std::move(term));
    } while (t_.TryKeyword("AND"));
    return Logic(AstKind::kAnd, std::move(terms));
  }

  ExprResult Not() {
    if (!t_.IsKeyword("NOT")) return Comparison();
    if (++t_.depth > kMaxNesting) return t_.Unsupported("nesting this deep", t_.Peek().span);
    const uint32_t begin = t_.Take().span.begin;
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr arg, Not());
    --t_.depth;
    return NewCall("NOT", {arg}, {begin, arg->span.end});
  }

  ExprResult Comparison() {
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr left, Sum());
    for (int chain = 0;;) {
      bool matched = false;
      for (std::string_view op : {"=", "<>", "<", "<=", ">", ">="}) {
        if (!t_.TrySymbol(op)) continue;
        if ((t_.IsKeyword("ANY") || t_.IsKeyword("SOME") || t_.IsKeyword("ALL")) && t_.IsSymbol("(", 1))
          return t_.Unsupported(fmt::format("a comparison with {}", t_.Peek().upper), t_.Peek().span);
        SEMEL_ASSIGN_OR_RETURN(AstExprPtr right, Sum());
        SEMEL_ASSIGN_OR_RETURN(left, Binary(std::string(op), left, right, chain));
        matched = true;
        break;
      }
      if (matched) continue;
      if (++chain > kMaxChain) return t_.Unsupported("an expression this long", t_.Peek().span);
      if (t_.IsKeyword("IS")) {
        SEMEL_ASSIGN_OR_RETURN(left, Is(left));
        continue;
      }
      const bool negated =
          t_.IsKeyword("NOT") && (t_.IsKeyword("IN", 1) || t_.IsKeyword("BETWEEN", 1) || t_.IsKeyword("LIKE", 1));
      if (negated) t_.Take();
      if (t_.IsKeyword("SIMILAR") || (t_.IsKeyword("NOT") && t_.IsKeyword("SIMILAR", 1)))
        return t_.Unsupported("SIMILAR TO", t_.Peek().span);
      if (t_.TryKeyword("IN")) {
        SEMEL_ASSIGN_OR_RETURN(left, In(left, negated));
      } else if (t_.TryKeyword("BETWEEN")) {
        SEMEL_ASSIGN_OR_RETURN(left, Between(left, negated));
      } else if (t_.TryKeyword("LIKE")) {
        SEMEL_ASSIGN_OR_RETURN(left, Like(left, negated));
      } else {
        return left;
      }
    }
  }

  ExprResult Is(const AstExprPtr& left) {
    t_.Take();
    const bool negated = t_.TryKeyword("NOT");
    if (t_.TryKeywords({"DISTINCT", "FROM"})) {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr right, Sum());
      return NewCall(negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", {left, right}, Cover(left, right));
    }
    for (std::string_view what : {"NULL", "TRUE", "FALSE", "UNKNOWN"}) {
      if (!t_.TryKeyword(what)) continue;
      const SourceSpan span{left->span.begin, t_.LastEnd()};
      if (what != "UNKNOWN") return NewCall(fmt::format("IS {}{}", negated ? "NOT " : "", what), {left}, span);
      return NewCall(negated ? "IS NOT NULL" : "IS NULL", {Condition(left)}, span);
    }
    if (t_.IsKeyword("JSON")) return t_.Unsupported("IS JSON", t_.Peek().span);
    return t_.Expected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
  }

  // The same value, which has to be a BOOLEAN.
  static AstExprPtr Condition(const AstExprPtr& expr) {
    auto condition = NewExpr(AstKind::kAnd, expr->span);
    condition->args = {expr};
    return condition;
  }

  ExprResult In(const AstExprPtr& left, bool negated) {
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
    if (t_.IsKeyword("SELECT")) return t_.Unsupported("IN (SELECT …)", t_.Peek().span);
    auto expr = NewExpr(AstKind::kIn, left->span);
    expr->negated = negated;
    expr->args = {left};
    do {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr item, Or());
      expr->args.push_back(item);
    } while (t_.TrySymbol(","));
    SEMEL_RETURN_IF_ERROR(t_.ExpectListEnd());
    expr->span.end = t_.LastEnd();
    return AstExprPtr(expr);
  }

  // BETWEEN SYMMETRIC a AND b: between a and b or between b and a.
  ExprResult Between(const AstExprPtr& left, bool negated) {
    const bool symmetric = t_.TryKeyword("SYMMETRIC");
    if (!symmetric) (void)t_.TryKeyword("ASYMMETRIC");
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr low, Sum());
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("AND"));
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr high, Sum());
    auto expr = NewExpr(AstKind::kBetween, Cover(left, high));
    expr->negated = negated;
    expr->args = {left, low, high};
    if (!symmetric) return AstExprPtr(expr);
    auto swapped = std::make_shared<AstExpr>(*expr);
    swapped->args = {left, high, low};
    return Logic(negated ? AstKind::kAnd : AstKind::kOr, {expr, swapped});
  }

  ExprResult Like(const AstExprPtr& left, bool negated) {
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr pattern, Sum());
    std::vector<AstExprPtr> args = {left, pattern};
    if (t_.TryKeyword("ESCAPE")) {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr escape, Sum());
      args.push_back(escape);
    }
    AstExprPtr like = NewCall("LIKE", args, Cover(left, args.back()));
    return negated ? NewCall("NOT", {like}, like->span) : like;
  }

  ExprResult Sum() {
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr left, Product());
    int chain = 0;
    while (t_.IsSymbol("+") || t_.IsSymbol("-") || t_.IsSymbol("||")) {
      const std::string op = t_.Take().text;
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr right, Product());
      SEMEL_ASSIGN_OR_RETURN(left, Binary(op, left, right, chain));
    }
    return left;
  }

  ExprResult Product() {
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr left, Sign());
    int chain = 0;
    while (t_.IsSymbol("*") || t_.IsSymbol("/") || t_.IsSymbol("%")) {
      const std::string op = t_.Take().text;
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr right, Sign());
      SEMEL_ASSIGN_OR_RETURN(left, Binary(op, left, right, chain));
    }
    return left;
  }

  ExprResult Sign() {
    if (!t_.IsSymbol("-") && !t_.IsSymbol("+")) return Primary();
    if (++t_.depth > kMaxNesting) return t_.Unsupported("nesting this deep", t_.Peek().span);
    const Token sign = t_.Take();
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr arg, Sign());
    --t_.depth;
    if (sign.text == "+") return arg;
    const SourceSpan span{sign.span.begin, arg->span.end};
    if (arg->kind == AstKind::kNumber && arg->text[0] != '-') {
      auto number = NewExpr(AstKind::kNumber, span);
      number->text = "-" + arg->text;
      return AstExprPtr(number);
    }
    return NewCall("NEG", {arg}, span);
  }

  ExprResult Primary() {
    const Token& token = t_.Peek();
    switch (token.kind) {
      case TokenKind::kNumber:
        return Leaf(AstKind::kNumber);
      case TokenKind::kString:
        return Leaf(AstKind::kString);
      case TokenKind::kQuotedName:
        return ColumnOrCall();
      case TokenKind::kSymbol:
        if (t_.TrySymbol("(")) {
          if (t_.IsKeyword("SELECT")) return t_.Unsupported("a scalar sub-query", t_.Peek().span);
          SEMEL_ASSIGN_OR_RETURN(AstExprPtr inner, Or());
          SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
          return inner;
        }
        return t_.Expected("an expression");
      case TokenKind::kWord:
        return Word(token);
      case TokenKind::kEnd:
        break;
    }
    return t_.Expected("an expression");
  }

  ExprResult Leaf(AstKind kind) {
    const Token token = t_.Take();
    auto expr = NewExpr(kind, token.span);
    expr->text = token.text;
    return AstExprPtr(expr);
  }

  ExprResult Word(const Token& token) {
    const std::string word = token.upper;
    if (word == "NULL") return Leaf(AstKind::kNull);
    if (word == "TRUE" || word == "FALSE") {
      const Token taken = t_.Take();
      auto expr = NewExpr(AstKind::kBoolean, taken.span);
      expr->text = taken.upper;
      return AstExprPtr(expr);
    }
    if (word == "CASE") return Case();
    if ((word == "CAST" || word == "TRY_CAST") && t_.IsSymbol("(", 1)) return Cast();
    if (word == "INTERVAL" && t_.Peek(1).kind == TokenKind::kString) return Interval();
    if ((word == "DATE" || word == "TIME" || word == "TIMESTAMP") && t_.Peek(1).kind == TokenKind::kString) {
      const Token name = t_.Take();
      auto expr = NewExpr(AstKind::kTyped, {name.span.begin, t_.Peek().span.end});
      expr->name = name.upper;
      expr->text = t_.Take().text;
      return AstExprPtr(expr);
    }
    if (word == "X" && t_.Peek(1).kind == TokenKind::kString && t_.Peek(1).span.begin == token.span.end)
      return BinaryLiteral();
    if (word == "EXTRACT" && t_.IsSymbol("(", 1)) return Extract();
    if (word == "TRIM" && t_.IsSymbol("(", 1)) return Trim();
    if (word == "POSITION" && t_.IsSymbol("(", 1)) return Position();
    if (word == "EXISTS" || word == "SELECT")
      return t_.Unsupported(word == "SELECT" ? "a sub-query here" : "EXISTS", token.span);
    if (IsReserved(token))
      return t_.Expected("an expression", fmt::format("'{}' is a keyword; as a name it needs back-ticks", token.text));
    return ColumnOrCall();
  }

  ExprResult Interval() {
    const uint32_t begin = t_.Take().span.begin;
    auto expr = NewExpr(AstKind::kInterval, {});
    expr->text = t_.Take().text;
    if (t_.Peek().kind != TokenKind::kWord) return t_.Expected("a unit such as SECOND");
    expr->name = t_.Take().upper;
    if (!expr->name.empty() && expr->name.back() == 'S') expr->name.pop_back();
    if (t_.TrySymbol("(")) {  // SECOND(3)
      t_.Take();
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    }
    if (t_.IsKeyword("TO")) return t_.Unsupported("an interval of two units", t_.Peek().span);
    expr->span = {begin, t_.LastEnd()};
    return AstExprPtr(expr);
  }

  ExprResult Extract() {
    const uint32_t begin = t_.Take().span.begin;
    t_.Take();
    if (t_.Peek().kind != TokenKind::kWord) return t_.Expected("a unit such as HOUR");
    const std::string unit = t_.Take().upper;
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("FROM"));
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr arg, Or());
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    return NewCall(unit, {arg}, {begin, t_.LastEnd()});
  }

  // X'0aff', whose hexadecimal digits become the bytes.
  ExprResult BinaryLiteral() {
    const uint32_t begin = t_.Take().span.begin;
    const Token digits = t_.Take();
    auto expr = NewExpr(AstKind::kBinary, {begin, digits.span.end});
    const bool readable =
        digits.text.size() % 2 == 0 &&
        std::all_of(digits.text.begin(), digits.text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (!readable)
      return Status::Invalid(kBadLiteral, fmt::format("X'{}' is no binary literal", digits.text),
                             "two hexadecimal digits a byte: X'0aff'")
          .WithSpan(expr->span);
    for (size_t i = 0; i < digits.text.size(); i += 2)
      expr->text += static_cast<char>(std::stoi(digits.text.substr(i, 2), nullptr, 16));
    return AstExprPtr(expr);
  }

  // TRIM([[BOTH | LEADING | TRAILING] [characters] FROM] s)
  ExprResult Trim() {
    const Token name = t_.Take();
    t_.Take();
    std::string side;
    for (const char* word : {"BOTH", "LEADING", "TRAILING"})
      if (side.empty() && t_.TryKeyword(word)) side = word;
    AstExprPtr characters;
    if (!t_.IsKeyword("FROM")) {
      SEMEL_ASSIGN_OR_RETURN(characters, Or());
    }
    if (side.empty() && t_.TrySymbol(")")) return NewCall("TRIM", {characters}, {name.span.begin, t_.LastEnd()});
    if (!characters) {
      auto blank = NewExpr(AstKind::kString, t_.Peek().span);
      blank->text = " ";
      characters = blank;
    }
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("FROM"));
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr text, Or());
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    return NewCall("TRIM " + (side.empty() ? "BOTH" : side), {text, characters}, {name.span.begin, t_.LastEnd()});
  }

  ExprResult Position() {
    const uint32_t begin = t_.Take().span.begin;
    t_.Take();
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr part, Sum());
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("IN"));
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr text, Or());
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    return NewCall("POSITION", {part, text}, {begin, t_.LastEnd()});
  }

  ExprResult Cast() {
    const Token word = t_.Take();
    t_.Take();
    auto expr = NewExpr(word.upper == "CAST" ? AstKind::kCast : AstKind::kTryCast, word.span);
    SEMEL_ASSIGN_OR_RETURN(AstExprPtr arg, Or());
    expr->args = {arg};
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("AS"));
    SEMEL_ASSIGN_OR_RETURN(expr->type, ParseType(t_));
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    expr->span.end = t_.LastEnd();
    return AstExprPtr(expr);
  }

  // CASE x WHEN v, w THEN … becomes CASE WHEN x = v OR x = w THEN …
  ExprResult Case() {
    auto expr = NewExpr(AstKind::kCase, t_.Take().span);
    AstExprPtr subject;
    if (!t_.IsKeyword("WHEN")) {
      SEMEL_ASSIGN_OR_RETURN(subject, Or());
    }
    while (t_.TryKeyword("WHEN")) {
      std::vector<AstExprPtr> any;
      do {
        SEMEL_ASSIGN_OR_RETURN(AstExprPtr when, Or());
        if (subject) when = NewCall("=", {subject, when}, when->span);
        any.push_back(std::move(when));
      } while (subject && t_.TrySymbol(","));
      const AstExprPtr when = Logic(AstKind::kOr, std::move(any));
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("THEN"));
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr then, Or());
      expr->args.push_back(when);
      expr->args.push_back(then);
    }
    if (expr->args.empty()) return t_.Expected("WHEN");
    if (t_.TryKeyword("ELSE")) {
      SEMEL_ASSIGN_OR_RETURN(AstExprPtr otherwise, Or());
      expr->args.push_back(otherwise);
    } else {
      expr->args.push_back(NewExpr(AstKind::kNull, expr->span));
    }
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("END"));
    expr->span.end = t_.LastEnd();
    return AstExprPtr(expr);
  }

  ExprResult ColumnOrCall() {
    const Token first = t_.Take();
    if (first.kind == TokenKind::kWord && t_.IsSymbol("(")) return Call(first);
    auto expr = NewExpr(AstKind::kColumn, first.span);
    expr->parts.push_back(first.text);
    while (t_.IsSymbol(".") && !t_.IsSymbol("*", 1)) {
      t_.Take();
      SEMEL_ASSIGN_OR_RETURN(std::string part, t_.ExpectName("a name"));
      expr->parts.push_back(std::move(part));
    }
    expr->span.end = t_.LastEnd();
    static const std::set<std::string> kNiladic{"CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"};
    if (expr->parts.size() == 1 && first.kind == TokenKind::kWord && kNiladic.count(first.upper) > 0)
      return NewCall(first.upper, {}, first.span);
    return AstExprPtr(expr);
  }

  ExprResult Call(const Token& name) {
    t_.Take();
    auto expr = NewExpr(AstKind::kCall, name.span);
    expr->name = name.upper;
    expr->distinct = t_.TryKeyword("DISTINCT");
    if (t_.IsSymbol("*")) {
      expr->args.push_back(NewExpr(AstKind::kStar, t_.Take().span));
    } else if (!t_.IsSymbol(")")) {
      const bool words = name.upper == "SUBSTRING";  // SUBSTRING(a FROM b FOR c): words for commas
      do {
        SEMEL_ASSIGN_OR_RETURN(AstExprPtr arg, Or());
        expr->args.push_back(arg);
      } while (t_.TrySymbol(",") || (words && (t_.TryKeyword("FROM") || t_.TryKeyword("FOR"))));
      if ((name.upper == "FLOOR" || name.upper == "CEIL") && t_.TryKeyword("TO")) {
        if (t_.Peek().kind != TokenKind::kWord) return t_.Expected("a unit such as HOUR");
        auto unit = NewExpr(AstKind::kString, t_.Peek().span);
        unit->text = t_.Take().upper;
        expr->args.push_back(unit);
        expr->name += " TO";
      }
      if (t_.IsKeyword("FROM") || t_.IsKeyword("TO") || t_.IsKeyword("PLACING") || t_.IsKeyword("USING"))
        return t_.Unsupported(fmt::format("{}(… {} …)", name.upper, t_.Peek().upper), t_.Peek().span);
    }
    SEMEL_RETURN_IF_ERROR(t_.ExpectListEnd());
    for (const char* word : {"WITHIN", "IGNORE", "RESPECT"})
      if (t_.IsKeyword(word) && (t_.IsKeyword("GROUP", 1) || t_.IsKeyword("NULLS", 1)))
        return t_.Unsupported(fmt::format("{} {}", word, t_.Peek(1).upper), t_.Peek().span);
    if (t_.TryKeyword("FILTER")) {
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("WHERE"));
      SEMEL_ASSIGN_OR_RETURN(expr->filter, Or());
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    }
    if (t_.TryKeyword("OVER")) SEMEL_RETURN_IF_ERROR(Over(*expr));
    expr->span.end = t_.LastEnd();
    return AstExprPtr(expr);
  }

  Status Over(AstExpr& call) {
    auto over = std::make_shared<AstOver>();
    over->span.begin = t_.LastEnd() - 4;
    if (!t_.IsSymbol("(")) return t_.Unsupported("a named window", t_.Peek().span);
    t_.Take();
    if (t_.TryKeywords({"PARTITION", "BY"})) {
      do {
        SEMEL_ASSIGN_OR_RETURN(AstExprPtr key, Or());
        over->partition_by.push_back(key);
      } while (t_.TrySymbol(","));
    }
    if (t_.TryKeywords({"ORDER", "BY"})) {
      SEMEL_ASSIGN_OR_RETURN(over->order_by, Or());
      if (!t_.TryKeyword("ASC")) over->descending = t_.TryKeyword("DESC");
      if (t_.IsSymbol(",")) return t_.Unsupported("OVER ordered by several columns", t_.Peek().span);
    }
    if (t_.IsKeyword("ROWS") || t_.IsKeyword("RANGE")) SEMEL_RETURN_IF_ERROR(Frame(*over));
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    over->span.end = t_.LastEnd();
    call.over = over;
    return Status::Ok();
  }

  Status Frame(AstOver& over) {
    const Token word = t_.Take();
    over.rows = word.upper == "ROWS";
    if (t_.TryKeywords({"UNBOUNDED", "PRECEDING"})) return Status::Ok();
    if (t_.TryKeywords({"BETWEEN", "UNBOUNDED", "PRECEDING", "AND", "CURRENT", "ROW"})) return Status::Ok();
    return t_.Unsupported("a frame other than UNBOUNDED PRECEDING to CURRENT ROW",
                          {word.span.begin, t_.Peek().span.end});
  }

  TokenStream& t_;
};

}  // namespace

bool IsReserved(const Token& token) {
  static const std::set<std::string> kReserved{
      "SELECT", "FROM",      "WHERE",  "GROUP",   "BY",      "HAVING",  "UNION",   "ALL",         "AND",
      "OR",     "NOT",       "AS",     "ON",      "JOIN",    "LEFT",    "RIGHT",   "FULL",        "INNER",
      "CROSS",  "ORDER",     "LIMIT",  "INSERT",  "INTO",    "CREATE",  "WITH",    "CASE",        "WHEN",
      "THEN",   "ELSE",      "END",    "BETWEEN", "IN",      "IS",      "LIKE",    "OVER",        "EXECUTE",
      "WINDOW", "INTERSECT", "EXCEPT", "MINUS",   "QUALIFY", "NATURAL", "LATERAL", "TABLESAMPLE", "MATCH_RECOGNIZE"};
  return token.kind == TokenKind::kWord && kReserved.count(token.upper) > 0;
}

std::string KeywordNear(const Token& token) {
  static const std::vector<std::string> kClauses{"SELECT", "FROM",      "WHERE",       "GROUP",     "HAVING", "UNION",
                                                 "OVER",   "PARTITION", "PARTITIONED", "WATERMARK", "WITH"};
  if (token.kind != TokenKind::kWord) return {};
  const std::string near = NearestName(token.upper, kClauses);
  if (!near.empty()) return near == token.upper ? std::string() : near;
  // Two letters swapped (FORM) are two edits, more than NearestName allows for a short word.
  std::string sorted = token.upper;
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& clause : kClauses) {
    std::string letters = clause;
    std::sort(letters.begin(), letters.end());
    if (letters == sorted && clause != token.upper) return clause;
  }
  return {};
}

Result<AstExprPtr> ParseExpr(TokenStream& tokens) { return ExprParser(tokens).Or(); }

}  // namespace semel::sql
