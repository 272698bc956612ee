// The plan of the kills leaves no failpoint out.
#include "tests/torture/fault.h"

#include <gtest/gtest.h>

#include <set>

namespace grant::test {
namespace {

// As many as a short run has left at work, when the births of a new and of an old database, and the
// first run after each, had theirs.
constexpr size_t kTurns = 38;

void AddBirth(bool is_new, std::mt19937_64& chance, std::set<std::string>& planned) {
  size_t turn = 0;
  while (const auto fault = FaultOfBirth(is_new, turn, true, chance)) {
    EXPECT_EQ(fault->delay.count(), 0);
    planned.insert(fault->name());
    ++turn;
  }
}

TEST(FaultPlan, AShortRunHasEveryFailpointWhereverItBegins) {
  for (size_t first = 0; first < 1000; ++first) {
    std::mt19937_64 chance(first);
    std::set<std::string> planned;
    AddBirth(true, chance, planned);
    AddBirth(false, chance, planned);
    for (size_t turn = first; turn < first + kTurns; ++turn) {
      planned.insert(FaultAtWork(turn, chance).name());
    }
    EXPECT_EQ(planned.erase("random moment"), 1U);
    EXPECT_EQ(planned.size(), failpoint::kPoints) << "from turn " << first;
  }
}

}  // namespace
}  // namespace grant::test
