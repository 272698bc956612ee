// What this machine takes for the things that a signature of grantd cannot do without.
#pragma once

#include <string>
#include <vector>

namespace grant::bench {

struct Floor {
  std::string what;
  double p50_us = 0;
  double p99_us = 0;
};

// `directory` is on the file system that grantd's state is on.
std::vector<Floor> MeasureFloors(const std::string& directory, int repetitions);

// "ext4", "tmpfs", ...
std::string FileSystemOf(const std::string& directory);

}  // namespace grant::bench
