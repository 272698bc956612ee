// Unix stream sockets: listening safely, and who is at the other end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "grant/error.h"
#include "grantd/descriptor.h"
#include "grantd/domain/principal.h"

namespace grant {

// Who the kernel says is connected. Decisions rest on `identity` alone; pid, program and command
// line are hints.
struct Peer {
  Identity identity;  // unix:NAME with its unix-group:NAMEs
  uid_t uid = 0;
  pid_t pid = 0;
  std::string program;  // the path of its executable, or empty
};

// With the groups that the peer's process had when it connected.
Result<Peer> PeerOf(int fd);

// Without its identity: the user database is not asked.
Result<Peer> UnnamedPeerOf(int fd);

// The peer's number alone, without asking the user database.
Result<uid_t> PeerUid(int fd);

// The Unix user that this process runs as.
Result<Principal> SelfPrincipal();

// Groups of a Unix user who is not connected, from the user database. Empty for other principals;
// kUnavailable where the database does not answer.
Result<std::vector<Principal>> UnixGroupsOf(const Principal& principal);

// A listening socket that removes its file when it is destroyed. As long as it lives it holds a
// lock on PATH.lock, which stays behind empty.
class Listener {
 public:
  // `address` is "unix:/absolute/path". A missing parent directory is made (0755). A stale socket
  // of a grantd that is gone is replaced; a live one, and a file that is not a socket, is an error.
  // The socket's mode is 0666: anybody may connect, and what they may do is decided by who they
  // are.
  static Result<Listener> Open(const std::string& address);
  // Takes over a socket that somebody else made and goes on to listen with when this is destroyed:
  // its file is left alone. Errors: kInvalid, where it listens elsewhere than at `address`.
  static Result<Listener> Adopt(Descriptor socket, const std::string& address);
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  int fd() const { return fd_; }
  bool adopted() const { return lock_fd_ < 0; }
  const std::string& path() const { return path_; }

 private:
  Listener(int fd, int lock_fd, std::string path);
  void Close();
  int fd_ = -1;
  int lock_fd_ = -1;
  std::string path_;
  dev_t device_ = 0;  // device and inode of the socket's file as it was bound
  ino_t inode_ = 0;
};

}  // namespace grant
