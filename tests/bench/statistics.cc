#include "tests/bench/statistics.h"

#include <algorithm>
#include <cmath>

namespace grant::bench {

double Quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const auto last = static_cast<double>(values.size() - 1);
  const auto place = static_cast<std::ptrdiff_t>(std::lround(part * last));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<size_t>(place)];
}

double Median(const std::vector<double>& values) {
  return Quantile(values, 0.5);
}

}  // namespace grant::bench
