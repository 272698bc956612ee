#include "tests/torture/trace.h"

#include <fstream>
#include <sstream>

namespace grant::test {

std::vector<TraceLine> ReadTrace(const std::string& path) {
  std::vector<TraceLine> trace;
  std::ifstream file(path);
  for (std::string text; std::getline(file, text) && !file.eof();) {
    TraceLine line;
    std::string use;
    std::istringstream(text) >> line.at >> line.thread >> line.point >> use >> line.subject;
    if (use != "-") line.use = std::stoll(use);
    if (line.subject == "-") line.subject.clear();
    trace.push_back(std::move(line));
  }
  return trace;
}

}  // namespace grant::test
