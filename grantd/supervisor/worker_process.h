// One worker process, from its start to its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "grant/error.h"
#include "grantd/descriptor.h"
#include "grantd/worker/channel.h"

namespace grant {

class WorkerProcess {
 public:
  // Starts the program with nothing of grantd's but its standard error, its environment (without
  // what is meant for grantd), and one socket. Errors: kUnavailable.
  // With `seccomp` it gives up the system calls that modules hardly need.
  static Result<std::shared_ptr<WorkerProcess>> Spawn(const std::string& executable, bool seccomp);

  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable once the process has ended

  // One more channel; not for two threads at once.
  Result<worker::Channel> NewChannel(std::chrono::milliseconds time_limit);

  // kill -9. Any thread.
  void Kill();
  // Lets it end its sessions and itself.
  void Release() { control_ = Descriptor(); }
  // Waits for its end; "was killed by signal 11 (Segmentation fault)". Once.
  std::string Wait();

 private:
  WorkerProcess(pid_t pid, Descriptor control);

  const pid_t pid_;
  const Descriptor pidfd_;
  Descriptor control_;
  bool waited_ = false;
};

// Where the program of the workers is by default: ../libexec/grantd/grantd-hsm-worker, seen from
// the folder of this process's own program.
std::string DefaultWorkerExecutable();

}  // namespace grant
