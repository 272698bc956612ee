#include "grantd/domain/id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace grant {
namespace {

TEST(Id, IsAPrefixAndAUlid) {
  const std::string id = MakeId(kGrantPrefix, FromMillis(1'469'918'176'385), IdEntropy{});
  EXPECT_EQ(id, "grt_01ARYZ6S410000000000000000");
  EXPECT_TRUE(IsIdPrefix(kGrantPrefix, id));
  EXPECT_TRUE(IsIdPrefix(kGrantPrefix, "grt_01A"));
  EXPECT_FALSE(IsIdPrefix(kRequestPrefix, id));
  EXPECT_FALSE(IsIdPrefix(kGrantPrefix, "grt_%"));
  EXPECT_FALSE(IsIdPrefix(kGrantPrefix, id + "0"));
}

RC_GTEST_PROP(Id, SortsByTime, ()) {
  const auto early = *rc::gen::inRange<int64_t>(0, 281'474'976'710'655);
  const auto late = *rc::gen::inRange<int64_t>(early + 1, 281'474'976'710'656);
  const auto entropy = *rc::gen::container<IdEntropy>(rc::gen::arbitrary<uint8_t>());
  RC_ASSERT(MakeId(kRequestPrefix, FromMillis(early), entropy) <
            MakeId(kRequestPrefix, FromMillis(late), IdEntropy{}));
}

RC_GTEST_PROP(Id, KeepsEveryBitOfItsEntropy, ()) {
  const auto one = *rc::gen::container<IdEntropy>(rc::gen::arbitrary<uint8_t>());
  const auto other = *rc::gen::container<IdEntropy>(rc::gen::arbitrary<uint8_t>());
  RC_ASSERT((MakeId(kRequestPrefix, Time(), one) == MakeId(kRequestPrefix, Time(), other)) ==
            (one == other));
}

}  // namespace
}  // namespace grant
