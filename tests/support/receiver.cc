#include "tests/support/receiver.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace grant::test {
namespace {

constexpr std::chrono::seconds kWaitLimit{60};

// A whole line, or nothing where the other end closes before.
std::string ReadLine(int fd) {
  std::string line;
  for (char c = 0; read(fd, &c, 1) == 1;) {
    if (c == '\n') return line;
    line += c;
  }
  return {};
}

}  // namespace

Receiver::Receiver(const std::string& kind, std::vector<std::string> options)
    : script_(std::string(RECEIVERS_DIRECTORY) + "/" + kind + "_receiver.py"),
      options_(std::move(options)) {
  Start(options_);
}

Receiver::~Receiver() {
  Stop();
}

void Receiver::Start(std::vector<std::string> options) {
  if (!options.empty()) options_ = std::move(options);
  std::vector<std::string> arguments = {"python3", script_, directory_ / "record", "--port",
                                        std::to_string(port_)};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  std::vector<char*> pointers;
  std::transform(arguments.begin(), arguments.end(), std::back_inserter(pointers),
                 [](std::string& text) { return text.data(); });
  pointers.push_back(nullptr);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  process_ = fork();
  if (process_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  close(ends[1]);
  const std::string line = ReadLine(ends[0]);
  close(ends[0]);
  if (line.empty()) throw std::runtime_error(script_ + " does not start");
  port_ = std::stoi(line);
}

void Receiver::Stop() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(std::exchange(process_, -1), nullptr, 0);
}

std::vector<std::string> Receiver::records() const {
  std::ifstream file(directory_ / "record");
  std::vector<std::string> records;
  // A line without its end is still being written.
  for (std::string line; std::getline(file, line) && !file.eof();) records.push_back(line);
  return records;
}

std::vector<std::string> Receiver::WaitForRecords(size_t count) const {
  const auto limit = std::chrono::steady_clock::now() + kWaitLimit;
  while (true) {
    std::vector<std::string> now = records();
    if (now.size() >= count) return now;
    if (std::chrono::steady_clock::now() > limit) {
      throw std::runtime_error("received " + std::to_string(now.size()) + " of " +
                               std::to_string(count));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace grant::test
