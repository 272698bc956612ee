// What another process has in its memory, for tests that run as root.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace grant::test {

// How often the text is in what the process may write to.
size_t OccurrencesInMemory(pid_t process, const std::string& text);

inline bool MemoryHolds(pid_t process, const std::string& text) {
  return OccurrencesInMemory(process, text) > 0;
}

std::vector<pid_t> ChildrenOf(pid_t process);

// The content of one of its files in /proc: "environ", "status".
std::string ProcFile(pid_t process, const std::string& name);

}  // namespace grant::test
