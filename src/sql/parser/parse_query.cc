// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include <algorithm>

#include "sql/parser/token_stream.h"

namespace semel::sql {

namespace {

class QueryParser {
 public:
  explicit QueryParser(TokenStream& tokens) : t_(tokens) {}

  Result<AstQueryPtr> Query() {
    if (++t_.depth > kMaxNesting) return t_.Unsupported("nesting this deep", t_.Peek().span);
    std::vector<std::pair<std::string, AstQueryPtr>> with;
    if (t_.TryKeyword("WITH")) SEMEL_RETURN_IF_ERROR(With(with));
    if (t_.IsKeyword("VALUES")) return t_.Unsupported("VALUES", t_.Peek().span);
    SEMEL_ASSIGN_OR_RETURN(AstQueryPtr first, Term());
    if (t_.IsKeyword("UNION")) {
      auto all = std::make_shared<AstQuery>();
      all->union_all.push_back(first);
      while (t_.IsKeyword("UNION")) {
        const SourceSpan span = t_.Take().span;
        if (!t_.TryKeyword("ALL")) return t_.Unsupported("UNION without ALL", span);
        SEMEL_ASSIGN_OR_RETURN(AstQueryPtr next, Term());
        all->union_all.push_back(next);
      }
      all->span = {first->span.begin, t_.LastEnd()};
      first = all;
    }
    for (const char* word : {"ORDER", "LIMIT", "INTERSECT", "EXCEPT", "MINUS", "FETCH", "OFFSET"})
      if (t_.IsKeyword(word)) return t_.Unsupported(word, t_.Peek().span);
    --t_.depth;
    if (with.empty()) return first;
    auto named = std::make_shared<AstQuery>(*first);
    with.insert(with.end(), first->with.begin(), first->with.end());
    named->with = std::move(with);
    return AstQueryPtr(named);
  }

 private:
  Status With(std::vector<std::pair<std::string, AstQueryPtr>>& with) {
    if (t_.IsKeyword("RECURSIVE")) return t_.Unsupported("WITH RECURSIVE", t_.Peek().span);
    do {
      SEMEL_ASSIGN_OR_RETURN(std::string name, t_.ExpectName("a name for the query"));
      if (t_.IsSymbol("(")) return t_.Unsupported("WITH name (columns)", t_.Peek().span);
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("AS"));
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
      SEMEL_ASSIGN_OR_RETURN(AstQueryPtr query, Query());
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
      with.emplace_back(std::move(name), std::move(query));
    } while (t_.TrySymbol(","));
    return Status::Ok();
  }

  Result<AstQueryPtr> Term() {
    if (t_.IsSymbol("(")) {
      t_.Take();
      SEMEL_ASSIGN_OR_RETURN(AstQueryPtr inner, Query());
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
      return inner;
    }
    return Select();
  }

  Result<AstQueryPtr> Select() {
    const uint32_t begin = t_.Peek().span.begin;
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("SELECT"));
    auto query = std::make_shared<AstQuery>();
    if (t_.IsKeyword("DISTINCT"))
      return Status::Invalid(kUnsupportedSql, "SELECT DISTINCT is not supported yet",
                             "GROUP BY the same columns gives the same rows")
          .WithSpan(t_.Peek().span);
    (void)t_.TryKeyword("ALL");
    do {
      SEMEL_RETURN_IF_ERROR(Item(*query));
    } while (t_.TrySymbol(","));
    if (t_.TryKeyword("FROM")) {
      SEMEL_ASSIGN_OR_RETURN(query->from, From());
      for (const char* word : {"JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL"})
        if (t_.IsKeyword(word)) return t_.Unsupported("JOIN", t_.Peek().span);
      if (t_.IsSymbol(",")) return t_.Unsupported("a join of several tables", t_.Peek().span);
    }
    if (t_.TryKeyword("WHERE")) {
      SEMEL_ASSIGN_OR_RETURN(query->where, ParseExpr(t_));
    }
    if (t_.TryKeyword("GROUP")) {
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("BY"));
      if (t_.IsSymbol("(") && t_.IsSymbol(")", 1)) return t_.Unsupported("GROUP BY ()", t_.Peek().span);
      do {
        if (t_.IsKeyword("GROUPING") && t_.IsKeyword("SETS", 1))
          return t_.Unsupported("GROUPING SETS", {t_.Peek().span.begin, t_.Peek(1).span.end});
        for (const char* word : {"ROLLUP", "CUBE"})
          if (t_.IsKeyword(word) && t_.IsSymbol("(", 1)) return t_.Unsupported(word, t_.Peek().span);
        SEMEL_ASSIGN_OR_RETURN(AstExprPtr key, ParseExpr(t_));
        query->group_by.push_back(key);
      } while (t_.TrySymbol(","));
    }
    if (t_.TryKeyword("HAVING")) {
      SEMEL_ASSIGN_OR_RETURN(query->having, ParseExpr(t_));
    }
    for (const char* word : {"QUALIFY", "WINDOW"})
      if (t_.IsKeyword(word)) return t_.Unsupported(word, t_.Peek().span);
    query->span = {begin, t_.LastEnd()};
    return AstQueryPtr(query);
  }

  Status Item(AstQuery& query) {
    AstSelectItem item;
    if (t_.IsSymbol("*")) {
      auto star = std::make_shared<AstExpr>();
      star->kind = AstKind::kStar;
      star->span = t_.Take().span;
      item.expr = star;
    } else {
      SEMEL_ASSIGN_OR_RETURN(item.expr, ParseExpr(t_));
      if (t_.TrySymbol(".")) {  // t.*
        SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("*"));
        auto star = std::make_shared<AstExpr>(*item.expr);
        star->kind = AstKind::kStar;
        item.expr = star;
      }
      if (t_.TryKeyword("AS")) {
        SEMEL_ASSIGN_OR_RETURN(item.alias, t_.ExpectName("a column name"));
      } else if ((t_.Peek().kind == TokenKind::kWord && !IsReserved(t_.Peek())) ||
                 t_.Peek().kind == TokenKind::kQuotedName) {
        item.alias = t_.Take().text;
      }
    }
    query.items.push_back(std::move(item));
    return Status::Ok();
  }

  Result<std::optional<AstFrom>> From() {
    AstFrom from;
    from.span = t_.Peek().span;
    if (t_.IsKeyword("LATERAL")) return t_.Unsupported("LATERAL", from.span);
    if (t_.IsSymbol("(")) {
      t_.Take();
      from.kind = AstFromKind::kQuery;
      SEMEL_ASSIGN_OR_RETURN(from.query, Query());
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    } else if (t_.IsKeyword("TABLE") && t_.IsSymbol("(", 1)) {
      t_.Take();
      t_.Take();
      SEMEL_RETURN_IF_ERROR(WindowFunction(from));
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    } else if (t_.Peek().kind == TokenKind::kWord && t_.IsSymbol("(", 1)) {
      SEMEL_RETURN_IF_ERROR(WindowFunction(from));
    } else {
      SEMEL_ASSIGN_OR_RETURN(from.table, ParseDottedName(t_, "a table name"));
    }
    if (t_.IsKeyword("FOR")) return t_.Unsupported("FOR SYSTEM_TIME AS OF", t_.Peek().span);
    for (const char* word : {"MATCH_RECOGNIZE", "TABLESAMPLE"})
      if (t_.IsKeyword(word)) return t_.Unsupported(word, t_.Peek().span);
    if (t_.TryKeyword("AS")) {
      SEMEL_ASSIGN_OR_RETURN(from.alias, t_.ExpectName("an alias"));
    } else if ((t_.Peek().kind == TokenKind::kWord && !IsReserved(t_.Peek())) ||
               t_.Peek().kind == TokenKind::kQuotedName) {
      from.alias = t_.Take().text;
    }
    if (!from.alias.empty() && t_.TrySymbol("(")) {
      do {
        SEMEL_ASSIGN_OR_RETURN(std::string column, t_.ExpectName("a column name"));
        from.column_aliases.push_back(std::move(column));
      } while (t_.TrySymbol(","));
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(")"));
    }
    from.span.end = t_.LastEnd();
    return std::optional<AstFrom>(std::move(from));
  }

  // An argument of TUMBLE, told by its name or its place: 0 DATA, 1 TIMECOL, 2 SIZE, 3 OFFSET.
  Result<size_t> ArgumentOf(size_t place, std::vector<bool>& given, bool& named) {
    static const std::vector<std::string> kNames{"DATA", "TIMECOL", "SIZE", "OFFSET"};
    const Token& token = t_.Peek();
    const bool has_name =
        (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName) && t_.IsSymbol("=>", 1);
    if (place > 0 && has_name != named)
      return t_.Expected(named ? "a named argument" : "an argument without a name", "name all arguments or none");
    named = has_name;
    if (place >= kNames.size()) return t_.Expected("')'", "TUMBLE takes DATA, TIMECOL, SIZE and OFFSET");
    if (!named) return place;
    const auto name =
        std::find(kNames.begin(), kNames.end(), token.kind == TokenKind::kWord ? token.upper : token.text);
    if (name == kNames.end()) return t_.Expected("DATA, TIMECOL, SIZE or OFFSET");
    const auto argument = static_cast<size_t>(name - kNames.begin());
    if (given[argument]) return t_.Expected("each argument once");
    t_.Take();
    t_.Take();
    return argument;
  }

  Status WindowArgument(AstFrom& from, size_t argument) {
    switch (argument) {
      case 0: {
        SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("TABLE"));
        SEMEL_ASSIGN_OR_RETURN(from.table, ParseDottedName(t_, "a table name"));
        return Status::Ok();
      }
      case 1: {
        SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("DESCRIPTOR"));
        SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
        SEMEL_ASSIGN_OR_RETURN(from.rowtime, t_.ExpectName("the event-time column"));
        return t_.ExpectSymbol(")");
      }
      default: {
        SEMEL_ASSIGN_OR_RETURN((argument == 2 ? from.size : from.offset), ParseExpr(t_));
        return Status::Ok();
      }
    }
  }

  Status WindowFunction(AstFrom& from) {
    const Token name = t_.Take();
    if (name.upper != "TUMBLE") return t_.Unsupported(fmt::format("the table function {}", name.upper), name.span);
    from.kind = AstFromKind::kTumble;
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
    std::vector<bool> given(4, false);
    bool named = false;
    size_t place = 0;
    do {
      SEMEL_ASSIGN_OR_RETURN(size_t argument, ArgumentOf(place++, given, named));
      SEMEL_RETURN_IF_ERROR(WindowArgument(from, argument));
      given[argument] = true;
    } while (t_.TrySymbol(","));
    if (!given[0] || !given[1] || !given[2])
      return t_.Expected("','", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)");
    return t_.ExpectSymbol(")");
  }

  TokenStream& t_;
};

}  // namespace

Result<AstQueryPtr> ParseQuery(TokenStream& tokens) { return QueryParser(tokens).Query(); }

Result<std::vector<std::string>> ParseDottedName(TokenStream& tokens, std::string_view what) {
  std::vector<std::string> parts;
  do {
    SEMEL_ASSIGN_OR_RETURN(std::string part, tokens.ExpectName(what));
    parts.push_back(std::move(part));
  } while (tokens.TrySymbol("."));
  if (parts.size() > 3) return tokens.Expected("at most catalog.database.name");
  return parts;
}

}  // namespace semel::sql
