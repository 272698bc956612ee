// The file that holds the mark.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "grant/error.h"
#include "grantd/descriptor.h"
#include "grantd/guard/mark.h"

namespace grant {

// Two slots, written in turn and each on a page of its own, so that a write that a power failure
// tore leaves the mark before it. Writing goes to the kernel alone and costs microseconds: what the
// kernel has survives the end of grantd in any way, and Sync() brings it to the disk.
//
// The mark is written after the commit that it names is durable, and never before. So after a power
// failure it may be older than the database, which means nothing; newer than the database it is
// only where the database lost what was durable.
//
// Write is for one thread at a time; Sync may run beside it.
class MarkFile {
 public:
  // Nothing where there is no file. Errors: kInvalid (not a file of grantd's own, or open to
  // others), kUnavailable.
  static Result<std::unique_ptr<MarkFile>> Open(const std::string& path);
  // Makes it, in place of what may be there, with this mark, on the disk; as a whole or not at all.
  static Result<std::unique_ptr<MarkFile>> Create(const std::string& path, const Mark& mark);

  // What was read or written last; nothing where neither slot is whole.
  const std::optional<Mark>& mark() const { return mark_; }
  Status Write(const Mark& mark);
  Status Sync() const;

 private:
  MarkFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  void Read();
  Error Unavailable(const char* doing) const;

  const std::string path_;
  const Descriptor file_;
  uint64_t sequence_ = 0;
  std::optional<Mark> mark_;
};

}  // namespace grant
