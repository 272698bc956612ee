// A recorded trace of grantd as one that signature.pml is to follow.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/torture/trace.h"

namespace grant::test {

struct Replay {
  std::map<std::string, std::string> definitions;
  std::string trace;  // the text of trace.pml
  int attempts = 0;   // uses that were counted at least once
};

// What the trace shows of the grant, which is for `count` signatures.
Replay MakeReplay(const std::vector<TraceLine>& trace, const std::string& grant_id, int count);

}  // namespace grant::test
