#include "grantd/guard/mark_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace grant {
namespace {

constexpr off_t kSlotDistance = 4096;

std::string Reason(int number) {
  return std::generic_category().message(number);
}

Error CannotMake(const std::string& path) {
  return {
      Code::kUnavailable, fmt::format("cannot make {}: {}", path, Reason(errno)),
      "mark_file in grantd.toml names it; let the user that runs grantd write to its directory"};
}

Status CheckOwn(const std::string& path, int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail(Code::kInvalid, path + " is not a regular file",
                "mark_file in grantd.toml names it");
  }
  if (status.st_uid == geteuid() && (status.st_mode & 077) == 0) return {};
  return Fail(Code::kInvalid, path + " is open to others than grantd's user",
              fmt::format("chown {} {} and chmod 600 it", geteuid(), path));
}

Status SyncDirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const Descriptor directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.open() && fsync(directory.get()) == 0) return {};
  return tl::make_unexpected(CannotMake(path));
}

}  // namespace

Error MarkFile::Unavailable(const char* doing) const {
  return {Code::kUnavailable, fmt::format("cannot {} {}: {}", doing, path_, Reason(errno)),
          "check the disk that holds it; mark_file in grantd.toml names it"};
}

Result<std::unique_ptr<MarkFile>> MarkFile::Open(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) {
    if (errno == ENOENT) return nullptr;
    return Fail(errno == ELOOP ? Code::kInvalid : Code::kUnavailable,
                fmt::format("cannot open {}: {}", path, Reason(errno)),
                "mark_file in grantd.toml names it; let the user that runs grantd write to it");
  }
  GRANT_CHECK(CheckOwn(path, file.get()));
  std::unique_ptr<MarkFile> opened(new MarkFile(path, std::move(file)));
  opened->Read();
  return opened;
}

Result<std::unique_ptr<MarkFile>> MarkFile::Create(const std::string& path, const Mark& mark) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  Descriptor file(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return tl::make_unexpected(CannotMake(path));
  std::unique_ptr<MarkFile> made(new MarkFile(path, std::move(file)));
  // Both slots: a file that is full length never needs more space again.
  GRANT_CHECK(made->Write(mark));
  GRANT_CHECK(made->Write(mark));
  GRANT_CHECK(made->Sync());
  if (rename(fresh.c_str(), path.c_str()) != 0) return tl::make_unexpected(CannotMake(path));
  GRANT_CHECK(SyncDirectoryOf(path));
  return made;
}

void MarkFile::Read() {
  for (off_t slot = 0; slot < 2; ++slot) {
    MarkSlotBytes bytes{};
    const ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), slot * kSlotDistance);
    if (got != static_cast<ssize_t>(bytes.size())) continue;
    const auto decoded = DecodeMarkSlot(bytes);
    if (!decoded || (mark_ && decoded->sequence < sequence_)) continue;
    sequence_ = decoded->sequence;
    mark_ = decoded->mark;
  }
}

Status MarkFile::Write(const Mark& mark) {
  const uint64_t sequence = sequence_ + 1;
  const MarkSlotBytes bytes = EncodeMarkSlot({sequence, mark});
  const off_t offset = static_cast<off_t>(sequence % 2) * kSlotDistance;
  if (pwrite(file_.get(), bytes.data(), bytes.size(), offset) !=
      static_cast<ssize_t>(bytes.size())) {
    return tl::make_unexpected(Unavailable("write"));
  }
  sequence_ = sequence;
  mark_ = mark;
  return {};
}

Status MarkFile::Sync() const {
  if (fdatasync(file_.get()) == 0) return {};
  return tl::make_unexpected(Unavailable("sync"));
}

}  // namespace grant
