#include "grantd/daemon/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace grant::daemon {
namespace {

constexpr int kFirstSocket = 3;
constexpr int kSocketsMax = 2;
constexpr const char* kSocketsHint =
    "grantd takes a listening Unix stream socket named 'api' and one named 'gate' "
    "(FileDescriptorName= in the socket units)";

// The variable's value; it is not there for others any more. Called before there are threads.
std::string TakeVariable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  std::string taken = value == nullptr ? "" : value;
  unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return taken;
}

std::optional<int64_t> Number(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::vector<std::string> Split(const std::string& names) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= names.size()) {
    const size_t end = std::min(names.find(':', begin), names.size());
    parts.push_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

int Option(int fd, int name) {
  int value = -1;
  socklen_t bytes = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &bytes) == 0 ? value : -1;
}

bool ListensOnUnixStream(int fd) {
  return Option(fd, SO_DOMAIN) == AF_UNIX && Option(fd, SO_TYPE) == SOCK_STREAM &&
         Option(fd, SO_ACCEPTCONN) == 1;
}

tl::unexpected<Error> Wrong(const std::string& what) {
  return Fail(Code::kInvalid, "the service manager's sockets: " + what, kSocketsHint);
}

Result<ListeningSockets> TakeSockets(const std::string& pid, const std::string& count_text,
                                     const std::string& names_text) {
  ListeningSockets sockets;
  // They may be meant for a process that has started this one.
  if (count_text.empty() || Number(pid) != getpid()) return sockets;
  const auto count = Number(count_text);
  if (!count || *count > kSocketsMax) return Wrong("there are '" + count_text + "' of them");
  const std::vector<std::string> names = Split(names_text);
  if (static_cast<int64_t>(names.size()) != *count) {
    return Wrong("LISTEN_FDNAMES names '" + names_text + "' for " + count_text);
  }
  for (int i = 0; i < *count; ++i) {
    Descriptor socket(kFirstSocket + i);
    const std::string& name = names[static_cast<size_t>(i)];
    if (fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 || !ListensOnUnixStream(socket.get())) {
      return Wrong("'" + name + "' is no listening Unix stream socket");
    }
    if (name != "api" && name != "gate") return Wrong("'" + name + "' is of no use");
    if (!sockets.emplace(name, std::move(socket)).second)
      return Wrong("'" + name + "' comes twice");
  }
  return sockets;
}

}  // namespace

Result<ServiceManager> ServiceManager::FromEnvironment() {
  ServiceManager manager;
  manager.notify_socket_ = TakeVariable("NOTIFY_SOCKET");
  const auto watchdog = Number(TakeVariable("WATCHDOG_USEC"));
  const std::string watched = TakeVariable("WATCHDOG_PID");
  if (watchdog && *watchdog > 0 && (watched.empty() || Number(watched) == getpid())) {
    manager.watchdog_ = std::chrono::microseconds(*watchdog);
  }
  const std::string pid = TakeVariable("LISTEN_PID");
  const std::string count = TakeVariable("LISTEN_FDS");
  GRANT_TRY(manager.sockets_, TakeSockets(pid, count, TakeVariable("LISTEN_FDNAMES")));
  return manager;
}

Descriptor ServiceManager::Take(const std::string& name) {
  const auto found = sockets_.find(name);
  if (found == sockets_.end()) return Descriptor();
  return std::move(found->second);
}

void ServiceManager::Ready(const std::string& status) {
  Notify("READY=1\nSTATUS=" + status);
}

void ServiceManager::Stopping() {
  Notify("STOPPING=1\nSTATUS=running calls finish first");
}

bool ServiceManager::LifeSignDue() const {
  return watchdog_ && std::chrono::steady_clock::now() >= life_sign_at_;
}

void ServiceManager::GiveLifeSign() {
  Notify("WATCHDOG=1");
  life_sign_at_ = std::chrono::steady_clock::now() + *watchdog_ / 3;
}

void ServiceManager::Notify(const std::string& message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = notify_socket_;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path) return;
  if (path[0] != '/' && path[0] != '@') return;
  std::memcpy(address.sun_path, path.data(), path.size());
  // An abstract address begins with a zero byte and ends where it is said to.
  if (path[0] == '@') address.sun_path[0] = '\0';
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  static_cast<void>(sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), bytes));
}

}  // namespace grant::daemon
