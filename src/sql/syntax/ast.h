// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// The syntax tree of a script. Plain data with source spans; no meaning is decided here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/type.h"

namespace semel::sql {

struct AstExpr;
using AstExprPtr = std::shared_ptr<const AstExpr>;
struct AstQuery;
using AstQueryPtr = std::shared_ptr<const AstQuery>;

enum class AstKind : uint8_t {
  kColumn,  // parts: a.b.c
  kStar,    // * (select list, COUNT(*))
  kNumber,  // text as written: 1, 1.50, 1e3
  kString,  // text unescaped
  kBinary,  // X'…': text holds the bytes
  kNull,
  kBoolean,   // text "TRUE" or "FALSE"
  kInterval,  // text of the value, unit in `name` ("SECOND")
  kTyped,     // DATE '…', TIME '…', TIMESTAMP '…': name is the type's, text the value
  kCall,      // name(args); operators by their symbol: "+", "NOT", "IS NULL", "NEG"
  kAnd,
  kOr,
  kCase,  // when1, then1, …, else (always present)
  kCast,  // args[0] AS type
  kTryCast,
  kIn,       // args[0] IN (args[1…]); negated
  kBetween,  // args[0] BETWEEN args[1] AND args[2]; negated
};

// name OVER (PARTITION BY … ORDER BY … frame)
struct AstOver {
  std::vector<AstExprPtr> partition_by;
  AstExprPtr order_by;
  bool descending = false;
  bool rows = false;  // ROWS instead of RANGE
  SourceSpan span;
};

struct AstExpr {
  AstKind kind = AstKind::kNull;
  SourceSpan span;
  std::string text;
  std::string name;
  std::vector<std::string> parts;
  std::vector<AstExprPtr> args;
  columnar::DataType type;
  bool negated = false;
  bool distinct = false;
  AstExprPtr filter;  // FILTER (WHERE …)
  std::shared_ptr<const AstOver> over;
};

struct AstSelectItem {
  AstExprPtr expr;
  std::string alias;
};

enum class AstFromKind : uint8_t { kTable, kQuery, kTumble };
struct AstFrom {
  AstFromKind kind = AstFromKind::kTable;
  SourceSpan span;
  std::vector<std::string> table;  // kTable, kTumble
  AstQueryPtr query;               // kQuery
  std::string alias;
  std::vector<std::string> column_aliases;  // AS t(a, b)
  std::string rowtime;                      // kTumble: DESCRIPTOR(column)
  AstExprPtr size;
  AstExprPtr offset;  // may be null
};

// SELECT …, or several queries joined by UNION ALL.
struct AstQuery {
  SourceSpan span;
  std::vector<std::pair<std::string, AstQueryPtr>>
      with;                            // WITH name AS (query), each seen by the later ones and by this query
  std::vector<AstQueryPtr> union_all;  // non-empty: nothing else is set
  std::vector<AstSelectItem> items;
  std::optional<AstFrom> from;
  AstExprPtr where;
  std::vector<AstExprPtr> group_by;
  AstExprPtr having;
};

struct AstColumn {
  enum class Kind : uint8_t { kPhysical, kComputed, kMetadata } kind = Kind::kPhysical;
  std::string name;
  columnar::DataType type;
  AstExprPtr expr;           // computed
  std::string metadata_key;  // metadata
  bool is_virtual = false;
  SourceSpan span;
};

enum class StatementKind : uint8_t {
  kSet,
  kReset,
  kCreateTable,
  kCreateView,
  kCreateCatalog,
  kCreateDatabase,
  kUseCatalog,
  kUseDatabase,
  kInsert,
  kExplain,
  kDescribe,
  kShowTables,
  kDropTable,
  kDropView,
};

struct Statement {
  StatementKind kind = StatementKind::kSet;
  SourceSpan span;
  std::vector<std::string> name;  // table, view, catalog, database
  SourceSpan name_span;
  std::string key, value;  // SET, RESET
  bool temporary = false;  // CREATE and DROP
  bool if_not_exists = false;
  bool if_exists = false;
  bool changelog = false;  // EXPLAIN CHANGELOG_MODE
  std::vector<AstColumn> columns;
  std::string watermark_column;
  SourceSpan watermark_span;  // of the column's name
  AstExprPtr watermark;
  std::vector<std::string> primary_key;
  std::vector<std::string> partitioned_by;
  std::map<std::string, std::string> options;
  std::map<std::string, SourceSpan> option_spans;
  std::vector<std::string> view_columns;  // CREATE VIEW v (a, b) AS
  std::vector<std::string> insert_columns;
  std::vector<SourceSpan> insert_column_spans;
  AstQueryPtr query;
};

}  // namespace semel::sql
