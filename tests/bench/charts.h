// Which charts there are of the results.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/bench/matrix.h"
#include "tests/bench/startup.h"
#include "tests/bench/store_size.h"

namespace grant::bench {

// SVG texts, by the name of the file.
using Charts = std::map<std::string, std::string>;

Charts MatrixCharts(const Matrix& matrix);
Charts StoreSizeCharts(const std::vector<StoreSizePoint>& grants,
                       const std::vector<StoreSizePoint>& audit);
Charts StartUpCharts(const std::vector<StartUpResult>& results);

}  // namespace grant::bench
