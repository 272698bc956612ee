#include "grantd/store/schema.h"

#include <functional>

#include "grantd/store/audit_chain.h"
#include "grantd/store/rules_json.h"
#include "store_testing.h"

namespace grant {
namespace {

TEST(Schema, MigratingTwiceChangesNothing) {
  Database database;
  Must(database.tables().AppendAudit(SomeEvent("x")));
  Must(MigrateSchema(database.sql()));
  EXPECT_EQ(database.Count("audit_entry"), 1);
  EXPECT_FALSE(database.sql().InTransaction());
}

TEST(Schema, LaterVersionIsRefusedUntouched) {
  Database database;
  Must(database.sql().Execute("UPDATE meta SET setting = $1 WHERE item = 'schema_version'",
                              {std::to_string(SchemaVersion() + 1)}));
  const int64_t version = Must(database.sql().Query("PRAGMA data_version", {}))[0].integer(0);
  auto other = database.Another(SqliteConnection::Mode::kReadWrite);
  const Error error = ErrorOf(MigrateSchema(*other));
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_THAT(error.message, testing::HasSubstr("version " + std::to_string(SchemaVersion() + 1)));
  EXPECT_FALSE(other->InTransaction());
  EXPECT_EQ(Must(database.sql().Query("PRAGMA data_version", {}))[0].integer(0), version);
}

TEST(Schema, NonsensicalVersionIsRefused) {
  for (const char* version : {"", "0", "-1", "1x", "x"}) {
    Database database;
    Must(database.sql().Execute("UPDATE meta SET setting = $1", {version}));
    EXPECT_THAT(MigrateSchema(database.sql()), FailsWith(Code::kInvalid)) << version;
  }
}

TEST(Schema, FailedMigrationLeavesNothing) {
  TempDir directory;
  MakeEmptyFile(directory / "test.db");
  auto sql =
      Must(SqliteConnection::Open(directory / "test.db", SqliteConnection::Mode::kReadWrite));
  Must(sql->Script("CREATE TABLE audit_entry (id BIGINT)"));
  EXPECT_FALSE(MigrateSchema(*sql));
  EXPECT_FALSE(sql->InTransaction());
  EXPECT_EQ(Must(sql->Query("SELECT name FROM sqlite_master", {})).size(), 1U);
}

// A database as an earlier grantd left it, with alice's request 1 and its grant.
class EarlierDatabase {
 public:
  explicit EarlierDatabase(
      int64_t version, const std::function<void(Tables)>& fill = [](const Tables&) {}) {
    MakeEmptyFile(directory_ / "test.db");
    sql_ = Must(SqliteConnection::Open(directory_ / "test.db", SqliteConnection::Mode::kReadWrite));
    Must(MigrateSchema(*sql_, version));
    Must(sql_->Execute(
        "INSERT INTO signing_request (id, signer, requester, status, created_at, expires_at, "
        "window_duration, signings, justification, digests, policy_snapshot, grant_id) VALUES "
        "($1, 'release', 'unix:alice', 'approved', 100000, 900000, 7200000, 3, 'Release v2.4.0', "
        "'[]', $2, $3)",
        {RequestId(1), Must(PolicyToJson(SomePolicy())), GrantId(1)}));
    Must(sql_->Execute(
        "INSERT INTO signing_grant (id, request_id, signer, holder, not_before, not_after, "
        "max_signings, used, digests) VALUES ($1, $2, 'release', 'unix:alice', 1000000, 2000000, "
        "3, 0, '[]')",
        {GrantId(1), RequestId(1)}));
    fill(Tables(*sql_));
    Must(MigrateSchema(*sql_));
  }

  Tables tables() { return Tables(*sql_); }

 private:
  TempDir directory_;
  std::unique_ptr<SqliteConnection> sql_;
};

TEST(Schema, WhatAnyEarlierVersionStoredStaysAsItWas) {
  for (int64_t version = 1; version < SchemaVersion(); ++version) {
    EarlierDatabase database(version);
    EXPECT_EQ(Must(database.tables().FindGrant(GrantId(1))), SomeGrant(1)) << version;
    Request expected = SomeRequest(1);
    expected.status = RequestStatus::kApproved;
    expected.grant_id = GrantId(1);
    EXPECT_EQ(Must(database.tables().FindRequest(RequestId(1))), expected) << version;
  }
}

TEST(Schema, AuditAndUsesOfAnEarlierVersionStayAsTheyWere) {
  for (int64_t version = 1; version < SchemaVersion(); ++version) {
    EarlierDatabase database(version, [](Tables tables) {
      AuditEvent spent = SomeEvent(GrantId(1));
      spent.event = event::kSignatureSpent;
      for (const UseOutcome outcome : {UseOutcome::kSigned, UseOutcome::kPending}) {
        Use use{Must(tables.AppendAudit(spent)),
                GrantId(1),
                "release",
                Who("unix:alice"),
                spent.at,
                "ECDSA",
                "",
                "",
                outcome};
        Must(tables.InsertUse(use));
      }
      Must(tables.AppendAudit(SomeEvent("x")));
    });
    Tables tables = database.tables();
    EXPECT_EQ(Must(VerifyChain(tables)).fault, std::nullopt) << version;
    EXPECT_EQ(Must(tables.LastAudit()).number, 3) << version;
    EXPECT_EQ(Must(tables.UsesOf(GrantId(1), 10)).size(), 2U) << version;
    const auto pending = Must(tables.PendingUses(10));
    ASSERT_EQ(pending.size(), 1U) << version;
    EXPECT_EQ(pending[0].id, 2) << version;
    Must(tables.SettleUse(2, UseOutcome::kSigned));
    EXPECT_EQ(Must(tables.AppendAudit(SomeEvent("y"))), 4) << version;
    EXPECT_EQ(Must(VerifyChain(tables)).fault, std::nullopt) << version;
  }
}

TEST(Schema, WhatWasThereBeforeSightsIsSeenByItsPolicy) {
  EarlierDatabase database(4);
  Tables tables = database.tables();
  const auto filed = Must(tables.FiledPolicies());
  ASSERT_EQ(filed.size(), 1U);
  EXPECT_EQ(filed[0].policy, SomePolicy());
  const Sight sight{Who("unix:dave"), 5004, {filed[0].number}};
  EXPECT_EQ(Must(tables.RequestIdsLike("req_", 2, sight)).size(), 1U);
  EXPECT_EQ(Must(tables.GrantIdsLike("grt_", 2, sight)).size(), 1U);
  Must(tables.InsertRequest(SomeRequest(2)));
  EXPECT_EQ(Must(tables.FiledPolicies()).size(), 1U) << "the same policy has the same number";
}

TEST(Schema, WhatWasThereBeforeSecretsTakesOnesThatCameAfter) {
  EarlierDatabase database(1);
  Tables tables = database.tables();
  Grant with_secret = SomeGrant(2);
  with_secret.secret_hash = "hash";
  Issue(tables, with_secret);
  EXPECT_EQ(Must(tables.FindGrantBySecret("hash")), with_secret);
}

TEST(Schema, WhatWasThereBeforeNotificationsIsToldOf) {
  EarlierDatabase database(2);
  Tables tables = database.tables();
  EXPECT_TRUE(Must(tables.UnpreparedNotifications(10)).empty());
  const Notification notification{"ntf_1",         std::string(event::kGrantRevoked),
                                  RequestId(1),    std::nullopt,
                                  Who("unix:bob"), At(1500)};
  Must(tables.InsertNotification(notification));
  EXPECT_EQ(Must(tables.FindNotification("ntf_1")), notification);
  EXPECT_TRUE(Must(tables.ChannelRecords()).empty());
}

TEST(Schema, OneSecretIsOfOneGrant) {
  Database database;
  Issue(database.tables(), SomeGrant(1));
  Issue(database.tables(), SomeGrant(2));
  Grant third = SomeGrant(3);
  third.secret_hash = "hash";
  Issue(database.tables(), third);
  Request other = SomeRequest(4);
  other.secret_hash = "hash";
  EXPECT_THAT(database.tables().InsertRequest(other), FailsWith(Code::kConflict));
  other.secret_hash.reset();
  Must(database.tables().InsertRequest(other));
  Grant fourth = SomeGrant(4);
  fourth.secret_hash = "hash";
  EXPECT_THAT(database.tables().InsertGrant(fourth), FailsWith(Code::kConflict));
}

TEST(Schema, UsedNeverLeavesItsBounds) {
  Database database;
  Issue(database.tables(), SomeGrant(1));
  for (int64_t used : {-1, 4}) {
    EXPECT_THAT(database.sql().Execute("UPDATE signing_grant SET used = $1", {used}),
                FailsWith(Code::kInternal));
  }
}

TEST(Schema, OneRequestGivesOneGrant) {
  Database database;
  Issue(database.tables(), SomeGrant(1));
  Grant second = SomeGrant(2);
  second.request_id = RequestId(1);
  EXPECT_THAT(database.tables().InsertGrant(second), FailsWith(Code::kConflict));
}

}  // namespace
}  // namespace grant
