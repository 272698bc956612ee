#include <fmt/format.h>

#include "store_testing.h"

namespace grant {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> IdsOf(const std::vector<Grant>& grants) {
  std::vector<std::string> ids;
  ids.reserve(grants.size());
  for (const Grant& grant : grants) ids.push_back(grant.id);
  return ids;
}

class TablesGrants : public testing::Test {
 protected:
  Grant Add(Grant grant) {
    Issue(tables(), grant);
    return grant;
  }
  Grant Find(const std::string& id) { return Must(tables().FindGrant(id)).value(); }
  std::vector<std::string> ForAttempt(Time now) {
    return IdsOf(Must(tables().GrantsForAttempt("release", Who("unix:alice"), now)));
  }
  Tables& tables() { return database_.tables(); }

  Database database_;
};

TEST_F(TablesGrants, UnknownIdIsNothing) {
  EXPECT_EQ(Must(tables().FindGrant("grt_nothing")), std::nullopt);
}

TEST_F(TablesGrants, ComesBackAsItWas) {
  const Grant minimal = Add(SomeGrant(1));
  Grant full = SomeGrant(2);
  full.used = 2;
  full.digests = {SomeDigest('a'), SomeDigest('b')};
  full.revocation = Revocation{Who("unix:bob"), At(1234), "lost laptop"};
  Add(full);
  EXPECT_EQ(Find(minimal.id), minimal);
  EXPECT_EQ(Find(full.id), full);
}

TEST_F(TablesGrants, NeedsItsRequest) {
  EXPECT_THAT(tables().InsertGrant(SomeGrant(1)), FailsWith(Code::kConflict));
}

TEST_F(TablesGrants, ListIsNewestFirstFilteredAndPaged) {
  for (int number = 1; number <= 4; ++number) {
    Grant grant = SomeGrant(number);
    if (number % 2 == 0) grant.signer = "other";
    if (number > 2) grant.holder = Who("unix:zoe");
    Add(grant);
  }
  const auto list = [this](const GrantFilter& filter) {
    return IdsOf(Must(tables().ListGrants(filter)));
  };
  EXPECT_THAT(list({}), ElementsAre(GrantId(4), GrantId(3), GrantId(2), GrantId(1)));
  EXPECT_THAT(list({{}, {}, GrantId(3), 1}), ElementsAre(GrantId(2)));
  EXPECT_THAT(list({"other", {}, "", 100}), ElementsAre(GrantId(4), GrantId(2)));
  EXPECT_THAT(list({{}, Who("unix:zoe"), "", 100}), ElementsAre(GrantId(4), GrantId(3)));
  EXPECT_THAT(list({"other", Who("unix:zoe"), "", 100}), ElementsAre(GrantId(4)));
  EXPECT_THAT(list({"other", Who("unix:zoe"), GrantId(4), 100}), IsEmpty());
}

TEST_F(TablesGrants, AListOfOneStatusAgreesWithTheDomain) {
  std::vector<Grant> all;
  const auto add = [&](const std::function<void(Grant&)>& change) {
    Grant grant = SomeGrant(static_cast<int>(all.size()) + 1);
    change(grant);
    all.push_back(Add(grant));
  };
  add([](Grant&) {});
  add([](Grant& g) { g.used = g.max_signings; });
  add([](Grant& g) { g.revocation = Revocation{Who("unix:bob"), At(1), "x"}; });
  add([](Grant& g) { g.revocation = Revocation{Who("unix:alice"), At(1), "", true}; });
  add([](Grant& g) {
    g.used = g.max_signings;
    g.revocation = Revocation{Who("unix:bob"), At(1), "x"};
  });
  for (const Time now : {At(999), At(1000), At(1999), At(2000)}) {
    for (int i = 0; i <= static_cast<int>(GrantStatus::kReleased); ++i) {
      GrantFilter filter;
      filter.status = static_cast<GrantStatus>(i);
      filter.now = now;
      std::vector<Grant> expected;
      for (const Grant& grant : all) {
        if (StatusOf(grant, now) == *filter.status) expected.insert(expected.begin(), grant);
      }
      EXPECT_EQ(Must(tables().ListGrants(filter)), expected) << Name(*filter.status);
    }
  }
}

TEST_F(TablesGrants, PrefixIsTakenLiterally) {
  Add(SomeGrant(1));
  Add(SomeGrant(2));
  EXPECT_THAT(Must(tables().GrantIdsLike("grt_", 10)), ElementsAre(GrantId(2), GrantId(1)));
  EXPECT_THAT(Must(tables().GrantIdsLike(GrantId(2), 10)), ElementsAre(GrantId(2)));
  EXPECT_THAT(Must(tables().GrantIdsLike("grt%", 10)), IsEmpty());
}

TEST_F(TablesGrants, SpendsExactlyItsCount) {
  Add(SomeGrant(1));
  for (int use = 0; use < 3; ++use) EXPECT_TRUE(Must(tables().SpendUse(GrantId(1), At(1500))));
  EXPECT_FALSE(Must(tables().SpendUse(GrantId(1), At(1500))));
  EXPECT_EQ(Find(GrantId(1)).used, 3U);
}

TEST_F(TablesGrants, SpendsWithinItsWindowOnly) {
  Add(SomeGrant(1));
  EXPECT_FALSE(Must(tables().SpendUse(GrantId(1), At(1000) - Duration(1))));
  EXPECT_FALSE(Must(tables().SpendUse(GrantId(1), At(2000))));
  EXPECT_EQ(Find(GrantId(1)).used, 0U);
  EXPECT_TRUE(Must(tables().SpendUse(GrantId(1), At(1000))));
  EXPECT_TRUE(Must(tables().SpendUse(GrantId(1), At(2000) - Duration(1))));
}

TEST_F(TablesGrants, SpendsNothingOfARevokedOrUnknownOne) {
  Grant grant = Add(SomeGrant(1));
  Add(SomeGrant(2));
  grant.revocation = Revocation{Who("unix:bob"), At(1100), "lost"};
  Must(tables().RecordRevocation(grant));
  EXPECT_FALSE(Must(tables().SpendUse(GrantId(1), At(1500))));
  EXPECT_FALSE(Must(tables().SpendUse(GrantId(9), At(1500))));
  EXPECT_EQ(Find(GrantId(2)).used, 0U);
}

TEST_F(TablesGrants, SpendingAgreesWithTheDomain) {
  int number = 0;
  for (int64_t now : {999, 1000, 1999, 2000}) {
    for (uint32_t used : {0U, 2U, 3U}) {
      for (bool revoked : {false, true}) {
        Grant grant = SomeGrant(++number);
        grant.used = used;
        if (revoked) grant.revocation = Revocation{Who("unix:bob"), At(1100), ""};
        Add(grant);
        EXPECT_EQ(Must(tables().SpendUse(grant.id, At(now))), Spend(grant, At(now)).has_value())
            << now << " " << used << " " << revoked;
      }
    }
  }
}

TEST_F(TablesGrants, AUseIsReturnedOnceSpent) {
  Add(SomeGrant(1));
  EXPECT_THAT(tables().ReturnUse(GrantId(1)), FailsWith(Code::kConflict));
  Must(tables().SpendUse(GrantId(1), At(1500)));
  Must(tables().ReturnUse(GrantId(1)));
  EXPECT_EQ(Find(GrantId(1)).used, 0U);
  EXPECT_THAT(tables().ReturnUse(GrantId(9)), FailsWith(Code::kConflict));
}

TEST_F(TablesGrants, RevocationIsRecordedOnce) {
  Grant grant = Add(SomeGrant(1));
  EXPECT_THAT(tables().RecordRevocation(grant), FailsWith(Code::kInternal));
  grant.revocation = Revocation{Who("unix:bob"), At(1100), "lost"};
  Must(tables().RecordRevocation(grant));
  EXPECT_EQ(Find(grant.id), grant);
  Grant again = grant;
  again.revocation->reason = "found";
  EXPECT_THAT(tables().RecordRevocation(again), FailsWith(Code::kConflict));
  EXPECT_EQ(Find(grant.id), grant);
}

TEST_F(TablesGrants, RevocationDoesNotTouchTheCount) {
  Grant grant = Add(SomeGrant(1));
  Must(tables().SpendUse(grant.id, At(1500)));
  grant.revocation = Revocation{Who("unix:bob"), At(1600), "lost"};
  Must(tables().RecordRevocation(grant));
  EXPECT_EQ(Find(grant.id).used, 1U);
}

TEST_F(TablesGrants, AttemptSeesUsableGrantsEarliestEndFirst) {
  for (int number : {1, 2, 3}) {
    Grant grant = SomeGrant(number);
    grant.not_after = At(2000 - number);
    Add(grant);
  }
  EXPECT_THAT(ForAttempt(At(1500)), ElementsAre(GrantId(3), GrantId(2), GrantId(1)));
}

TEST_F(TablesGrants, AttemptSeesWhyNothingIsUsable) {
  Grant used_up = SomeGrant(1);
  used_up.used = 3;
  Grant revoked = SomeGrant(2);
  revoked.revocation = Revocation{Who("unix:bob"), At(1100), ""};
  Grant expired = SomeGrant(3);
  expired.not_after = At(1200);
  Grant future = SomeGrant(4);
  future.not_before = At(1800);
  Grant others = SomeGrant(5);
  others.holder = Who("unix:zoe");
  Grant others_expired = SomeGrant(6);
  others_expired.holder = Who("unix:zoe");
  others_expired.not_after = At(1200);
  Grant of_another_signer = SomeGrant(7);
  of_another_signer.signer = "other";
  for (const Grant& grant :
       {used_up, revoked, expired, future, others, others_expired, of_another_signer}) {
    Add(grant);
  }
  EXPECT_THAT(ForAttempt(At(1500)),
              UnorderedElementsAre(GrantId(1), GrantId(2), GrantId(3), GrantId(4), GrantId(5)));
}

TEST_F(TablesGrants, AttemptIsBoundedHoweverLongTheHistory) {
  Must(database_.sql().Execute("BEGIN", {}));
  for (int number = 1; number <= 40; ++number) {
    Grant expired = SomeGrant(number);
    expired.not_after = At(1100);
    Add(expired);
    Grant others = SomeGrant(100 + number);
    others.holder = Who("unix:zoe");
    Add(others);
  }
  Must(database_.sql().Execute("COMMIT", {}));
  const auto ids = ForAttempt(At(1500));
  EXPECT_EQ(ids.size(), 10U);
  for (int number = 36; number <= 40; ++number) EXPECT_THAT(ids, Contains(GrantId(number)));
}

TEST_F(TablesGrants, UsedUpGrantsNeverCrowdOutAUsableOne) {
  Must(database_.sql().Execute("BEGIN", {}));
  Grant usable = SomeGrant(0);
  usable.not_after = At(5000);
  Add(usable);
  for (int number = 1; number <= 1200; ++number) {
    Grant used_up = SomeGrant(number);
    used_up.used = used_up.max_signings;
    Add(used_up);
  }
  Must(database_.sql().Execute("COMMIT", {}));
  const auto ids = ForAttempt(At(1500));
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.front(), usable.id);
  EXPECT_LE(ids.size(), 110U);
}

TEST_F(TablesGrants, LiveOnesOfASignerAreOfAnyHolder) {
  Grant others = SomeGrant(1);
  others.holder = Who("unix:zoe");
  Grant revoked = SomeGrant(2);
  revoked.revocation = Revocation{Who("unix:bob"), At(1100), ""};
  Grant expired = SomeGrant(3);
  expired.not_after = At(1500);
  Grant of_another_signer = SomeGrant(4);
  of_another_signer.signer = "other";
  Grant mine = SomeGrant(5);
  mine.not_after = At(1900);
  for (const Grant& grant : {others, revoked, expired, of_another_signer, mine}) Add(grant);
  EXPECT_THAT(IdsOf(Must(tables().LiveGrantsOfSigner("release", At(1500), 10))),
              ElementsAre(GrantId(5), GrantId(1)));
  EXPECT_EQ(Must(tables().LiveGrantsOfSigner("release", At(1500), 1)).size(), 1U);
}

TEST_F(TablesGrants, DamagedRowIsAnErrorAndNoException) {
  const char* const damages[] = {"holder = 'x'", "not_before = 'x'", "digests = 'x'",
                                 "revoked_by = 'unix:a'", "signer = x'00'"};
  for (const char* damage : damages) {
    Database database;
    Issue(database.tables(), SomeGrant(1));
    Must(database.sql().Execute(std::string("UPDATE signing_grant SET ") + damage, {}));
    EXPECT_THAT(database.tables().FindGrant(GrantId(1)), FailsWith(Code::kInternal)) << damage;
  }
}

TEST(TablesGrantsEnd, AReleaseAndScopesComeBackAsTheyWere) {
  Database database;
  Grant grant = SomeGrant(1);
  grant.scopes = {Must(Scope::Parse("program=/usr/bin/openssl"))};
  Issue(database.tables(), grant);
  grant.revocation = Revocation{Who("unix:alice"), At(1100), "", true};
  Must(database.tables().RecordRevocation(grant));
  EXPECT_EQ(Must(database.tables().FindGrant(grant.id)), grant);
  EXPECT_FALSE(Must(database.tables().SpendUse(grant.id, At(1200))));
  EXPECT_THAT(database.tables().RecordRevocation(grant), FailsWith(Code::kConflict));
}

}  // namespace
}  // namespace grant
