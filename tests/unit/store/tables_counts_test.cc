#include "store_testing.h"

namespace grant {
namespace {

using testing::HasSubstr;

// One grant with two uses and one that was given back, as grantd writes them; and a use without a
// grant.
class TablesCounts : public testing::Test {
 protected:
  TablesCounts() {
    Issue(tables(), SomeGrant(1));
    Spend();
    Spend();
    const int64_t back = Spend();
    Must(tables().ReturnUse(GrantId(1)));
    Must(tables().SettleUse(back, UseOutcome::kReturned));
    Must(tables().AppendAudit(Event(event::kSignatureReturned, GrantId(1))));
    const AuditEvent open = Event(event::kSignatureSpent, "nightly");
    Must(tables().InsertUse(UseOf(Must(tables().AppendAudit(open)), "", "nightly")));
  }

  static AuditEvent Event(std::string_view name, const std::string& subject) {
    AuditEvent event = SomeEvent(subject);
    event.event = std::string(name);
    return event;
  }
  static Use UseOf(int64_t id, const std::string& grant, const std::string& signer) {
    const AuditEvent event = SomeEvent("x");
    return {id, grant, signer, event.actor, event.at, "ECDSA", "", "", UseOutcome::kPending};
  }
  int64_t Spend() {
    EXPECT_TRUE(Must(tables().SpendUse(GrantId(1), At(1500))));
    const int64_t id = Must(tables().AppendAudit(Event(event::kSignatureSpent, GrantId(1))));
    Must(tables().InsertUse(UseOf(id, GrantId(1), "release")));
    return id;
  }
  std::string FaultAfter(const std::string& change) {
    Must(database_.sql().Script("PRAGMA foreign_keys = OFF; BEGIN; " + change));
    const auto fault = Must(tables().CountFault());
    Must(database_.sql().Script("ROLLBACK"));
    return fault.value_or("none");
  }
  Tables& tables() { return database_.tables(); }

  Database database_;
};

TEST_F(TablesCounts, WhatGrantdWroteAgrees) {
  EXPECT_EQ(Must(tables().CountFault()), std::nullopt);
}

TEST_F(TablesCounts, ACountThatWasPutBackIsFound) {
  for (const char* used : {"0", "1", "3"}) {
    EXPECT_THAT(FaultAfter("UPDATE signing_grant SET used = " + std::string(used)),
                HasSubstr("counts " + std::string(used) + " uses, but the audit has 2"));
  }
}

TEST_F(TablesCounts, AUseThatWasRemovedPutInOrChangedIsFound) {
  EXPECT_EQ(FaultAfter("DELETE FROM signature_use WHERE id = 1"), "the use of entry 1 is missing");
  EXPECT_THAT(FaultAfter("INSERT INTO signature_use SELECT 99, grant_id, signer, caller, spent_at, "
                         "mechanism, digest, program, outcome FROM signature_use WHERE id = 1"),
              HasSubstr("use 99 is not"));
  for (const char* change : {"grant_id = NULL", "caller = 'unix:eve'", "spent_at = 7"}) {
    EXPECT_EQ(FaultAfter("UPDATE signature_use SET " + std::string(change) + " WHERE id = 2"),
              "use 2 is not the one that the audit has")
        << change;
  }
}

TEST_F(TablesCounts, ARemovedGrantIsFound) {
  EXPECT_NE(FaultAfter("DELETE FROM signing_grant; DELETE FROM signature_use"), "none");
}

}  // namespace
}  // namespace grant
