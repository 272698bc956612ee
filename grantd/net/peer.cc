#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <system_error>

#include "grantd/net/unix_socket.h"
#include "grantd/net/user_database.h"

namespace grant {
namespace {

constexpr size_t kGroupsMax = 65536;  // NGROUPS_MAX of Linux

tl::unexpected<Error> SystemError(const char* what) {
  return Fail(Code::kInternal, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

// The supplementary groups that the peer had when it connected.
Result<std::vector<gid_t>> PeerGroupIds(int fd) {
  std::vector<gid_t> gids(64);
  while (true) {
    auto bytes = static_cast<socklen_t>(gids.size() * sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids.data(), &bytes) == 0) {
      gids.resize(bytes / sizeof(gid_t));
      return gids;
    }
    if (errno != ERANGE || gids.size() >= kGroupsMax) {
      return SystemError("cannot tell the groups of the peer");
    }
    gids.resize(gids.size() * 4);
  }
}

// Only a hint: the process may have ended, become another one, or be out of sight.
std::string ProgramOf(pid_t pid) {
  if (pid <= 0) return {};
  std::array<char, PATH_MAX> path{};
  const ssize_t length =
      readlink(fmt::format("/proc/{}/exe", pid).c_str(), path.data(), path.size());
  if (length <= 0) return {};
  return {path.data(), static_cast<size_t>(length)};
}

Result<ucred> CredentialsOf(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    return SystemError("cannot tell who the peer is");
  }
  // What the kernel says of a socket without a peer.
  if (credentials.uid == static_cast<uid_t>(-1)) {
    return Fail(Code::kUnauthenticated, "the connection has no peer");
  }
  return credentials;
}

}  // namespace

Result<Peer> UnnamedPeerOf(int fd) {
  GRANT_TRY(const ucred credentials, CredentialsOf(fd));
  return Peer{.identity = {},
              .uid = credentials.uid,
              .pid = credentials.pid,
              .program = ProgramOf(credentials.pid)};
}

Result<Peer> PeerOf(int fd) {
  GRANT_TRY(const ucred credentials, CredentialsOf(fd));
  GRANT_TRY(Peer peer, UnnamedPeerOf(fd));
  GRANT_TRY(auto gids, PeerGroupIds(fd));
  gids.push_back(credentials.gid);
  GRANT_TRY(Principal user, UserPrincipal(credentials.uid));
  peer.identity = {std::move(user), UnixGroupPrincipals(std::move(gids)), credentials.uid};
  return peer;
}

Result<Principal> SelfPrincipal() {
  return UserPrincipal(geteuid());
}

Result<uid_t> PeerUid(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    return SystemError("cannot tell who the peer is");
  }
  return credentials.uid;
}

Result<std::vector<Principal>> UnixGroupsOf(const Principal& principal) {
  if (principal.scheme() != "unix") return std::vector<Principal>();
  GRANT_TRY(const auto user, FindUnixUser(principal.name()));
  if (!user) return std::vector<Principal>();
  return UnixGroupPrincipals(GroupIdsOf(*user));
}

}  // namespace grant
