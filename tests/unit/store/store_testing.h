// What the tests of the store share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "grantd/store/sqlite_connection.h"
#include "grantd/store/tables.h"

namespace grant {

// A directory (0700) that is gone with the test.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The value, or the end of the test with the error's message.
template <typename T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}
inline void Must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

// The code and message of a failure; kInternal and "no error" where there is none.
template <typename T>
Error ErrorOf(const Result<T>& result) {
  return result ? Error{Code::kInternal, "no error", ""} : result.error();
}

MATCHER_P(FailsWith, code, "") {
  if (arg) return false;
  *result_listener << arg.error().message;
  return arg.error().code == code;
}

// A migrated database in a file, and tables over it without a transaction.
class Database {
 public:
  Database();

  sql::Connection& sql() { return *connection_; }
  Tables& tables() { return tables_; }
  const std::string& path() const { return path_; }
  // Another connection to the same file.
  std::unique_ptr<SqliteConnection> Another(SqliteConnection::Mode mode) const;
  int64_t Count(const std::string& table);

 private:
  TempDir directory_;
  std::string path_;
  std::unique_ptr<SqliteConnection> connection_;
  Tables tables_;
};

// Passes everything on, after `before` has seen the text; an error of `before` is returned instead.
class WatchedConnection : public sql::Connection {
 public:
  using Before = std::function<Status(std::string_view text, const std::vector<sql::Value>&)>;
  WatchedConnection(sql::Connection& inner, Before before)
      : inner_(inner), before_(std::move(before)) {}

  Result<std::vector<sql::Row>> Query(std::string_view text,
                                      const std::vector<sql::Value>& values) override;
  Result<int64_t> Execute(std::string_view text, const std::vector<sql::Value>& values) override;
  Status Script(std::string_view text) override;
  bool InTransaction() const override { return inner_.InTransaction(); }

 private:
  sql::Connection& inner_;
  Before before_;
};

// An empty database file (0600), which SqliteConnection wants to exist.
void MakeEmptyFile(const std::string& path);
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& content);

Principal Who(const std::string& text);
Time At(int64_t seconds);
// "req_" or "grt_" and `number`, so that IDs sort by it.
std::string RequestId(int number);
std::string GrantId(int number);
Digest SomeDigest(char fill);
Policy SomePolicy();
// An open request by unix:alice for signer "release".
Request SomeRequest(int number);
// A grant of unix:alice for signer "release", valid in [At(1000), At(2000)), for 3 signatures.
Grant SomeGrant(int number);
AuditEvent SomeEvent(const std::string& subject);

// Stores a grant with the request that it came from.
void Issue(Tables& tables, const Grant& grant);

}  // namespace grant
