// What it costs a host to begin with a module.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/lane.h"

namespace grant::bench {

struct StartUpResult {
  std::string module;
  StartUpTimes median;
};

// So many new processes a module, in turn, with the P-256 key. The site has been started.
std::vector<StartUpResult> MeasureStartUp(Site& site, int rounds);

}  // namespace grant::bench
