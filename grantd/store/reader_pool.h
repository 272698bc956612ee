// Connections for reading, lent to one reader at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "grantd/store/sql.h"
#include "grantd/store/work.h"

namespace grant {

class ReaderPool {
 public:
  explicit ReaderPool(std::vector<std::unique_ptr<sql::Connection>> connections);

  // Runs `work` on one snapshot; waits while all connections are lent. Any thread may call this.
  Status Read(const Work& work);

 private:
  std::unique_ptr<sql::Connection> Take();
  void GiveBack(std::unique_ptr<sql::Connection> connection);

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<sql::Connection>> idle_;  // guarded by mutex_
};

}  // namespace grant
