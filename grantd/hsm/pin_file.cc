#include "grantd/hsm/pin_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "grantd/descriptor.h"

namespace grant {
namespace {

tl::unexpected<Error> Wrong(const std::string& path, const std::string& what,
                            std::string hint = {}) {
  return Fail(Code::kInvalid, fmt::format("the PIN file {} {}", path, what), std::move(hint));
}

std::string SystemMessage() {
  return std::generic_category().message(errno);
}

Status CheckSafe(const std::string& path, int fd) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return Wrong(path, "cannot be examined: " + SystemMessage());
  if (!S_ISREG(file.st_mode)) return Wrong(path, "is not a regular file");
  if (file.st_uid != geteuid() && file.st_uid != 0) {
    return Wrong(path, fmt::format("belongs to uid {}, not to grantd's user or root", file.st_uid),
                 fmt::format("chown {} {}", geteuid(), path));
  }
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Wrong(path, fmt::format("is open to others (mode {:04o})", file.st_mode & 07777),
                 "chmod 600 " + path);
  }
  return {};
}

}  // namespace

Pin::Pin(Pin&& other) noexcept : bytes_(other.bytes_), length_(other.length_) {
  explicit_bzero(other.bytes_.data(), other.bytes_.size());
  other.length_ = 0;
}

Pin::~Pin() {
  explicit_bzero(bytes_.data(), bytes_.size());
}

Result<Pin> ReadPinFile(const std::string& path) {
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ELOOP) return Wrong(path, "is a symbolic link", "set pin_file to the file itself");
    return Wrong(path, "cannot be opened: " + SystemMessage());
  }
  GRANT_CHECK(CheckSafe(path, file.get()));
  Pin pin;
  while (pin.length_ < pin.bytes_.size()) {
    const ssize_t got =
        read(file.get(), pin.bytes_.data() + pin.length_, pin.bytes_.size() - pin.length_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Wrong(path, "cannot be read: " + SystemMessage());
    if (got == 0) break;
    pin.length_ += static_cast<size_t>(got);
  }
  if (pin.length_ > 0 && pin.bytes_[pin.length_ - 1] == '\n') --pin.length_;
  if (pin.length_ == 0) return Wrong(path, "is empty");
  if (pin.length_ > Pin::kBytesMax) {
    return Wrong(path, fmt::format("holds more than {} bytes", Pin::kBytesMax));
  }
  // A stray carriage return or second line would make a wrong PIN, and those lock tokens.
  if (std::any_of(pin.bytes().begin(), pin.bytes().end(),
                  [](uint8_t byte) { return byte < ' ' || byte == 0x7f; })) {
    return Wrong(path, "holds control characters", "let it hold the PIN alone, on one line");
  }
  return pin;
}

}  // namespace grant
