#include "grantd/hsm/pin_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
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

Status CheckSafe(const Named& named, int fd, SecretFile kind) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return Wrong(named, "cannot be examined: " + SystemMessage());
  if (!S_ISREG(file.st_mode)) return Wrong(named, "is not a regular file");
  if (file.st_uid != geteuid() && file.st_uid != 0) {
    return Wrong(named, fmt::format("belongs to uid {}, not to grantd's user or root", file.st_uid),
                 fmt::format("chown {} {}", geteuid(), named.path));
  }
  const mode_t others = kind == SecretFile::kCredential && file.st_uid == 0
                            ? S_IWGRP | S_IXGRP | S_IRWXO
                            : S_IRWXG | S_IRWXO;
  if ((file.st_mode & others) != 0) {
    return Wrong(named, fmt::format("is open to others (mode {:04o})", file.st_mode & 07777),
                 "chmod 600 " + named.path);
  }
  return {};
}

}  // namespace

Status CheckPin(ByteView pin, const std::string& name) {
  if (pin.empty()) return Fail(Code::kInvalid, name + " is empty");
  if (pin.size() > kPinBytesMax) {
    return Fail(Code::kInvalid, fmt::format("{} holds more than {} bytes", name, kPinBytesMax));
  }
  // A stray carriage return or second line would make a wrong PIN, and those lock tokens.
  if (std::any_of(pin.begin(), pin.end(),
                  [](uint8_t byte) { return byte < ' ' || byte == 0x7f; })) {
    return Fail(Code::kInvalid, name + " holds control characters",
                "let it be the secret alone, on one line");
  }
  return {};
}

Result<SecretBuffer> ReadPinFile(const std::string& path, std::string_view title, SecretFile kind) {
  const Named named{path, title};
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ELOOP) return Wrong(named, "is a symbolic link", "name the file itself");
    return Wrong(named, "cannot be opened: " + SystemMessage());
  }
  GRANT_CHECK(CheckSafe(named, file.get(), kind));
  // One more than the file may hold beside its newline shows that it holds too much.
  SecretBuffer pin(kPinBytesMax + 2);
  const std::span<uint8_t> room = pin.room();
  size_t length = 0;
  while (length < room.size()) {
    const ssize_t got = read(file.get(), room.data() + length, room.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Wrong(named, "cannot be read: " + SystemMessage());
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  if (length > 0 && room[length - 1] == '\n') --length;
  pin.Use(length);
  GRANT_CHECK(CheckPin(pin.bytes(), fmt::format("the {} file {}", title, path)));
  return pin;
}

}  // namespace grant
