// Running another program to its end.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace grant::test {

// Variables that a child gets beside, or instead of, those of this process.
using Environment = std::map<std::string, std::string>;

struct Outcome {
  int exit_code = -1;  // 128 + the signal where one ended it
  std::string output;  // stdout and stderr together
};

// Runs `arguments[0]`, found by PATH, with empty stdin. Throws where it cannot be started.
Outcome Run(const std::vector<std::string>& arguments, const Environment& environment = {});

}  // namespace grant::test
