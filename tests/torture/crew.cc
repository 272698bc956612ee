#include "tests/torture/crew.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace grant::test {
namespace {

constexpr int kShiftEndLimitMs = 60'000;

void BecomeUser(uid_t uid) {
  if (uid == 0) return;
  if (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0) _exit(126);
}

[[noreturn]] void Serve(int socket, const Worker::Prepare& prepare) {
  try {
    const Worker::Shift shift = prepare();
    for (char byte = 0; read(socket, &byte, 1) == 1;) {
      shift();
      if (write(socket, &byte, 1) != 1) break;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    _exit(1);
  }
  _exit(0);
}

}  // namespace

Worker::Worker(std::string name, uid_t uid, const std::string& errors_file, const Prepare& prepare)
    : name_(std::move(name)) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("no socket pair");
  }
  const int errors = open(errors_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(errors, STDERR_FILENO);
    close(ends[0]);
    BecomeUser(uid);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Serve(ends[1], prepare);
  }
  close(errors);
  close(ends[1]);
  socket_ = ends[0];
}

Worker::~Worker() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(socket_);
}

void Worker::Go() {
  const char byte = 'g';
  if (send(socket_, &byte, 1, MSG_NOSIGNAL) != 1) throw std::runtime_error(name_ + " died");
}

void Worker::AwaitIdle() {
  pollfd answer{socket_, POLLIN, 0};
  if (poll(&answer, 1, kShiftEndLimitMs) != 1) throw std::runtime_error(name_ + " hangs");
  char byte = 0;
  if (read(socket_, &byte, 1) != 1) throw std::runtime_error(name_ + " died");
}

}  // namespace grant::test
