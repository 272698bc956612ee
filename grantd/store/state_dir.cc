#include "grantd/store/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace grant {
namespace {

constexpr char kLockName[] = "grantd.lock";

std::string Reason(int number) {
  return std::generic_category().message(number);
}

// A trailing slash would make the kernel follow a symbolic link.
std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// After a power failure a directory whose own entry was not written is gone with all it held.
Status SyncParent(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  Descriptor directory(
      open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.open() && fsync(directory.get()) == 0) return {};
  return Fail(Code::kUnavailable,
              fmt::format("cannot write the directory of {} to the disk: {}", path, Reason(errno)));
}

Status MakeIfMissing(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return SyncParent(path);
  if (errno == EEXIST) return {};
  return Fail(Code::kUnavailable,
              fmt::format("cannot make the state directory {}: {}", path, Reason(errno)),
              fmt::format("make it for the user that runs grantd: install -d -m 700 {}", path));
}

Result<Descriptor> OpenDirectory(const std::string& path) {
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (directory.open()) return directory;
  if (errno == ELOOP || errno == ENOTDIR) {
    return Fail(Code::kInvalid, fmt::format("{} is not a directory", path),
                "set state_dir to a directory itself, not to a link to one");
  }
  return Fail(Code::kUnavailable,
              fmt::format("cannot open the state directory {}: {}", path, Reason(errno)),
              fmt::format("let the user that runs grantd own it: chown USER {}", path));
}

Status CheckOwnership(const std::string& path, int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) {
    return Fail(Code::kUnavailable, fmt::format("cannot look at {}: {}", path, Reason(errno)));
  }
  if (status.st_uid != geteuid()) {
    return Fail(Code::kInvalid,
                fmt::format("{} belongs to user {}, and grantd runs as user {}", path,
                            status.st_uid, geteuid()),
                fmt::format("run grantd as its owner, or chown {} {}", geteuid(), path));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(Code::kInvalid, fmt::format("others may write to {}", path),
                fmt::format("chmod 700 {}", path));
  }
  return {};
}

Result<Descriptor> Lock(const std::string& path, int directory) {
  Descriptor file(
      openat(directory, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file.open()) {
    return Fail(Code::kUnavailable,
                fmt::format("cannot open {}/{}: {}", path, kLockName, Reason(errno)),
                fmt::format("let the user that runs grantd write to {}", path));
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) {
    return Fail(Code::kUnavailable, fmt::format("another grantd uses {}", path),
                "stop it first, or set another state_dir");
  }
  return Fail(Code::kUnavailable,
              fmt::format("cannot lock {}/{}: {}", path, kLockName, Reason(errno)));
}

Result<std::string> WithoutLinks(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  if (!error) return canonical.string();
  return Fail(Code::kUnavailable, fmt::format("cannot resolve {}: {}", path, error.message()));
}

}  // namespace

StateDir::StateDir(std::string path, Descriptor directory, Descriptor lock)
    : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {}

Result<StateDir> StateDir::Open(const std::string& path) {
  const std::string bare = WithoutTrailingSlashes(path);
  GRANT_CHECK(MakeIfMissing(bare));
  GRANT_TRY(Descriptor directory, OpenDirectory(bare));
  GRANT_CHECK(CheckOwnership(bare, directory.get()));
  GRANT_TRY(std::string canonical, WithoutLinks(bare));
  GRANT_TRY(Descriptor lock, Lock(bare, directory.get()));
  return StateDir(std::move(canonical), std::move(directory), std::move(lock));
}

}  // namespace grant
