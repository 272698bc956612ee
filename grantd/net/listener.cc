#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "grantd/descriptor.h"
#include "grantd/net/unix_socket.h"

namespace grant {
namespace {

constexpr std::string_view kScheme = "unix:";
constexpr size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

// The umask belongs to the whole process: what other threads of grantd make meanwhile has its mode
// named, without execute bits, so that this mask neither takes nor gives them anything.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : previous_(umask(mask)) {}
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;
  ~ScopedUmask() { umask(previous_); }

 private:
  mode_t previous_;
};

tl::unexpected<Error> SystemError(const std::string& what) {
  const Code code = errno == EACCES || errno == EPERM ? Code::kForbidden : Code::kInternal;
  return Fail(code, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

tl::unexpected<Error> SomebodyListens(const std::string& path) {
  return Fail(Code::kConflict, fmt::format("another grantd listens at {}", path),
              "stop it, or set other addresses in [listen] of grantd.toml");
}

Result<std::string> PathOf(const std::string& address) {
  if (!address.starts_with(kScheme) || address[kScheme.size()] != '/' || address.ends_with('/') ||
      address.find('\0') != std::string::npos) {
    return Fail(Code::kInvalid, fmt::format("'{}' is no address to listen at", address),
                "write it as unix:/absolute/path");
  }
  std::string path = address.substr(kScheme.size());
  if (path.size() > kPathBytesMax) {
    return Fail(Code::kInvalid,
                fmt::format("the socket path {} is {} bytes long; the system's limit is {}", path,
                            path.size(), kPathBytesMax),
                "choose a shorter path in [listen] of grantd.toml");
  }
  return path;
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<int> MakeSocket() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return SystemError("cannot make a socket");
  return fd;
}

Status MakeParent(const std::string& path) {
  const std::string parent = path.substr(0, path.rfind('/'));
  if (parent.empty()) return {};
  const ScopedUmask mask(022);
  if (mkdir(parent.c_str(), 0755) == 0 || errno == EEXIST) return {};
  const Error error = SystemError(fmt::format("cannot make the directory {}", parent)).value();
  return Fail(error.code, error.message,
              fmt::format("as root: install -d -o grantd -m 755 {}", parent));
}

// Two daemons that start at once could both find the socket stale, and the later would remove the
// socket that the earlier has just bound. The lock lets one of them in; the kernel drops it when
// its holder dies. It is a file of its own because a lock on the directory or on the socket could
// be taken by anybody who may open those.
Result<int> TakeLock(const std::string& path) {
  const std::string lock_path = path + ".lock";
  Descriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (lock.get() < 0) return SystemError(fmt::format("cannot open {}", lock_path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return SomebodyListens(path);
    return SystemError(fmt::format("cannot lock {}", lock_path));
  }
  return lock.Release();
}

// Makes room at `path`: removes the socket of a daemon that is gone, and nothing else.
Status RemoveStale(const std::string& path) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return {};
    return SystemError(fmt::format("cannot examine {}", path));
  }
  if (!S_ISSOCK(file.st_mode)) {
    return Fail(Code::kConflict, fmt::format("{} exists and is not a socket", path),
                "remove it, or set other addresses in [listen] of grantd.toml");
  }
  GRANT_TRY(const int fd, MakeSocket());
  const Descriptor probe(fd);
  fcntl(probe.get(), F_SETFL, O_NONBLOCK);
  const sockaddr_un address = AddressOf(path);
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN) {  // EAGAIN: it listens, and its queue is full
    return SomebodyListens(path);
  }
  if (errno != ECONNREFUSED) return SystemError(fmt::format("cannot probe {}", path));
  if (unlink(path.c_str()) != 0) return SystemError(fmt::format("cannot remove {}", path));
  return {};
}

Status BindAndListen(int fd, const std::string& path) {
  const sockaddr_un address = AddressOf(path);
  {
    // A socket is born with mode 0777 less the umask. A chmod afterwards would act on whatever had
    // taken its place meanwhile.
    const ScopedUmask mask(0111);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return SystemError(fmt::format("cannot bind {}", path));
    }
  }
  if (listen(fd, SOMAXCONN) != 0) {
    const auto error = SystemError(fmt::format("cannot listen at {}", path));
    unlink(path.c_str());
    return error;
  }
  return {};
}

}  // namespace

// To bind at the path itself, and not at a temporary name that is then renamed over it, never
// replaces a file: whatever appeared there after RemoveStale() makes the bind fail.
Result<Listener> Listener::Open(const std::string& address) {
  GRANT_TRY(std::string path, PathOf(address));
  GRANT_CHECK(MakeParent(path));
  GRANT_TRY(const int lock_fd, TakeLock(path));
  Descriptor lock(lock_fd);
  GRANT_CHECK(RemoveStale(path));
  GRANT_TRY(const int fd, MakeSocket());
  Descriptor listening(fd);
  GRANT_CHECK(BindAndListen(fd, path));
  return Listener(listening.Release(), lock.Release(), std::move(path));
}

Result<Listener> Listener::Adopt(Descriptor socket, const std::string& address) {
  GRANT_TRY(std::string path, PathOf(address));
  sockaddr_un bound{};
  socklen_t bytes = sizeof bound;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &bytes) != 0 ||
      bytes < offsetof(sockaddr_un, sun_path)) {
    return SystemError("cannot examine the service manager's socket");
  }
  const size_t room = bytes - offsetof(sockaddr_un, sun_path);
  const std::string there(bound.sun_path, strnlen(bound.sun_path, room));
  if (there != path) {
    return Fail(
        Code::kInvalid,
        fmt::format("the service manager's socket listens at '{}', and not at {}", there, path),
        "let ListenStream= of the socket unit and [listen] of grantd.toml agree");
  }
  // From here on the kernel tells clients that this process is at the other end, and not the one
  // that made the socket.
  if (listen(socket.get(), SOMAXCONN) != 0) {
    return SystemError(fmt::format("cannot listen at {}", path));
  }
  return Listener(socket.Release(), -1, std::move(path));
}

Listener::Listener(int fd, int lock_fd, std::string path)
    : fd_(fd), lock_fd_(lock_fd), path_(std::move(path)) {
  struct stat file {};
  if (lstat(path_.c_str(), &file) == 0) {
    device_ = file.st_dev;
    inode_ = file.st_ino;
  }
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      lock_fd_(std::exchange(other.lock_fd_, -1)),
      path_(std::move(other.path_)),
      device_(other.device_),
      inode_(other.inode_) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    lock_fd_ = std::exchange(other.lock_fd_, -1);
    path_ = std::move(other.path_);
    device_ = other.device_;
    inode_ = other.inode_;
  }
  return *this;
}

Listener::~Listener() {
  Close();
}

void Listener::Close() {
  if (fd_ < 0) return;
  struct stat file {};
  const bool is_ours = !adopted() && lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ &&
                       file.st_ino == inode_ && S_ISSOCK(file.st_mode);
  if (is_ours) unlink(path_.c_str());
  close(fd_);
  if (!adopted()) close(lock_fd_);
  fd_ = -1;
  lock_fd_ = -1;
}

}  // namespace grant
