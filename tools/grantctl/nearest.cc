#include "tools/grantctl/nearest.h"

#include <algorithm>
#include <numeric>

namespace grant::ctl {
namespace {

constexpr size_t kWordBytesMax = 64;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kWordBytesMax) return {};
  std::string nearest;
  size_t distance_min = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    // A word that would have to change entirely is no misspelling.
    if (distance >= distance_min || distance >= candidate.size()) continue;
    distance_min = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace grant::ctl
