// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/parser/parser.h"

#include "base/text.h"
#include "sql/parser/token_stream.h"

namespace semel::sql {

namespace {

class ScriptParser {
 public:
  explicit ScriptParser(TokenStream& tokens) : t_(tokens) {}

  Result<std::vector<Statement>> Script() {
    while (true) {
      while (t_.TrySymbol(";")) {
      }
      if (t_.AtEnd()) return std::move(statements_);
      SEMEL_RETURN_IF_ERROR(One());
      if (!t_.AtEnd() && !t_.IsSymbol(";")) return UnexpectedTail();
    }
  }

 private:
  Status One() {
    Statement s;
    s.span.begin = t_.Peek().span.begin;
    if (t_.TryKeywords({"EXECUTE", "STATEMENT", "SET", "BEGIN"})) return StatementSet();
    if (t_.IsKeyword("EXECUTE") && (t_.IsKeyword("PLAN", 1) || t_.IsKeyword("IMMEDIATE", 1)))
      return t_.Unsupported(fmt::format("EXECUTE {}", t_.Peek(1).upper), t_.Peek().span);
    if (t_.TryKeyword("EXECUTE") || t_.IsKeyword("INSERT")) {
      SEMEL_RETURN_IF_ERROR(Insert(s));
    } else if (t_.TryKeyword("SET")) {
      SEMEL_RETURN_IF_ERROR(Set(s));
    } else if (t_.TryKeyword("RESET")) {
      s.kind = StatementKind::kReset;
      if (t_.Peek().kind == TokenKind::kString) s.key = t_.Take().text;
    } else if (t_.TryKeyword("CREATE")) {
      SEMEL_RETURN_IF_ERROR(Create(s));
    } else if (t_.TryKeyword("DROP")) {
      SEMEL_RETURN_IF_ERROR(Drop(s));
    } else if (t_.TryKeyword("USE")) {
      s.kind = t_.TryKeyword("CATALOG") ? StatementKind::kUseCatalog : StatementKind::kUseDatabase;
      SEMEL_RETURN_IF_ERROR(Name(s, "a name"));
    } else if (t_.TryKeyword("EXPLAIN")) {
      SEMEL_RETURN_IF_ERROR(Explain(s));
    } else if (t_.TryKeyword("DESCRIBE") || t_.TryKeyword("DESC")) {
      s.kind = StatementKind::kDescribe;
      SEMEL_RETURN_IF_ERROR(Name(s, "a table name"));
    } else if (t_.TryKeywords({"SHOW", "TABLES"})) {
      s.kind = StatementKind::kShowTables;
    } else {
      return Unknown();
    }
    Add(std::move(s));
    return Status::Ok();
  }

  // A mistyped keyword reads as an alias, so the token before the odd one is looked at as well.
  Status UnexpectedTail() const {
    for (const Token* token : {&t_.Peek(), &t_.Last()}) {
      const std::string near = KeywordNear(*token);
      if (!near.empty()) return t_.Expected("';'", fmt::format("did you mean {} instead of '{}'?", near, token->text));
    }
    return t_.Expected("';'", "end the statement here, or check the word before");
  }

  Status Unknown() {
    static const char* kKnownElsewhere[] = {"SELECT", "ALTER",  "SHOW",     "LOAD", "UNLOAD", "ANALYZE", "CALL",
                                            "DELETE", "UPDATE", "TRUNCATE", "ADD",  "BEGIN",  "COMPILE"};
    for (const char* word : kKnownElsewhere) {
      if (!t_.IsKeyword(word)) continue;
      if (std::string_view(word) == "BEGIN")
        return Status::Invalid(kUnsupportedSql, "BEGIN STATEMENT SET is the old form",
                               "write EXECUTE STATEMENT SET BEGIN … END;")
            .WithSpan(t_.Peek().span);
      return t_.Unsupported(fmt::format("the statement {}", word), t_.Peek().span);
    }
    static const std::vector<std::string> kStatements{"SET",     "RESET",   "CREATE",   "USE",  "INSERT",
                                                      "EXECUTE", "EXPLAIN", "DESCRIBE", "SHOW", "DROP"};
    const std::string near = NearestName(t_.Peek().upper, kStatements);
    if (!near.empty()) return t_.Expected("a statement", fmt::format("did you mean {}?", near));
    return t_.Expected("a statement",
                       "SET, CREATE, USE, INSERT, EXECUTE STATEMENT SET, EXPLAIN, DESCRIBE, SHOW TABLES or DROP");
  }

  void Add(Statement s) {
    s.span.end = t_.LastEnd();
    statements_.push_back(std::move(s));
  }

  Status StatementSet() {
    while (!t_.IsKeyword("END")) {
      if (!t_.IsKeyword("INSERT")) return t_.Expected("INSERT INTO or END");
      Statement s;
      s.span.begin = t_.Peek().span.begin;
      SEMEL_RETURN_IF_ERROR(Insert(s));
      Add(std::move(s));
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol(";"));
    }
    t_.Take();
    return Status::Ok();
  }

  Status Name(Statement& s, std::string_view what) {
    s.name_span = t_.Peek().span;
    SEMEL_ASSIGN_OR_RETURN(s.name, ParseDottedName(t_, what));
    s.name_span.end = t_.LastEnd();
    return Status::Ok();
  }

  Status Set(Statement& s) {
    s.kind = StatementKind::kSet;
    SEMEL_ASSIGN_OR_RETURN(s.key, t_.ExpectString("the setting's name"));
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("="));
    SEMEL_ASSIGN_OR_RETURN(s.value, t_.ExpectString("the setting's value"));
    return Status::Ok();
  }

  Status Insert(Statement& s) {
    s.kind = StatementKind::kInsert;
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("INSERT"));
    if (t_.IsKeyword("OVERWRITE")) return t_.Unsupported("INSERT OVERWRITE", t_.Peek().span);
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("INTO"));
    SEMEL_RETURN_IF_ERROR(Name(s, "a table name"));
    if (t_.IsKeyword("PARTITION")) return t_.Unsupported("INSERT INTO … PARTITION", t_.Peek().span);
    if (t_.IsSymbol("(") && !t_.IsKeyword("SELECT", 1)) {
      t_.Take();
      do {
        SEMEL_ASSIGN_OR_RETURN(std::string column, t_.ExpectName("a column name"));
        s.insert_columns.push_back(std::move(column));
        s.insert_column_spans.push_back(t_.Last().span);
      } while (t_.TrySymbol(","));
      SEMEL_RETURN_IF_ERROR(t_.ExpectListEnd());
    }
    SEMEL_ASSIGN_OR_RETURN(s.query, ParseQuery(t_));
    return Status::Ok();
  }

  Status Explain(Statement& s) {
    s.kind = StatementKind::kExplain;
    for (const char* word : {"ESTIMATED_COST", "JSON_EXECUTION_PLAN", "PLAN_ADVICE", "STATEMENT", "EXECUTE"})
      if (t_.IsKeyword(word))
        return t_.Unsupported(fmt::format("EXPLAIN {}{}", word, std::string_view(word) == "STATEMENT" ? " SET" : ""),
                              t_.Peek().span);
    if (t_.TryKeyword("CHANGELOG_MODE")) s.changelog = true;
    if (t_.IsSymbol(",")) return t_.Unsupported("EXPLAIN with several details", t_.Peek().span);
    (void)t_.TryKeywords({"PLAN", "FOR"});
    if (t_.IsKeyword("INSERT")) {
      SEMEL_RETURN_IF_ERROR(Insert(s));
      s.kind = StatementKind::kExplain;
      return Status::Ok();
    }
    SEMEL_ASSIGN_OR_RETURN(s.query, ParseQuery(t_));
    return Status::Ok();
  }

  Status Drop(Statement& s) {
    s.temporary = t_.TryKeyword("TEMPORARY");
    if (t_.TryKeyword("TABLE")) {
      s.kind = StatementKind::kDropTable;
    } else if (t_.TryKeyword("VIEW")) {
      s.kind = StatementKind::kDropView;
    } else {
      for (const char* word : {"DATABASE", "CATALOG", "FUNCTION", "SYSTEM", "MODEL"})
        if (t_.IsKeyword(word))
          return t_.Unsupported(fmt::format("DROP {}{}", word, *word == 'S' ? " FUNCTION" : ""), t_.Peek().span);
      return t_.Expected("TABLE or VIEW");
    }
    s.if_exists = t_.TryKeywords({"IF", "EXISTS"});
    return Name(s, "a name");
  }

  Status Create(Statement& s) {
    if (t_.IsKeyword("OR")) return t_.Unsupported("CREATE OR REPLACE", t_.Peek().span);
    s.temporary = t_.TryKeyword("TEMPORARY");
    if (t_.TryKeyword("TABLE")) return CreateTable(s);
    if (t_.TryKeyword("VIEW")) return CreateView(s);
    for (const char* word : {"FUNCTION", "SYSTEM", "MODEL"})
      if (t_.IsKeyword(word))
        return t_.Unsupported(fmt::format("CREATE {}{}", word, *word == 'S' ? " FUNCTION" : ""), t_.Peek().span);
    if (s.temporary) return t_.Expected("TABLE or VIEW");
    if (t_.TryKeyword("CATALOG")) {
      s.kind = StatementKind::kCreateCatalog;
      s.if_not_exists = t_.TryKeywords({"IF", "NOT", "EXISTS"});
      SEMEL_RETURN_IF_ERROR(Name(s, "a catalog name"));
      SEMEL_RETURN_IF_ERROR(Comment());
      return With(s);
    }
    if (t_.TryKeyword("DATABASE")) {
      s.kind = StatementKind::kCreateDatabase;
      s.if_not_exists = t_.TryKeywords({"IF", "NOT", "EXISTS"});
      SEMEL_RETURN_IF_ERROR(Name(s, "a database name"));
      SEMEL_RETURN_IF_ERROR(Comment());
      return t_.IsKeyword("WITH") ? With(s) : Status::Ok();
    }
    return t_.Expected("TABLE, VIEW, CATALOG or DATABASE");
  }

  Status With(Statement& s) {
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("WITH"));
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
    do {
      const uint32_t begin = t_.Peek().span.begin;
      SEMEL_ASSIGN_OR_RETURN(std::string key, t_.ExpectString("an option"));
      SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("="));
      SEMEL_ASSIGN_OR_RETURN(std::string value, t_.ExpectString("the option's value"));
      const SourceSpan span{begin, t_.LastEnd()};
      if (!s.options.emplace(key, value).second)
        return Status::Invalid(kSyntax, fmt::format("option '{}' is given twice", key), "remove one of the two")
            .WithSpan(span);
      s.option_spans[key] = span;
    } while (t_.TrySymbol(","));
    return t_.ExpectListEnd();
  }

  Result<std::vector<std::string>> NameList() {
    std::vector<std::string> names;
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
    do {
      SEMEL_ASSIGN_OR_RETURN(std::string name, t_.ExpectName("a column name"));
      names.push_back(std::move(name));
    } while (t_.TrySymbol(","));
    SEMEL_RETURN_IF_ERROR(t_.ExpectListEnd());
    return names;
  }

  Status CreateView(Statement& s) {
    s.kind = StatementKind::kCreateView;
    s.if_not_exists = t_.TryKeywords({"IF", "NOT", "EXISTS"});
    SEMEL_RETURN_IF_ERROR(Name(s, "a view name"));
    if (t_.IsSymbol("(")) {
      SEMEL_ASSIGN_OR_RETURN(s.view_columns, NameList());
    }
    SEMEL_RETURN_IF_ERROR(Comment());
    SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("AS"));
    SEMEL_ASSIGN_OR_RETURN(s.query, ParseQuery(t_));
    return Status::Ok();
  }

  Status CreateTable(Statement& s) {
    s.kind = StatementKind::kCreateTable;
    s.if_not_exists = t_.TryKeywords({"IF", "NOT", "EXISTS"});
    SEMEL_RETURN_IF_ERROR(Name(s, "a table name"));
    if (t_.IsKeyword("AS") || t_.IsKeyword("WITH") || t_.IsKeyword("LIKE"))
      return t_.Unsupported("CREATE TABLE without columns (… AS, … LIKE)", t_.Peek().span);
    SEMEL_RETURN_IF_ERROR(t_.ExpectSymbol("("));
    do {
      SEMEL_RETURN_IF_ERROR(TableElement(s));
    } while (t_.TrySymbol(","));
    SEMEL_RETURN_IF_ERROR(t_.ExpectListEnd());
    SEMEL_RETURN_IF_ERROR(Comment());
    if (t_.IsKeyword("DISTRIBUTED")) return t_.Unsupported("DISTRIBUTED BY", t_.Peek().span);
    if (t_.TryKeywords({"PARTITIONED", "BY"})) {
      SEMEL_ASSIGN_OR_RETURN(s.partitioned_by, NameList());
    }
    if (t_.IsKeyword("WITH")) SEMEL_RETURN_IF_ERROR(With(s));
    if (t_.IsKeyword("LIKE")) return t_.Unsupported("CREATE TABLE … LIKE", t_.Peek().span);
    if (t_.IsKeyword("AS")) return t_.Unsupported("CREATE TABLE … AS", t_.Peek().span);
    return Status::Ok();
  }

  // COMMENT '…', for readers of the script only.
  Status Comment() { return t_.TryKeyword("COMMENT") ? t_.ExpectString("the comment").status() : Status::Ok(); }

  // The words PRIMARY KEY are taken; `columns` is empty where a list follows.
  Status PrimaryKey(Statement& s, std::vector<std::string> columns = {}) {
    const SourceSpan span = t_.Last().span;
    if (!s.primary_key.empty())
      return Status::Invalid(kSyntax, "a second PRIMARY KEY", "a table has one: PRIMARY KEY (a, b) NOT ENFORCED")
          .WithSpan(span);
    if (columns.empty()) {
      SEMEL_ASSIGN_OR_RETURN(columns, NameList());
    }
    s.primary_key = std::move(columns);
    return NotEnforced();
  }

  Status NotEnforced() {
    if (t_.TryKeywords({"NOT", "ENFORCED"})) return Status::Ok();
    return t_.Expected("NOT ENFORCED", "keys are promises that no engine checks: write PRIMARY KEY … NOT ENFORCED");
  }

  Status TableElement(Statement& s) {
    if (t_.TryKeywords({"WATERMARK", "FOR"})) {
      if (s.watermark) return t_.Expected("one WATERMARK per table");
      s.watermark_span = t_.Peek().span;
      SEMEL_ASSIGN_OR_RETURN(s.watermark_column, t_.ExpectName("the event-time column"));
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("AS"));
      SEMEL_ASSIGN_OR_RETURN(s.watermark, ParseExpr(t_));
      return Status::Ok();
    }
    if (t_.TryKeywords({"PRIMARY", "KEY"})) return PrimaryKey(s);
    if (t_.TryKeyword("CONSTRAINT")) {
      SEMEL_RETURN_IF_ERROR(t_.ExpectName("a constraint name").status());
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("PRIMARY"));
      SEMEL_RETURN_IF_ERROR(t_.ExpectKeyword("KEY"));
      return PrimaryKey(s);
    }
    AstColumn column;
    column.span = t_.Peek().span;
    SEMEL_ASSIGN_OR_RETURN(column.name, t_.ExpectName("a column name"));
    if (t_.TryKeyword("AS")) {
      column.kind = AstColumn::Kind::kComputed;
      SEMEL_ASSIGN_OR_RETURN(column.expr, ParseExpr(t_));
    } else {
      SEMEL_ASSIGN_OR_RETURN(column.type, ParseType(t_));
      if (t_.TryKeyword("METADATA")) {
        column.kind = AstColumn::Kind::kMetadata;
        column.metadata_key = column.name;
        if (t_.TryKeyword("FROM")) {
          SEMEL_ASSIGN_OR_RETURN(column.metadata_key, t_.ExpectString("a metadata key"));
        }
        column.is_virtual = t_.TryKeyword("VIRTUAL");
      }
      if (t_.TryKeywords({"PRIMARY", "KEY"})) SEMEL_RETURN_IF_ERROR(PrimaryKey(s, {column.name}));
    }
    SEMEL_RETURN_IF_ERROR(Comment());
    column.span.end = t_.LastEnd();
    s.columns.push_back(std::move(column));
    return Status::Ok();
  }

  TokenStream& t_;
  std::vector<Statement> statements_;
};

}  // namespace

Result<std::vector<Statement>> ParseScript(std::string_view script) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(script));
  TokenStream stream(std::move(tokens));
  return ScriptParser(stream).Script();
}

Result<AstExprPtr> ParseExpression(std::string_view text) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  TokenStream stream(std::move(tokens));
  SEMEL_ASSIGN_OR_RETURN(AstExprPtr expr, ParseExpr(stream));
  if (!stream.AtEnd()) return stream.Expected("the end of the expression");
  return expr;
}

}  // namespace semel::sql
