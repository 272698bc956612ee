#include "tests/torture/records.h"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace grant::test {
namespace {

int OpenForAppending(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + path);
  return fd;
}

void AppendLine(int fd, std::string line) {
  line += '\n';
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("cannot append to the records");
  }
}

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

int64_t MonotonicNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Records::Records(const std::string& directory)
    : delivered_{directory + "/delivered", -1},
      given_back_{directory + "/given_back", -1},
      acknowledged_{directory + "/acknowledged", -1},
      faults_{directory + "/faults", -1} {
  for (File* file : {&delivered_, &given_back_, &acknowledged_, &faults_}) {
    file->fd = OpenForAppending(file->path);
  }
}

Records::~Records() {
  for (const File* file : {&delivered_, &given_back_, &acknowledged_, &faults_}) close(file->fd);
}

void Records::Append(const Delivered& delivered) const {
  AppendLine(delivered_.fd, delivered.digest + " " + std::to_string(delivered.asked_at));
}

void Records::Append(const GivenBack& given_back) const {
  AppendLine(given_back_.fd, given_back.digest);
}

void Records::Append(const Acknowledged& acknowledged) const {
  AppendLine(acknowledged_.fd, acknowledged.what + " " + acknowledged.id + " " + acknowledged.by +
                                   " " + acknowledged.status + " " +
                                   std::to_string(acknowledged.answered_at));
}

void Records::AppendFault(std::string_view what) const {
  AppendLine(faults_.fd, std::string(what));
}

Testimony Records::ReadTestimony() const {
  Testimony told;
  for (const std::string& line : Lines(delivered_.path)) {
    Delivered one;
    std::istringstream(line) >> one.digest >> one.asked_at;
    told.delivered.push_back(std::move(one));
  }
  for (const std::string& line : Lines(given_back_.path)) told.given_back.push_back({line});
  for (const std::string& line : Lines(acknowledged_.path)) {
    Acknowledged one;
    std::istringstream(line) >> one.what >> one.id >> one.by >> one.status >> one.answered_at;
    told.acknowledged.push_back(std::move(one));
  }
  return told;
}

std::vector<std::string> Records::ReadFaults() const {
  return Lines(faults_.path);
}

void Records::Clear() const {
  for (const File* file : {&delivered_, &given_back_, &acknowledged_, &faults_}) {
    if (ftruncate(file->fd, 0) != 0) throw std::runtime_error("cannot empty " + file->path);
  }
}

}  // namespace grant::test
