#include "grantd/store/reader_pool.h"

#include <utility>

namespace grant {
namespace {

Status ReadSnapshot(sql::Connection& connection, const Work& work) {
  GRANT_CHECK(connection.Execute("BEGIN", {}));
  Status outcome = RunWork(work, connection);
  // Nothing was written: to roll back is to end the snapshot.
  if (connection.InTransaction()) GRANT_CHECK(connection.Execute("ROLLBACK", {}));
  return outcome;
}

}  // namespace

ReaderPool::ReaderPool(std::vector<std::unique_ptr<sql::Connection>> connections)
    : idle_(std::move(connections)) {}

Status ReaderPool::Read(const Work& work) {
  std::unique_ptr<sql::Connection> connection = Take();
  Status outcome = ReadSnapshot(*connection, work);
  GiveBack(std::move(connection));
  return outcome;
}

std::unique_ptr<sql::Connection> ReaderPool::Take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty(); });
  std::unique_ptr<sql::Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ReaderPool::GiveBack(std::unique_ptr<sql::Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace grant
