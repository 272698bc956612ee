// Work that is done again and again beside everything else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace grant::daemon {

// A thread that does the work at once and then each time `interval` after it was done. However long
// it takes, nobody waits for it but the destructor.
class RepeatedWork {
 public:
  RepeatedWork(std::chrono::milliseconds interval, std::function<void()> work);
  RepeatedWork(const RepeatedWork&) = delete;
  RepeatedWork& operator=(const RepeatedWork&) = delete;
  // Waits for the end of work under way.
  ~RepeatedWork();

 private:
  void Run();

  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace grant::daemon
