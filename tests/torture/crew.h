// Processes that work with grantd until it dies under them, and again once they are told to.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace grant::test {

// A child that calls a function each time it is told to go. It dies with the process that made it.
class Worker {
 public:
  // Runs in the child. `prepare` once, then what it returned again and again; an exception ends the
  // child with its message on stderr.
  using Shift = std::function<void()>;
  using Prepare = std::function<Shift()>;

  // `uid` 0 keeps the user. What the child prints goes to `errors_file`. To be called while this
  // process has one thread.
  Worker(std::string name, uid_t uid, const std::string& errors_file, const Prepare& prepare);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void Go();
  // Waits for the end of the shift; throws std::runtime_error where the child hangs or died.
  void AwaitIdle();

 private:
  std::string name_;
  pid_t pid_ = -1;
  int socket_ = -1;
};

}  // namespace grant::test
