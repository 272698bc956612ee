#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TablesUses : public testing::Test {
 protected:
  TablesUses() {
    Issue(tables(), SomeGrant(1));
    Issue(tables(), SomeGrant(2));
  }

  Use Add(const std::string& grant_id) {
    Use use;
    use.id = Must(tables().AppendAudit(SomeEvent(grant_id)));
    use.grant_id = grant_id;
    use.signer = "release";
    use.caller = Who("unix:alice");
    use.at = At(1500);
    use.mechanism = "SHA256-RSA-PKCS";
    use.digest = SomeDigest('a').text();
    use.program = "/usr/bin/openssl";
    Must(tables().InsertUse(use));
    return use;
  }
  std::vector<int64_t> IdsOf(const Result<std::vector<Use>>& uses) {
    std::vector<int64_t> ids;
    for (const Use& use : Must(uses)) ids.push_back(use.id);
    return ids;
  }
  Tables& tables() { return database_.tables(); }

  Database database_;
};

void ExpectSame(const Use& left, const Use& right) {
  EXPECT_EQ(left.id, right.id);
  EXPECT_EQ(left.grant_id, right.grant_id);
  EXPECT_EQ(left.signer, right.signer);
  EXPECT_EQ(left.caller, right.caller);
  EXPECT_EQ(left.at, right.at);
  EXPECT_EQ(left.mechanism, right.mechanism);
  EXPECT_EQ(left.digest, right.digest);
  EXPECT_EQ(left.program, right.program);
  EXPECT_EQ(left.outcome, right.outcome);
}

TEST_F(TablesUses, ComesBackAsItWas) {
  const Use of_grant = Add(GrantId(1));
  const Use without_grant = Add("");
  const auto pending = Must(tables().PendingUses(10));
  ASSERT_EQ(pending.size(), 2U);
  ExpectSame(pending[0], of_grant);
  ExpectSame(pending[1], without_grant);
}

TEST_F(TablesUses, NeedsItsAuditEntryAndItsGrant) {
  Use use = Add(GrantId(1));
  EXPECT_THAT(tables().InsertUse(use), FailsWith(Code::kConflict));
  use.id = 99;
  EXPECT_THAT(tables().InsertUse(use), FailsWith(Code::kConflict));
  use.id = Must(tables().AppendAudit(SomeEvent("")));
  use.grant_id = GrantId(9);
  EXPECT_THAT(tables().InsertUse(use), FailsWith(Code::kConflict));
}

TEST_F(TablesUses, ThoseOfAGrantAreNewestFirst) {
  const Use first = Add(GrantId(1));
  Add(GrantId(2));
  const Use third = Add(GrantId(1));
  EXPECT_THAT(IdsOf(tables().UsesOf(GrantId(1), 10)), ElementsAre(third.id, first.id));
  EXPECT_THAT(IdsOf(tables().UsesOf(GrantId(1), 1)), ElementsAre(third.id));
  EXPECT_THAT(IdsOf(tables().UsesOf(GrantId(9), 10)), IsEmpty());
}

TEST_F(TablesUses, EveryOutcomeIsStoredOnceAndForAll) {
  for (UseOutcome outcome : {UseOutcome::kSigned, UseOutcome::kReturned, UseOutcome::kWithheld,
                             UseOutcome::kUnsettled}) {
    const Use use = Add(GrantId(1));
    Must(tables().SettleUse(use.id, outcome));
    EXPECT_EQ(Must(tables().UsesOf(GrantId(1), 1))[0].outcome, outcome);
    EXPECT_THAT(tables().SettleUse(use.id, UseOutcome::kReturned), FailsWith(Code::kConflict));
    EXPECT_EQ(Must(tables().UsesOf(GrantId(1), 1))[0].outcome, outcome);
  }
  EXPECT_THAT(IdsOf(tables().PendingUses(10)), IsEmpty());
  EXPECT_THAT(tables().SettleUse(99, UseOutcome::kSigned), FailsWith(Code::kConflict));
}

TEST_F(TablesUses, ADelegatedOneIsNeverPendingAndCanOnlyBeWithheld) {
  Use use = Add(GrantId(1));
  Must(tables().SettleUse(use.id, UseOutcome::kSigned));
  EXPECT_THAT(tables().WithholdUse(use.id), FailsWith(Code::kConflict));
  Must(database_.sql().Execute("UPDATE signature_use SET outcome = 'delegated'", {}));
  EXPECT_EQ(Must(tables().UsesOf(GrantId(1), 1))[0].outcome, UseOutcome::kDelegated);
  EXPECT_THAT(IdsOf(tables().PendingUses(10)), IsEmpty());
  EXPECT_THAT(tables().SettleUse(use.id, UseOutcome::kReturned), FailsWith(Code::kConflict));
  Must(tables().WithholdUse(use.id));
  EXPECT_EQ(Must(tables().UsesOf(GrantId(1), 1))[0].outcome, UseOutcome::kWithheld);
}

TEST_F(TablesUses, PendingOnesAreOldestFirst) {
  const Use first = Add(GrantId(1));
  const Use second = Add(GrantId(2));
  const Use third = Add("");
  Must(tables().SettleUse(second.id, UseOutcome::kSigned));
  EXPECT_THAT(IdsOf(tables().PendingUses(10)), ElementsAre(first.id, third.id));
  EXPECT_THAT(IdsOf(tables().PendingUses(1)), ElementsAre(first.id));
}

TEST_F(TablesUses, DamagedRowIsAnErrorAndNoException) {
  Add(GrantId(1));
  Must(database_.sql().Execute("UPDATE signature_use SET caller = 'x'", {}));
  EXPECT_THAT(tables().PendingUses(10), FailsWith(Code::kInternal));
}

}  // namespace
}  // namespace grant
