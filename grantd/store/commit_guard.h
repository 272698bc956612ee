// What the SQLite store does around each transaction: see that nobody else touched the database,
// tell of what is durable, and take nothing for durable after a failure that leaves it in doubt.
#pragma once

#include <atomic>
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
  void Begin() { Note(DatabaseWatch::Depth::kFull); }
  // See Store::Rest(): of the next transaction. Any thread may call these.
  void Rest() { resting_ = true; }
  bool at_rest() const { return at_rest_; }

  Status Before() override;
  Status BeforeCommit(sql::Connection& connection) override;
  void After(bool committed) override;
  Result<std::unique_ptr<sql::Connection>> Reconnect() override;

 private:
  void Note(DatabaseWatch::Depth depth);
  Result<std::unique_ptr<sql::Connection>> TryReconnect();

  const std::string path_;
  const Committed committed_;
  DatabaseWatch watch_;
  std::chrono::steady_clock::time_point noted_at_;
  bool hurried_ = false;  // the transaction under way follows the one before without a pause
  std::atomic<bool> resting_ = false;
  std::atomic<bool> at_rest_ = false;
  AuditHead pending_;              // of the transaction under way
  std::optional<AuditHead> head_;  // of the last one that is durable
  std::optional<Error> failure_;   // of the last attempt to reconnect
  std::chrono::steady_clock::time_point retry_at_;
};

}  // namespace grant
