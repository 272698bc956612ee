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

// A file as messages name it.
struct Named {
  const std::string& path;
  std::string_view title;
};

tl::unexpected<Error> Wrong(const Named& file, const std::string& what, std::string hint = {}) {
  return Fail(Code::kInvalid, fmt::format("the {} file {} {}", file.title, file.path, what),
              std::move(hint));
}

std::string SystemMessage() {
  return std::generic_category().message(errno);
}

Status CheckSafe(const Named& named, int fd) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return Wrong(named, "cannot be examined: " + SystemMessage());
  if (!S_ISREG(file.st_mode)) return Wrong(named, "is not a regular file");
  if (file.st_uid != geteuid() && file.st_uid != 0) {
    return Wrong(named, fmt::format("belongs to uid {}, not to grantd's user or root", file.st_uid),
                 fmt::format("chown {} {}", geteuid(), named.path));
  }
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Wrong(named, fmt::format("is open to others (mode {:04o})", file.st_mode & 07777),
                 "chmod 600 " + named.path);
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

Result<Pin> ReadPinFile(const std::string& path, std::string_view title) {
  const Named named{path, title};
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ELOOP) return Wrong(named, "is a symbolic link", "name the file itself");
    return Wrong(named, "cannot be opened: " + SystemMessage());
  }
  GRANT_CHECK(CheckSafe(named, file.get()));
  Pin pin;
  while (pin.length_ < pin.bytes_.size()) {
    const ssize_t got =
        read(file.get(), pin.bytes_.data() + pin.length_, pin.bytes_.size() - pin.length_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Wrong(named, "cannot be read: " + SystemMessage());
    if (got == 0) break;
    pin.length_ += static_cast<size_t>(got);
  }
  if (pin.length_ > 0 && pin.bytes_[pin.length_ - 1] == '\n') --pin.length_;
  if (pin.length_ == 0) return Wrong(named, "is empty");
  if (pin.length_ > Pin::kBytesMax) {
    return Wrong(named, fmt::format("holds more than {} bytes", Pin::kBytesMax));
  }
  // A stray carriage return or second line would make a wrong PIN, and those lock tokens.
  if (std::any_of(pin.bytes().begin(), pin.bytes().end(),
                  [](uint8_t byte) { return byte < ' ' || byte == 0x7f; })) {
    return Wrong(named, "holds control characters",
                 fmt::format("let it hold the {} alone, on one line", title));
  }
  return pin;
}

}  // namespace grant
