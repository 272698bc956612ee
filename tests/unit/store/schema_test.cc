#include "grantd/store/schema.h"

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

TEST(Schema, WhatWasThereBeforeSecretsStaysAndHasNone) {
  Database database;
  Issue(database.tables(), SomeGrant(1));
  for (const char* table : {"signing_request", "signing_grant"}) {
    const std::string name = table;
    Must(database.sql().Script("DROP INDEX " + name + "_by_secret; ALTER TABLE " + name +
                               " DROP COLUMN secret_hash"));
  }
  Must(database.sql().Execute("UPDATE meta SET setting = '1' WHERE item = 'schema_version'", {}));
  auto upgraded = database.Another(SqliteConnection::Mode::kReadWrite);
  Must(MigrateSchema(*upgraded));
  Tables tables(*upgraded);
  EXPECT_EQ(Must(tables.FindGrant(GrantId(1))), SomeGrant(1));
  EXPECT_EQ(Must(tables.FindRequest(RequestId(1)))->secret_hash, std::nullopt);
  Grant with_secret = SomeGrant(2);
  with_secret.secret_hash = "hash";
  Issue(tables, with_secret);
  EXPECT_EQ(Must(tables.FindGrantBySecret("hash")), with_secret);
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
