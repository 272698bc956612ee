// What systemd gives a service, and what it wants to hear (sd_notify(3), sd_listen_fds(3)). The two
// protocols are a datagram and three variables, so that no library is needed for them.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "grant/error.h"
#include "grantd/descriptor.h"

namespace grant::daemon {

// Sockets that were listening before grantd was started, by name: "api" and "gate" are the only
// ones there may be.
using ListeningSockets = std::map<std::string, Descriptor>;

// For one thread. Without a service manager everything here does nothing.
class ServiceManager {
 public:
  // Takes what the environment says out of it. Errors: kInvalid, where it contradicts itself or the
  // sockets are not what they have to be.
  static Result<ServiceManager> FromEnvironment();

  ServiceManager() = default;
  ServiceManager(ServiceManager&&) = default;
  ServiceManager& operator=(ServiceManager&&) = default;

  // The socket of that name, once.
  Descriptor Take(const std::string& name);

  void Ready(const std::string& status);
  void Stopping();
  // Whether it is time to say that grantd lives: at least twice in each span that it has for that.
  bool LifeSignDue() const;
  // To be called only after everything that has to live has shown that it does.
  void GiveLifeSign();

 private:
  void Notify(const std::string& message);

  std::string notify_socket_;
  std::optional<std::chrono::microseconds> watchdog_;
  std::chrono::steady_clock::time_point life_sign_at_;
  ListeningSockets sockets_;
};

}  // namespace grant::daemon
