// A running host of a module: by default signing_host with our module.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace grant::test {

class Host {
 public:
  // `uid` 0 keeps the test's own user.
  Host(const Environment& environment, uid_t uid, const std::string& errors_file);
  // Another program, which says CKR_OK once it has started and answers as signing_host does.
  Host(std::vector<std::string> command, const Environment& environment, uid_t uid,
       const std::string& errors_file);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  // One command, one answer; "gone" where the host died.
  std::string Do(const std::string& command);

  // What the module printed on stderr so far.
  std::string Errors() const;

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  std::string errors_file_;
};

}  // namespace grant::test
