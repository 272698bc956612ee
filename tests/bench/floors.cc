#include "tests/bench/floors.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>

#include "grantd/store/store.h"
#include "tests/bench/statistics.h"

namespace grant::bench {
namespace {

constexpr size_t kMessageBytes = 128;
constexpr long kXfsMagic = 0x58465342;

Floor Time(std::string what, int repetitions, const std::function<void()>& once) {
  std::vector<double> taken_us;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    once();
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - start;
    taken_us.push_back(taken.count());
  }
  return {std::move(what), Quantile(taken_us, 0.5), Quantile(taken_us, 0.99)};
}

void Check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("floors: ") + what + " failed");
}

// Over bytes that the file has already, as a log that is used again is written.
Floor DataSync(const std::string& directory, size_t bytes, int repetitions) {
  const std::string path = directory + "/floor";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  Check(fd >= 0, "open");
  const std::vector<char> block(bytes, 'x');
  const auto write_block = [&] {
    Check(pwrite(fd, block.data(), block.size(), 0) == static_cast<ssize_t>(block.size()),
          "pwrite");
    Check(fdatasync(fd) == 0, "fdatasync");
  };
  write_block();
  Floor floor = Time("write of " + std::to_string(bytes / 1024) + " KiB and fdatasync", repetitions,
                     write_block);
  close(fd);
  unlink(path.c_str());
  return floor;
}

Floor Commit(const std::string& directory, int repetitions) {
  auto store = OpenSqliteStore(directory + "/floor-store");
  Check(store.has_value(), "the store");
  const Principal who = Principal::Parse("unix:root").value();
  return Time("commit of one audit entry", repetitions, [&] {
    const Status written = (*store)->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendAudit({{}, std::string(event::kStarted), who, "", "", "{}"}));
      return {};
    });
    Check(written.has_value(), "a write");
  });
}

// A process that sends back each message until the connection ends.
pid_t Echo(int mine, int others) {
  const pid_t child = fork();
  Check(child >= 0, "fork");
  if (child != 0) return child;
  close(others);
  std::array<char, kMessageBytes> message{};
  while (read(mine, message.data(), message.size()) > 0) {
    if (write(mine, message.data(), message.size()) < 0) break;
  }
  _exit(0);
}

Floor RoundTrip(const char* what, int repetitions, double part) {
  std::array<int, 2> ends{};
  Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
  const pid_t child = Echo(ends[1], ends[0]);
  close(ends[1]);
  std::array<char, kMessageBytes> message{};
  Floor floor = Time(what, repetitions, [&] {
    Check(write(ends[0], message.data(), message.size()) == kMessageBytes, "write");
    Check(read(ends[0], message.data(), message.size()) == kMessageBytes, "read");
  });
  close(ends[0]);
  waitpid(child, nullptr, 0);
  floor.p50_us *= part;
  floor.p99_us *= part;
  return floor;
}

// A round trip of two processes that share a processor is two switches.
Floor ContextSwitch(int repetitions) {
  cpu_set_t before;
  Check(sched_getaffinity(0, sizeof before, &before) == 0, "sched_getaffinity");
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  Check(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
  Floor floor = RoundTrip("context switch (half a round trip on one processor)", repetitions, 0.5);
  Check(sched_setaffinity(0, sizeof before, &before) == 0, "sched_setaffinity");
  return floor;
}

}  // namespace

std::vector<Floor> MeasureFloors(const std::string& directory, int repetitions) {
  return {DataSync(directory, 4096, repetitions), DataSync(directory, 65536, repetitions),
          Commit(directory, repetitions), RoundTrip("socket round trip", repetitions, 1),
          ContextSwitch(repetitions)};
}

std::string FileSystemOf(const std::string& directory) {
  struct statfs facts {};
  Check(statfs(directory.c_str(), &facts) == 0, "statfs");
  switch (facts.f_type) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case kXfsMagic:
      return "xfs";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    default:
      return "a file system that this program has no name for";
  }
}

}  // namespace grant::bench
