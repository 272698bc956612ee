#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "grantd/descriptor.h"
#include "grantd/net/unix_socket.h"
#include "grantd/net/user_database.h"

namespace grant {
namespace {

TEST(Peer, IsThisProcessAtTheOtherEndOfItsOwnSocket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Descriptor here(ends[0]);
  const Descriptor there(ends[1]);
  const auto peer = PeerOf(here.get());
  ASSERT_TRUE(peer) << peer.error().message;
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_EQ(peer->identity.principal, SelfPrincipal().value());
  EXPECT_EQ(peer->program, std::filesystem::read_symlink("/proc/self/exe").string());

  std::vector<gid_t> gids(static_cast<size_t>(getgroups(0, nullptr)));
  ASSERT_GE(getgroups(static_cast<int>(gids.size()), gids.data()), 0);
  gids.push_back(getegid());
  EXPECT_EQ(peer->identity.groups, UnixGroupPrincipals(gids));
}

// In a child, because a process cannot become itself again.
TEST(Peer, HasTheUserAndTheGroupsItHadWhenItConnected) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kUser = 3'999'999'999;
    const std::array<gid_t, 2> groups = {3'999'999'998, 3'999'999'997};
    std::array<int, 2> ends{};
    const bool connected = setgroups(groups.size(), groups.data()) == 0 && setgid(kUser) == 0 &&
                           setuid(kUser) == 0 &&
                           socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0;
    const auto peer = PeerOf(ends[0]);
    const std::vector<Principal> expected =
        UnixGroupPrincipals({3'999'999'997, 3'999'999'998, 3'999'999'999});
    const bool right = connected && peer && peer->identity.principal.text() == "unix:#3999999999" &&
                       peer->identity.groups == expected;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Peer, OfSomethingThatIsNoSocketIsAnError) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const Descriptor here(ends[0]);
  const Descriptor there(ends[1]);
  EXPECT_FALSE(PeerOf(here.get()));
}

TEST(Peer, OfASocketWithoutAPeerIsNobody) {
  const Descriptor lonely(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto peer = PeerOf(lonely.get());
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code, Code::kUnauthenticated);
}

}  // namespace
}  // namespace grant
