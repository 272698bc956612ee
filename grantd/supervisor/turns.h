// Turns at starting workers: one at a time for each backing module. SoftHSM, for one, fails to find
// its token when several processes log in at the same moment.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace grant {

// Any thread may call these.
class Turns {
 public:
  static Turns& OfThisProcess();

  // Waits for the turn of `name`. False where `stopping` became true first; Wake() makes it look.
  bool Take(const std::string& name, const std::atomic<bool>& stopping);
  void Give(const std::string& name);
  void Wake();

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::set<std::string> taken_;
};

}  // namespace grant
