#include "grantd/supervisor/backoff.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsBoundAndVaries) {
  Backoff backoff({milliseconds(100), milliseconds(1000)}, 1);
  for (const int whole : {100, 200, 400, 800, 1000, 1000}) {
    const auto pause = backoff.Next();
    EXPECT_GE(pause, milliseconds(whole / 2));
    EXPECT_LE(pause, milliseconds(whole));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(100));
  Backoff one({milliseconds(100'000), milliseconds(100'000)}, 1);
  Backoff other({milliseconds(100'000), milliseconds(100'000)}, 2);
  EXPECT_NE(one.Next(), other.Next());
}

}  // namespace
}  // namespace grant
