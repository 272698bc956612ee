// What the SQLite store does around each transaction: see that nobody else touched the database,
// tell of what is durable, and take nothing for durable after a failure that leaves it in doubt.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "grantd/store/database_watch.h"
#include "grantd/store/store.h"
#include "grantd/store/writer.h"

namespace grant {

class CommitGuard : public TransactionGuard {
 public:
  CommitGuard(std::string path, Committed committed);

  // From here on the database's files are to change through the writer alone.
  void Begin() { watch_.Note(); }

  Status Before() override { return watch_.Check(); }
  Status BeforeCommit(sql::Connection& connection) override;
  void After(bool committed) override;
  Result<std::unique_ptr<sql::Connection>> Reconnect() override;

 private:
  Result<std::unique_ptr<sql::Connection>> TryReconnect();

  const std::string path_;
  const Committed committed_;
  DatabaseWatch watch_;
  AuditHead pending_;              // of the transaction under way
  std::optional<AuditHead> head_;  // of the last one that is durable
  std::optional<Error> failure_;   // of the last attempt to reconnect
  std::chrono::steady_clock::time_point retry_at_;
};

}  // namespace grant
