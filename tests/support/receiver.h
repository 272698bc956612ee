// Receivers of notifications on this machine, in processes of their own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace grant::test {

// Runs a script of tests/support/receivers/, which keeps what it receives; it is ready once this is
// constructed. The port is the system's choice and stays over Stop() and Start().
class Receiver {
 public:
  // "webhook" or "smtp", and further options of the script.
  explicit Receiver(const std::string& kind, std::vector<std::string> options = {});
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver();

  void Stop();
  void Start() { Start({}); }
  // With other options than before.
  void Start(std::vector<std::string> options);

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // One JSON text for each thing received so far.
  std::vector<std::string> records() const;
  // The same, once there are so many; throws if there are not within a minute.
  std::vector<std::string> WaitForRecords(size_t count) const;

 private:
  TempDir directory_;
  std::string script_;
  std::vector<std::string> options_;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace grant::test
