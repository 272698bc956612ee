#include "tests/torture/failpoint_handler.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>
#include <thread>

#include "grantd/failpoint.h"

namespace grant::test {
namespace {

using failpoint::Point;
using failpoint::Reached;

// A point, and which of the times that it is reached.
struct Moment {
  Point point{};
  uint64_t count = 0;  // 0: never
};

struct Orders {
  Moment kill;
  useconds_t kill_delay_us = 0;
  Moment hold;
  std::string hold_fifo;
  int trace_fd = -1;
};

Orders orders;  // not changed once the handler is installed
std::array<std::atomic<uint64_t>, failpoint::kPoints> counts;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "grantd_with_failpoints: %s\n", message.c_str());
  _exit(2);
}

[[noreturn]] void KillSelf() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

void KillAsOrdered() {
  if (orders.kill_delay_us == 0) KillSelf();
  std::thread([] {
    usleep(orders.kill_delay_us);
    KillSelf();
  }).detach();
}

void HoldAsOrdered() {
  const int fifo = open(orders.hold_fifo.c_str(), O_RDONLY | O_CLOEXEC);
  if (fifo < 0) Die("cannot open " + orders.hold_fifo);
  for (char byte = 0; read(fifo, &byte, 1) > 0;) {
  }
  close(fifo);
}

// The line is short, so that it is one write and no other line gets into it.
void Trace(std::string_view point, int64_t use, std::string_view subject) {
  if (orders.trace_fd < 0) return;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t nanoseconds = int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  std::string line = std::to_string(nanoseconds) + " " + std::to_string(syscall(SYS_gettid)) + " ";
  line.append(point).append(" ").append(use == 0 ? "-" : std::to_string(use)).append(" ");
  line.append(subject.empty() ? "-" : subject).append("\n");
  if (write(orders.trace_fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    Die("cannot write the trace");
  }
}

void Handle(const Reached& reached) {
  const uint64_t count = ++counts.at(static_cast<size_t>(reached.point));
  Trace(failpoint::Name(reached.point), reached.use, reached.subject);
  const auto is_ordered = [&](const Moment& moment) {
    return moment.point == reached.point && moment.count == count;
  };
  if (is_ordered(orders.hold)) HoldAsOrdered();
  if (is_ordered(orders.kill)) KillAsOrdered();
}

Moment ReadMoment(std::istream& words, const char* variable) {
  std::string name;
  Moment moment;
  words >> name >> moment.count;
  const auto point = failpoint::PointByName(name);
  if (!point || moment.count == 0) Die(std::string(variable) + " names no point and count");
  moment.point = *point;
  return moment;
}

}  // namespace

void InstallFailpointHandler() {
  if (const char* kill_order = std::getenv("FAILPOINT_KILL")) {
    std::istringstream words(kill_order);
    orders.kill = ReadMoment(words, "FAILPOINT_KILL");
    words >> orders.kill_delay_us;
  }
  if (const char* hold_order = std::getenv("FAILPOINT_HOLD")) {
    std::istringstream words(hold_order);
    orders.hold = ReadMoment(words, "FAILPOINT_HOLD");
    words >> orders.hold_fifo;
  }
  if (const char* trace = std::getenv("FAILPOINT_TRACE")) {
    orders.trace_fd = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (orders.trace_fd < 0) Die(std::string("cannot open ") + trace);
  }
  Trace("start", 0, {});
  failpoint::Install(Handle);
}

}  // namespace grant::test
