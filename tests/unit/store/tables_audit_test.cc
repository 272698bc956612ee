#include "grantd/store/audit_chain.h"
#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TablesAudit : public testing::Test {
 protected:
  int64_t Append(const AuditEvent& event) { return Must(tables().AppendAudit(event)); }
  std::vector<int64_t> List(const AuditFilter& filter) {
    std::vector<int64_t> numbers;
    for (const AuditEntry& entry : Must(tables().ListAudit(filter))) {
      numbers.push_back(entry.number);
    }
    return numbers;
  }
  Tables& tables() { return database_.tables(); }

  Database database_;
};

TEST_F(TablesAudit, EntriesComeBackAsTheyWere) {
  AuditEvent event = SomeEvent(GrantId(1));
  event.detail = R"({"text":"\"é\""})";
  EXPECT_EQ(Append(event), 1);
  const AuditEntry entry = Must(tables().ListAudit({})).at(0);
  EXPECT_EQ(entry.number, 1);
  EXPECT_EQ(entry.event.at, event.at);
  EXPECT_EQ(entry.event.event, event.event);
  EXPECT_EQ(entry.event.actor, event.actor);
  EXPECT_EQ(entry.event.subject, event.subject);
  EXPECT_EQ(entry.event.signer, event.signer);
  EXPECT_EQ(entry.event.detail, event.detail);
  EXPECT_EQ(entry.previous_hash, ChainStart());
  EXPECT_EQ(entry.hash, EntryHash(1, event, ChainStart()));
}

TEST_F(TablesAudit, EachEntryFollowsTheOneBefore) {
  for (int64_t number = 1; number <= 3; ++number) EXPECT_EQ(Append(SomeEvent("x")), number);
  const auto entries = Must(tables().AuditFrom(1, 10));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[1].previous_hash, entries[0].hash);
  EXPECT_EQ(entries[2].previous_hash, entries[1].hash);
  const AuditHead head = Must(tables().LastAudit());
  EXPECT_EQ(head.number, 3);
  EXPECT_EQ(head.hash, entries[2].hash);
}

TEST_F(TablesAudit, NumbersHaveNoGapsAfterASavepointWasUndone) {
  Must(database_.sql().Script("BEGIN"));
  Append(SomeEvent("a"));
  Must(database_.sql().Script("SAVEPOINT job"));
  EXPECT_EQ(Append(SomeEvent("undone")), 2);
  Must(database_.sql().Script("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job"));
  EXPECT_EQ(Append(SomeEvent("b")), 2);
  Must(database_.sql().Script("COMMIT"));
  EXPECT_EQ(Must(VerifyChain(tables())).fault, std::nullopt);
}

TEST_F(TablesAudit, ListIsNewestFirstFilteredAndPaged) {
  const auto issued = [](const std::string& subject) {
    AuditEvent event = SomeEvent(subject);
    event.event = event::kGrantIssued;
    return event;
  };
  AuditEvent refused = issued("");
  refused.event = event::kSignatureRefused;
  refused.actor = Who("unix:zoe");
  AuditEvent other = issued("s");
  other.signer = "other";
  for (const AuditEvent& event : {issued("s"), refused, other, issued("t")}) Append(event);
  EXPECT_THAT(List({}), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(List({{}, {}, {}, {}, 3, 1}), ElementsAre(2));
  EXPECT_THAT(List({std::string(event::kSignatureRefused), {}, {}, {}, 0, 10}), ElementsAre(2));
  EXPECT_THAT(List({{}, "s", {}, {}, 0, 10}), ElementsAre(3, 1));
  EXPECT_THAT(List({{}, {}, "other", {}, 0, 10}), ElementsAre(3));
  EXPECT_THAT(List({{}, {}, {}, Who("unix:alice"), 0, 10}), ElementsAre(4, 3, 1));
  EXPECT_THAT(List({{}, "s", "other", Who("unix:alice"), 0, 10}), ElementsAre(3));
  EXPECT_THAT(List({{}, "s", {}, Who("unix:zoe"), 0, 10}), IsEmpty());
}

TEST_F(TablesAudit, SignaturesAreListedAmongTheRest) {
  Issue(tables(), SomeGrant(1));
  const auto spend = [this](const std::string& grant_id, const std::string& who) {
    AuditEvent spent = SomeEvent(grant_id.empty() ? "release" : grant_id);
    spent.event = event::kSignatureSpent;
    spent.actor = Who(who);
    spent.signer = "release";
    Use use{Append(spent), grant_id, "release", Who(who),           spent.at,
            "ECDSA",       "",       "",        UseOutcome::kSigned};
    Must(tables().InsertUse(use));
  };
  AuditEvent issued = SomeEvent(GrantId(1));
  issued.event = event::kGrantIssued;
  issued.signer = "release";
  issued.actor = Who("unix:bob");
  Append(issued);                   // 1
  spend(GrantId(1), "unix:alice");  // 2
  spend("", "unix:alice");          // 3
  spend(GrantId(1), "unix:zoe");    // 4
  Append(issued);                   // 5
  const std::string spent(event::kSignatureSpent);
  const std::string grant = GrantId(1);
  EXPECT_THAT(List({}), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(List({spent, {}, {}, {}, 0, 10}), ElementsAre(4, 3, 2));
  EXPECT_THAT(List({spent, {}, {}, {}, 0, 1}), ElementsAre(4));
  EXPECT_THAT(List({{}, grant, {}, {}, 0, 10}), ElementsAre(5, 4, 2, 1));
  EXPECT_THAT(List({{}, grant, {}, {}, 5, 2}), ElementsAre(4, 2));
  EXPECT_THAT(List({{}, "release", {}, {}, 0, 10}), ElementsAre(3));
  EXPECT_THAT(List({{}, {}, "release", {}, 0, 10}), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(List({{}, {}, {}, Who("unix:alice"), 0, 10}), ElementsAre(3, 2));
  EXPECT_THAT(List({spent, grant, "release", Who("unix:zoe"), 0, 10}), ElementsAre(4));
  EXPECT_THAT(List({spent, {}, "other", {}, 0, 10}), IsEmpty());
}

TEST_F(TablesAudit, FromIsOldestFirst) {
  for (int i = 0; i < 4; ++i) Append(SomeEvent("x"));
  const auto entries = Must(tables().AuditFrom(2, 2));
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].number, 2);
  EXPECT_EQ(entries[1].number, 3);
}

}  // namespace
}  // namespace grant
