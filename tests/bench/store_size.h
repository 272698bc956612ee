// What a signature costs where grantd has kept much for long.
#pragma once

#include <cstddef>
#include <vector>

namespace grant::bench {

enum class Grows { kGrants, kAudit };

struct StoreSizeOptions {
  std::vector<size_t> rows = {1, 1'000, 10'000, 100'000, 1'000'000};
  int rounds = 15;
  int slice_ms = 100;
};

struct StoreSizePoint {
  size_t rows = 0;
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double cost = 0;  // of a signature, to that with the fewest rows: the median of the rounds
};

// A grantd of its own for each size, with one thread and P-256, in turn.
std::vector<StoreSizePoint> MeasureStoreSize(Grows what, const StoreSizeOptions& options);

}  // namespace grant::bench
