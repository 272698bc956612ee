#include "grantd/supervisor/turns.h"

namespace grant {

Turns& Turns::OfThisProcess() {
  static auto& turns = *new Turns;
  return turns;
}

bool Turns::Take(const std::string& name, const std::atomic<bool>& stopping) {
  std::unique_lock<std::mutex> lock(mutex_);
  given_.wait(lock, [&] { return stopping || !taken_.contains(name); });
  return !stopping && taken_.insert(name).second;
}

void Turns::Give(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  taken_.erase(name);
  given_.notify_all();
}

void Turns::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  given_.notify_all();
}

}  // namespace grant
