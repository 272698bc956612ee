#include "grantd/domain/grant.h"

#include <gtest/gtest.h>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

TEST(Grant, IsActiveFromItsFirstInstantUntilBeforeItsLast) {
  const Grant grant = MakeGrant("grt_1");
  EXPECT_EQ(StatusOf(grant, At(0) - Duration(1)), GrantStatus::kPending);
  EXPECT_EQ(StatusOf(grant, At(0)), GrantStatus::kActive);
  EXPECT_EQ(StatusOf(grant, At(3600) - Duration(1)), GrantStatus::kActive);
  EXPECT_EQ(StatusOf(grant, At(3600)), GrantStatus::kExpired);
}

TEST(Grant, IsSpentAsOftenAsItSays) {
  Grant grant = MakeGrant("grt_1", 2);
  grant = Spend(grant, At(1)).value();
  grant = Spend(grant, At(2)).value();
  EXPECT_EQ(StatusOf(grant, At(3)), GrantStatus::kExhausted);
  EXPECT_FALSE(Spend(grant, At(3)).has_value());
  EXPECT_EQ(StatusOf(GiveBack(grant), At(3)), GrantStatus::kActive);
}

TEST(Grant, GivesNothingBackThatWasNotSpent) {
  EXPECT_EQ(GiveBack(MakeGrant("grt_1")).used, 0U);
}

TEST(Grant, IsOverOnceRevoked) {
  const Grant revoked = Revoke(MakeGrant("grt_1"), P("unix:bob"), "leaked laptop", At(5)).value();
  EXPECT_EQ(StatusOf(revoked, At(5)), GrantStatus::kRevoked);
  EXPECT_FALSE(Spend(revoked, At(5)).has_value());
  EXPECT_EQ(Revoke(revoked, P("unix:carol"), "again", At(6)).error().code, Code::kConflict);
}

TEST(Grant, IsRevokedWithAReasonOnly) {
  EXPECT_EQ(Revoke(MakeGrant("grt_1"), P("unix:bob"), " \n", At(5)).error().code, Code::kInvalid);
  EXPECT_EQ(Revoke(MakeGrant("grt_1"), P("unix:bob"), std::string(4097, 'x'), At(5)).error().code,
            Code::kTooLarge);
}

TEST(GrantStatus, IsReadBackByItsName) {
  for (const GrantStatus status :
       {GrantStatus::kPending, GrantStatus::kActive, GrantStatus::kExhausted, GrantStatus::kExpired,
        GrantStatus::kRevoked}) {
    EXPECT_EQ(GrantStatusByName(Name(status)), status);
  }
  EXPECT_FALSE(GrantStatusByName("alive").has_value());
}

}  // namespace
}  // namespace grant
