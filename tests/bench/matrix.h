// The table: each module with each key and number of threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/lane.h"

namespace grant::bench {

// Where the time goes that a signature takes longer than with plain SoftHSM2. The token's part is
// negative where it has less to wait for than there. In the wrap placement it is in `transport_us`,
// for grantd does not see it.
struct AddedTime {
  double decide_us = 0;
  double spend_us = 0;
  std::optional<double> token_us;
  double transport_us = 0;  // messages, wake-ups, and the module itself

  double all_us() const { return decide_us + spend_us + token_us.value_or(0) + transport_us; }
};

struct Cell {
  std::string key;
  int threads = 0;
  std::string module;
  bool supported = false;
  double per_second = 0;  // the median of the rounds
  double p50_us = 0;
  double p99_us = 0;
  double mean_us = 0;  // of all signatures, those before slices included
  double ratio = 0;    // to plain SoftHSM2: the median of the rounds
  std::optional<AddedTime> added;
};

struct MatrixOptions {
  std::vector<int> threads = {1, 2, 8, 32};
  int rounds = 15;
  int slice_ms = 120;
};

struct Matrix {
  std::vector<Cell> cells;  // by key, threads, module
  // Over all of our lanes: what the hosts got, and what grantd counted.
  int signatures = 0;
  int uses = 0;

  const Cell* Find(const std::string& key, int threads, const std::string& module) const;
};

// The site has been started.
Matrix MeasureMatrix(Site& site, const MatrixOptions& options);

}  // namespace grant::bench
