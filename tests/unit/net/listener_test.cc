#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "grantd/descriptor.h"
#include "grantd/net/unix_socket.h"
#include "tests/support/temp_dir.h"

namespace grant {
namespace {

int NewSocket(int type = SOCK_STREAM) {
  return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool CanConnect(const std::string& path) {
  const Descriptor client(NewSocket());
  const sockaddr_un address = AddressOf(path);
  return connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A socket file that nobody listens at, as a daemon leaves it that was killed.
void LeaveStaleSocket(const std::string& path) {
  const Descriptor gone(NewSocket());
  const sockaddr_un address = AddressOf(path);
  ASSERT_EQ(bind(gone.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

class ListenerTest : public ::testing::Test {
 protected:
  Error ErrorOf(const std::string& address) {
    auto listener = Listener::Open(address);
    return listener ? Error{Code::kInternal, "no error", {}} : listener.error();
  }

  test::TempDir dir_;
  std::string path_ = dir_ / "gate.sock";
  std::string address_ = "unix:" + path_;
};

TEST_F(ListenerTest, ListensAndRemovesItsFileAtTheEnd) {
  {
    const auto listener = Listener::Open(address_);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_EQ(listener->path(), path_);
    EXPECT_TRUE(CanConnect(path_));
    EXPECT_NE(fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, AnybodyMayConnectWhateverTheUmask) {
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    const mode_t previous = umask(mask);
    const auto listener = Listener::Open(address_);
    EXPECT_EQ(umask(previous), mask) << "the umask was left changed";
    ASSERT_TRUE(listener) << listener.error().message;
    struct stat file {};
    ASSERT_EQ(lstat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777, 0666U);
  }
}

TEST_F(ListenerTest, MakesTheLastDirectoryAndNoMore) {
  const mode_t previous = umask(077);
  const auto listener = Listener::Open("unix:" + dir_ / "run/gate.sock");
  umask(previous);
  ASSERT_TRUE(listener) << listener.error().message;
  struct stat directory {};
  ASSERT_EQ(lstat((dir_ / "run").c_str(), &directory), 0);
  EXPECT_EQ(directory.st_mode & 07777, 0755U);

  EXPECT_EQ(ErrorOf("unix:" + dir_ / "a/b/gate.sock").message,
            "cannot make the directory " + dir_ / "a/b" + ": No such file or directory");
}

TEST_F(ListenerTest, AStaleSocketIsReplaced) {
  LeaveStaleSocket(path_);
  const auto listener = Listener::Open(address_);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(CanConnect(path_));
}

TEST_F(ListenerTest, ALiveListenerIsLeftAlone) {
  const auto first = Listener::Open(address_);
  ASSERT_TRUE(first);
  const Error error = ErrorOf(address_);
  EXPECT_EQ(error.code, Code::kConflict);
  EXPECT_EQ(error.message, "another grantd listens at " + path_);
  EXPECT_TRUE(CanConnect(path_));
}

TEST_F(ListenerTest, AStrangersListenerIsLeftAlone) {
  const Descriptor stranger(NewSocket());
  const sockaddr_un address = AddressOf(path_);
  ASSERT_EQ(bind(stranger.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(stranger.get(), 1), 0);
  EXPECT_EQ(ErrorOf(address_).message, "another grantd listens at " + path_);
  EXPECT_TRUE(CanConnect(path_));
}

TEST_F(ListenerTest, ADatagramSocketIsLeftAlone) {
  const Descriptor stranger(NewSocket(SOCK_DGRAM));
  const sockaddr_un address = AddressOf(path_);
  ASSERT_EQ(bind(stranger.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ErrorOf(address_).message,
            "cannot probe " + path_ + ": Protocol wrong type for socket");
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, WhatIsNoSocketIsLeftAlone) {
  const std::string message = path_ + " exists and is not a socket";
  dir_.Write("gate.sock", "precious");
  EXPECT_EQ(ErrorOf(address_).message, message);
  EXPECT_EQ(std::filesystem::file_size(path_), 8U);

  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(ErrorOf(address_).message, message);
  EXPECT_TRUE(std::filesystem::is_directory(path_));

  std::filesystem::remove(path_);
  LeaveStaleSocket(dir_ / "target");
  std::filesystem::create_symlink(dir_ / "target", path_);
  EXPECT_EQ(ErrorOf(address_).message, message);
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
}

TEST_F(ListenerTest, RemovesOnlyItsOwnFile) {
  auto listener = Listener::Open(address_);
  ASSERT_TRUE(listener);
  std::filesystem::remove(path_);
  LeaveStaleSocket(path_);
  { const Listener ending = *std::move(listener); }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, MovingKeepsItListening) {
  auto first = Listener::Open(address_);
  auto second = Listener::Open("unix:" + dir_ / "api.sock");
  ASSERT_TRUE(first && second);
  *second = *std::move(first);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "api.sock"));
  EXPECT_TRUE(CanConnect(path_));
  EXPECT_EQ(second->path(), path_);
}

TEST_F(ListenerTest, TheAddressIsAnAbsoluteUnixPath) {
  for (const char* const wrong :
       {"", "unix:", "unix:relative", "/run/x", "tcp:1.2.3.4:5", "unix:/run/"}) {
    const Error error = ErrorOf(wrong);
    EXPECT_EQ(error.code, Code::kInvalid);
    EXPECT_EQ(error.message, "'" + std::string(wrong) + "' is no address to listen at");
  }
}

TEST_F(ListenerTest, APathThatTheSystemCannotHoldIsNamed) {
  const std::string path = dir_ / std::string(108, 'x');
  EXPECT_EQ(ErrorOf("unix:" + path).message, "the socket path " + path + " is " +
                                                 std::to_string(path.size()) +
                                                 " bytes long; the system's limit is 107");
  const std::string longest = dir_ / std::string(107 - dir_.path().size() - 1, 'x');
  const auto listener = Listener::Open("unix:" + longest);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(std::filesystem::exists(longest));
}

}  // namespace
}  // namespace grant
