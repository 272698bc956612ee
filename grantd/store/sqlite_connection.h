// sql::Connection over SQLite.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grantd/store/sql.h"

struct sqlite3;
struct sqlite3_stmt;

namespace grant {

class SqliteConnection : public sql::Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Opens an existing file; no component of `path` may be a symbolic link. Commits are durable
  // (synchronous=FULL), foreign keys are enforced, and nothing that the file itself brings along
  // (views, triggers, functions in its schema) is run.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path, Mode mode);

  Result<std::vector<sql::Row>> Query(std::string_view text,
                                      const std::vector<sql::Value>& values) override;
  Result<int64_t> Execute(std::string_view text, const std::vector<sql::Value>& values) override;
  Status Script(std::string_view text) override;
  bool InTransaction() const override;
  bool InDoubt() const override { return in_doubt_; }

  // Writes what this connection sees in its open transaction into `path`, an empty file of its own,
  // a little at a time. `go_on` is asked after each part and told how many bytes were written since
  // it was asked last; its error ends the copy. Others write to the database meanwhile.
  Status CopyTo(const std::string& path, const std::function<Status(size_t bytes)>& go_on);

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Statement {
    std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
    // For each of SQLite's parameters, in its order of first appearance, the value that it takes.
    std::vector<size_t> value_of;
    size_t values = 0;
  };
  using OnRow = std::function<Status(sqlite3_stmt*)>;

  SqliteConnection(std::unique_ptr<sqlite3, CloseDatabase> database, std::string path);

  Status Configure(Mode mode);
  Result<Statement> Prepare(std::string_view text);
  Result<Statement*> Prepared(std::string_view text);
  Status Bind(Statement& statement, const std::vector<sql::Value>& values);
  Status Run(std::string_view text, const std::vector<sql::Value>& values, const OnRow& on_row);

  Error Failed(int rc, std::string_view doing);

  std::string path_;
  bool in_doubt_ = false;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::map<std::string, Statement, std::less<>>
      statements_;  // finalized before the database closes
};

}  // namespace grant
