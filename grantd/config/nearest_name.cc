#include "grantd/config/nearest_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace grant {
namespace {

constexpr size_t kWordBytesMax = 64;  // the distance takes time by the product of the lengths

// How many letters are inserted, dropped or replaced, or swapped with their neighbour (the distance
// of optimal string alignment).
size_t EditDistance(std::string_view from, std::string_view to) {
  std::vector<std::vector<size_t>> cost(from.size() + 1, std::vector<size_t>(to.size() + 1));
  for (size_t i = 0; i <= from.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= to.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= from.size(); ++i) {
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t replaced = cost[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[from.size()][to.size()];
}

}  // namespace

std::string NearestName(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kWordBytesMax) return {};
  std::string nearest;
  size_t least = 0;
  for (const std::string& name : known) {
    const size_t distance = EditDistance(word, name);
    if (distance > std::max<size_t>(2, name.size() / 3) || distance >= name.size()) continue;
    if (nearest.empty() || distance < least) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

std::string NearestNameHint(std::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(word, known);
  if (!nearest.empty()) return fmt::format("did you mean '{}'?", nearest);
  return fmt::format("known are: {}", fmt::join(known, ", "));
}

}  // namespace grant
