// Stands before the C library in grantd (LD_PRELOAD): calls on the database fail, and the clock
// steps, as the test says.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "tests/faults/fault_control.h"

namespace {

using grant::test::FaultControl;

FaultControl* Control() {
  static FaultControl* const control = []() -> FaultControl* {
    const char* path = std::getenv(grant::test::kFaultsVariable);
    const int fd = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* mapped = mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mapped == MAP_FAILED ? nullptr : static_cast<FaultControl*>(mapped);
  }();
  return control;
}

bool IsDatabase(int fd) {
  char path[4096] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return readlink(link.c_str(), path, sizeof(path) - 1) > 0 &&
         std::strstr(path, "/grantd.db") != nullptr;
}

// Whether the call is to fail; errno says how.
bool Fails(const std::atomic<int> FaultControl::*which, int fd) {
  const FaultControl* control = Control();
  const int error = control == nullptr ? 0 : (control->*which).load();
  if (error == 0 || !IsDatabase(fd)) return false;
  errno = error;
  return true;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define SHIM extern "C" __attribute__((visibility("default")))

SHIM ssize_t pread64(int fd, void* data, size_t size, off64_t offset) {
  static const auto real = Real<decltype(&pread64)>("pread64");
  return Fails(&FaultControl::read_error, fd) ? -1 : real(fd, data, size, offset);
}

SHIM ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  static const auto real = Real<decltype(&pwrite64)>("pwrite64");
  return Fails(&FaultControl::write_error, fd) ? -1 : real(fd, data, size, offset);
}

SHIM int fdatasync(int fd) {
  static const auto real = Real<decltype(&fdatasync)>("fdatasync");
  return Fails(&FaultControl::sync_error, fd) ? -1 : real(fd);
}

SHIM int fsync(int fd) {
  static const auto real = Real<decltype(&fsync)>("fsync");
  return Fails(&FaultControl::sync_error, fd) ? -1 : real(fd);
}

SHIM int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = Real<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int outcome = real(clock, now);
  if (outcome != 0 || clock != CLOCK_REALTIME || Control() == nullptr) return outcome;
  const int64_t offset_ms = Control()->clock_offset_ms.load();
  now->tv_sec += offset_ms / 1000;
  return outcome;
}
