// The directory that holds grantd's state: checked, and locked against a second grantd.
#pragma once

#include <string>

#include "grant/error.h"
#include "grantd/descriptor.h"

namespace grant {

// Holds the lock for as long as it lives.
class StateDir {
 public:
  // Makes the directory (0700) if it is missing, but not its parents. It must be a directory itself
  // and not a link to one, belong to this process's user, and be writable by nobody else. Errors:
  // kInvalid (not such a directory), kUnavailable (another grantd uses it, or it cannot be
  // written).
  static Result<StateDir> Open(const std::string& path);

  const std::string& path() const { return path_; }  // without symbolic links
  int fd() const { return directory_.get(); }

 private:
  StateDir(std::string path, Descriptor directory, Descriptor lock);

  std::string path_;
  Descriptor directory_;
  Descriptor lock_;
};

}  // namespace grant
