// What a worker does: serves the calls on its channels with the one token it was opened for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "grantd/hsm/module_token.h"
#include "grantd/worker/channel.h"

namespace grant::worker {

class Service {
 public:
  // Serves one channel until grantd closes it. Each channel has a thread of its own. What grantd
  // would never send ends the process.
  void Serve(Channel channel);

  // Keeps the reading of the token's objects fresh while calls come. Never returns.
  [[noreturn]] void KeepFresh();

  // Waits for the calls that run, for a while, and then ends the token's sessions.
  void Close();

 private:
  class Call;

  std::atomic<ModuleToken*> token_{nullptr};  // null until it is opened
  std::atomic<size_t> running_{0};
  std::mutex mutex_;
  std::condition_variable called_;
  bool active_ = false;
};

}  // namespace grant::worker
