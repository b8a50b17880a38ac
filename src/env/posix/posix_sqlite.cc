// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "env/posix/posix_sqlite.h"

#include <sqlite3.h>

#include "base/text.h"
#include "env/posix/error_codes.h"

namespace semel::env {

namespace {

class SqliteSession final : public SqlSession {
 public:
  SqliteSession(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  ~SqliteSession() override { sqlite3_close_v2(db_); }

  Result<SqlResult> Execute(std::string_view sql, std::span<const SqlValue> parameters) override {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return Failure(code, sql);
    for (size_t i = 0; i < parameters.size() && code == SQLITE_OK; ++i)
      code = Bind(statement, static_cast<int>(i) + 1, parameters[i]);
    SqlResult result;
    if (code == SQLITE_OK) code = Step(statement, result);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) return Failure(code, sql);
    result.affected_rows = sqlite3_changes64(db_);
    return result;
  }

 private:
  static int Bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    if (value.is_null) return sqlite3_bind_null(statement, index);
    if (value.is_integer) return sqlite3_bind_int64(statement, index, value.integer);
    return sqlite3_bind_text(statement, index, value.text.data(), static_cast<int>(value.text.size()),
                             SQLITE_TRANSIENT);
  }

  static int Step(sqlite3_stmt* statement, SqlResult& result) {
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      std::vector<SqlValue>& row = result.rows.emplace_back();
      for (int c = 0; c < sqlite3_column_count(statement); ++c) {
        switch (sqlite3_column_type(statement, c)) {
          case SQLITE_NULL:
            row.push_back(SqlValue::Null());
            break;
          case SQLITE_INTEGER:
            row.push_back(SqlValue::Int(sqlite3_column_int64(statement, c)));
            break;
          default:
            row.push_back(SqlValue::Text(std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, c)),
                                                     static_cast<size_t>(sqlite3_column_bytes(statement, c)))));
        }
      }
    }
    return code;
  }

  // Outside an explicit transaction a statement commits by itself, so an I/O error there (and at COMMIT) leaves the
  // outcome open.
  Status Failure(int code, std::string_view sql) {
    const int primary = code & 0xff;
    const std::string message = fmt::format("{}: {}", path_, sqlite3_errmsg(db_));
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
      return Status::Transient(kDatabaseBusy, message, "another program holds a lock on the file; end it or wait");
    if (primary == SQLITE_CONSTRAINT)
      return Status::Exists(kDatabaseConstraint, message,
                            "the row is there already, or its table is of another layout");
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
      return Status::Corrupt(kDatabase, message, "the file is no healthy SQLite database; restore it");
    if (primary == SQLITE_READONLY || primary == SQLITE_PERM || primary == SQLITE_AUTH)
      return Status::Invalid(kPermissionDenied, message, "give this user the right to write the file and its folder");
    if (primary == SQLITE_IOERR || primary == SQLITE_FULL) {
      const bool commits = sqlite3_get_autocommit(db_) != 0 || ToUpperAscii(TrimAscii(sql)).rfind("COMMIT", 0) == 0;
      return Status(commits ? StatusKind::kUnknown : StatusKind::kTransient,
                    primary == SQLITE_FULL ? kDiskFull : kDatabase, message, "look at the disk before starting again");
    }
    return Status::Invalid(kDatabase, fmt::format("{} in: {}", message, sql),
                           "the file may be another kind of database");
  }

  sqlite3* db_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<SqlSession>> OpenSqliteSession(const SqliteOptions& options) {
  int flags = SQLITE_OPEN_NOMUTEX | (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  if (options.create && !options.read_only) flags |= SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(options.path.c_str(), &db, flags, nullptr) != SQLITE_OK) {
    const std::string message = fmt::format("cannot open {}: {}", options.path, sqlite3_errmsg(db));
    sqlite3_close_v2(db);
    return Status::Transient(kDatabase, message, "check that the folder exists and may be written");
  }
  auto session = std::make_unique<SqliteSession>(db, options.path);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, static_cast<int>(options.busy_timeout.count() / 1000));
  if (!options.read_only) {
    SEMEL_RETURN_IF_ERROR(session->Execute("PRAGMA journal_mode=DELETE", {}).status());
    // EXTRA: the journal's removal, which is the commit, is durable in its folder before the statement returns.
    SEMEL_RETURN_IF_ERROR(session->Execute("PRAGMA synchronous=EXTRA", {}).status());
  }
  return std::unique_ptr<SqlSession>(std::move(session));
}

}  // namespace semel::env
