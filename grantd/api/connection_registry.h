// The connections that are open: so many in all, and so many for each user.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace grant::api {

class OpenConnection {
 public:
  virtual ~OpenConnection() = default;
  // Closes it if it waits for its client; never blocks.
  virtual void CloseIfWaiting() = 0;
};

// Any thread may call it. It does not keep connections alive: each leaves when it is destroyed.
class ConnectionRegistry {
 public:
  ConnectionRegistry(size_t connections_max, size_t connections_per_user_max)
      : connections_max_(connections_max), connections_per_user_max_(connections_per_user_max) {}

  // False where a limit is reached.
  bool Admit(const std::shared_ptr<OpenConnection>& connection, uid_t uid);
  // Does nothing for a connection that was not admitted.
  void Leave(const OpenConnection* connection);

  void CloseThoseWaiting();
  // Returns when no connection is left, or at the limit.
  void WaitUntilEmpty(std::chrono::milliseconds limit);

 private:
  struct Member {
    std::weak_ptr<OpenConnection> connection;
    uid_t uid;
  };

  const size_t connections_max_;
  const size_t connections_per_user_max_;
  std::mutex mutex_;
  std::condition_variable empty_;
  std::map<const OpenConnection*, Member> members_;
  std::map<uid_t, size_t> by_user_;
};

}  // namespace grant::api
