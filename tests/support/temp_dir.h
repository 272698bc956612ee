// A directory of a test's own.
#pragma once

#include <string>
#include <string_view>

namespace grant::test {

// Made with mode 0700, removed with all that is in it.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes the file `name` with exactly this mode, and returns its path.
  std::string Write(std::string_view name, std::string_view content, unsigned mode = 0600) const;
  // Leaves it where it is, for somebody to look at.
  void Keep() { keep_ = true; }

 private:
  std::string path_;
  bool keep_ = false;
};

}  // namespace grant::test
