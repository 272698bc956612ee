// What is said of many measurements.
#pragma once

#include <cstdint>
#include <vector>

namespace grant::bench {

// The value below which the share `part` (0 to 1) of the values lies; 0 of none.
double Quantile(std::vector<double> values, double part);
double Median(const std::vector<double>& values);

}  // namespace grant::bench
