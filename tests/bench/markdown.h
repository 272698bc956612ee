// The results as text that people and docs/performance.md take as it is.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/floors.h"
#include "tests/bench/matrix.h"
#include "tests/bench/startup.h"
#include "tests/bench/store_size.h"

namespace grant::bench {

std::string MatrixTable(const Matrix& matrix);
// What was aimed at, and what this run gave.
std::string TargetTable(const Matrix& matrix);
std::string StoreSizeTable(const std::string& rows, const std::vector<StoreSizePoint>& points);
std::string StartUpTable(const std::vector<StartUpResult>& results);
// `matrix` has what the token alone takes.
std::string FloorTable(const std::vector<Floor>& floors, const Matrix& matrix);

}  // namespace grant::bench
