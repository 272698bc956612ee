#include "tools/grantctl/socket_state.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace grant::ctl {
namespace {

constexpr timeval kConnectTimeout{5, 0};

std::string ErrnoText(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// Closes itself.
class Socket {
 public:
  Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string Connect(const Socket& socket, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return ErrnoText(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout, sizeof(kConnectTimeout));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return {};
  }
  return ErrnoText(errno);
}

// Whoever else may write to a directory on the way can replace what lies below it, except in one
// whose entries belong to their owners alone, such as /tmp.
std::string OpenDirectory(const std::string& path, uid_t server) {
  namespace fs = std::filesystem;
  for (fs::path directory = fs::path(path).parent_path();; directory = directory.parent_path()) {
    struct stat state {};
    if (stat(directory.c_str(), &state) != 0) return {};
    const bool shared =
        (state.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (state.st_mode & S_ISVTX) == 0;
    if (shared || (state.st_uid != 0 && state.st_uid != server)) return directory.string();
    if (directory == directory.root_path()) return {};
  }
}

}  // namespace

SocketState LookAtSocket(const std::string& path) {
  SocketState state;
  const Socket socket;
  state.error = Connect(socket, path);
  struct stat file {};
  if (!state.error.empty() || stat(path.c_str(), &file) != 0) return state;
  state.owner = file.st_uid;
  state.mode = file.st_mode & 07777;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    state.error = ErrnoText(errno);
    return state;
  }
  state.server = peer.uid;
  state.open_directory = OpenDirectory(path, state.server);
  return state;
}

std::string UserText(uid_t uid) {
  passwd record{};
  passwd* found = nullptr;
  std::vector<char> buffer(size_t{64} << 10);
  std::string number = "uid " + std::to_string(uid);
  if (getpwuid_r(uid, &record, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return number;
  }
  return std::string(record.pw_name) + " (" + number + ")";
}

}  // namespace grant::ctl
