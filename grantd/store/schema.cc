#include "grantd/store/schema.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "grantd/failpoint.h"

namespace grant {
namespace {

using failpoint::Point;

// Each brings the schema from the version before to its own; once released, none changes. The
// names avoid the keywords of SQLite and PostgreSQL, and IDs and texts compare by bytes: a
// PostgreSQL database has to be made with the collation "C".
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE rules_version (
  rules_number BIGINT NOT NULL PRIMARY KEY,
  rules TEXT NOT NULL,
  applied_by TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);

CREATE TABLE signing_request (
  id TEXT NOT NULL PRIMARY KEY,
  signer TEXT NOT NULL,
  requester TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  window_duration BIGINT,
  window_from BIGINT,
  window_until BIGINT,
  signings BIGINT NOT NULL,
  justification TEXT NOT NULL,
  digests TEXT NOT NULL,
  policy_snapshot TEXT NOT NULL,
  closed_reason TEXT,
  grant_id TEXT
);
CREATE INDEX signing_request_overdue ON signing_request (status, expires_at);
CREATE INDEX signing_request_by_status ON signing_request (status, id);
CREATE INDEX signing_request_by_signer ON signing_request (signer, id);
CREATE INDEX signing_request_by_requester ON signing_request (requester, id);

CREATE TABLE request_decision (
  request_id TEXT NOT NULL REFERENCES signing_request (id),
  place BIGINT NOT NULL,
  step BIGINT NOT NULL,
  approver TEXT NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT NOT NULL,
  decided_at BIGINT NOT NULL,
  PRIMARY KEY (request_id, place)
);

CREATE TABLE request_comment (
  request_id TEXT NOT NULL REFERENCES signing_request (id),
  place BIGINT NOT NULL,
  author TEXT NOT NULL,
  note TEXT NOT NULL,
  written_at BIGINT NOT NULL,
  PRIMARY KEY (request_id, place)
);

CREATE TABLE signing_grant (
  id TEXT NOT NULL PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE REFERENCES signing_request (id),
  signer TEXT NOT NULL,
  holder TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  max_signings BIGINT NOT NULL,
  used BIGINT NOT NULL,
  digests TEXT NOT NULL,
  revoked_by TEXT,
  revoked_at BIGINT,
  revoke_reason TEXT,
  CHECK (used >= 0 AND used <= max_signings)
);
CREATE INDEX signing_grant_of_holder_by_end ON signing_grant (signer, holder, not_after);
CREATE INDEX signing_grant_of_holder_by_age ON signing_grant (signer, holder, id);
CREATE INDEX signing_grant_by_end ON signing_grant (signer, not_after);
CREATE INDEX signing_grant_by_signer ON signing_grant (signer, id);
CREATE INDEX signing_grant_by_holder ON signing_grant (holder, id);

CREATE TABLE audit_entry (
  entry_number BIGINT NOT NULL PRIMARY KEY,
  recorded_at BIGINT NOT NULL,
  event_name TEXT NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  signer TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  entry_hash TEXT NOT NULL
);
CREATE INDEX audit_entry_by_event ON audit_entry (event_name, entry_number);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, entry_number);
CREATE INDEX audit_entry_by_subject ON audit_entry (subject, entry_number);
CREATE INDEX audit_entry_by_signer ON audit_entry (signer, entry_number);

CREATE TABLE audit_head (
  entry_number BIGINT NOT NULL PRIMARY KEY,
  entry_hash TEXT NOT NULL
);
INSERT INTO audit_head (entry_number, entry_hash)
VALUES (0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE signature_use (
  id BIGINT NOT NULL PRIMARY KEY REFERENCES audit_entry (entry_number),
  grant_id TEXT REFERENCES signing_grant (id),
  signer TEXT NOT NULL,
  caller TEXT NOT NULL,
  spent_at BIGINT NOT NULL,
  mechanism TEXT NOT NULL,
  digest TEXT NOT NULL,
  program TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX signature_use_by_grant ON signature_use (grant_id, id);
CREATE INDEX signature_use_by_outcome ON signature_use (outcome, id);
)sql",
    R"sql(
ALTER TABLE signing_request ADD COLUMN secret_hash TEXT;
CREATE UNIQUE INDEX signing_request_by_secret ON signing_request (secret_hash);
ALTER TABLE signing_grant ADD COLUMN secret_hash TEXT;
CREATE UNIQUE INDEX signing_grant_by_secret ON signing_grant (secret_hash);
)sql",
    R"sql(
CREATE TABLE notification (
  id TEXT NOT NULL PRIMARY KEY,
  event_name TEXT NOT NULL,
  request_id TEXT NOT NULL REFERENCES signing_request (id),
  step BIGINT,
  actor TEXT NOT NULL,
  happened_at BIGINT NOT NULL,
  prepared BIGINT NOT NULL
);
CREATE INDEX notification_by_preparation ON notification (prepared, id);

CREATE TABLE notification_delivery (
  notification_id TEXT NOT NULL REFERENCES notification (id),
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  address TEXT NOT NULL,
  delivery_status TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  queued_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  delivered_at BIGINT,
  PRIMARY KEY (notification_id, channel, recipient)
);
CREATE INDEX notification_delivery_by_due ON notification_delivery
  (delivery_status, channel, due_at);
CREATE INDEX notification_delivery_by_age ON notification_delivery
  (delivery_status, notification_id);

CREATE TABLE notification_channel (
  channel TEXT NOT NULL PRIMARY KEY,
  last_success_at BIGINT,
  last_error_at BIGINT,
  last_error TEXT NOT NULL
);
)sql",
    R"sql(
ALTER TABLE signing_request ADD COLUMN idempotency_key TEXT;
ALTER TABLE signing_request ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
ALTER TABLE signing_request ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';
CREATE UNIQUE INDEX signing_request_by_key ON signing_request (requester, idempotency_key);
CREATE INDEX signing_request_of_requester_by_end ON signing_request
  (requester, status, expires_at);
ALTER TABLE request_decision ADD COLUMN narrowed_signings BIGINT;
ALTER TABLE request_decision ADD COLUMN narrowed_window BIGINT;
ALTER TABLE signing_grant ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE signing_grant ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
)sql",
    // filed_policy has each policy once under which anything was filed, so that what somebody may
    // see is found by an index.
    R"sql(
ALTER TABLE signing_request ADD COLUMN requester_uid BIGINT;
ALTER TABLE request_decision ADD COLUMN approver_uid BIGINT;
ALTER TABLE signing_grant ADD COLUMN holder_uid BIGINT;
CREATE TABLE filed_policy (
  policy_number BIGINT NOT NULL PRIMARY KEY,
  policy_snapshot TEXT NOT NULL UNIQUE
);
INSERT INTO filed_policy (policy_number, policy_snapshot)
SELECT ROW_NUMBER() OVER (ORDER BY policy_snapshot), policy_snapshot
FROM (SELECT DISTINCT policy_snapshot FROM signing_request) AS filed;
ALTER TABLE signing_request ADD COLUMN policy_number BIGINT;
UPDATE signing_request SET policy_number = (SELECT policy_number FROM filed_policy
  WHERE filed_policy.policy_snapshot = signing_request.policy_snapshot);
ALTER TABLE signing_grant ADD COLUMN policy_number BIGINT;
UPDATE signing_grant SET policy_number = (SELECT policy_number FROM signing_request
  WHERE signing_request.id = signing_grant.request_id);
CREATE INDEX signing_request_by_policy ON signing_request (policy_number, id);
CREATE INDEX signing_request_by_policy_and_status ON signing_request (policy_number, status, id);
CREATE INDEX signing_grant_by_policy ON signing_grant (policy_number, id);
)sql",
    // A signature costs the pages that it changes. So the audit and the uses are kept in the order
    // of their numbers (what SQLite calls INTEGER PRIMARY KEY; elsewhere it is a BIGINT), the end
    // of the chain is one row that is changed in place, and the indexes leave out what is one for
    // each signature: a spent use is found by its row in signature_use.
    R"sql(
ALTER TABLE signature_use RENAME TO earlier_use;
ALTER TABLE audit_entry RENAME TO earlier_entry;
ALTER TABLE audit_head RENAME TO earlier_head;
CREATE TABLE audit_entry (
  entry_number INTEGER NOT NULL PRIMARY KEY,
  recorded_at BIGINT NOT NULL,
  event_name TEXT NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  signer TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  entry_hash TEXT NOT NULL
);
INSERT INTO audit_entry SELECT * FROM earlier_entry ORDER BY entry_number;
CREATE TABLE audit_head (
  entry_number BIGINT NOT NULL,
  entry_hash TEXT NOT NULL
);
INSERT INTO audit_head SELECT * FROM earlier_head;
CREATE TABLE signature_use (
  id INTEGER NOT NULL PRIMARY KEY REFERENCES audit_entry (entry_number),
  grant_id TEXT REFERENCES signing_grant (id),
  signer TEXT NOT NULL,
  caller TEXT NOT NULL,
  spent_at BIGINT NOT NULL,
  mechanism TEXT NOT NULL,
  digest TEXT NOT NULL,
  program TEXT NOT NULL,
  outcome TEXT NOT NULL
);
INSERT INTO signature_use SELECT * FROM earlier_use ORDER BY id;
DROP TABLE earlier_use;
DROP TABLE earlier_entry;
DROP TABLE earlier_head;
CREATE INDEX audit_entry_by_event ON audit_entry (event_name, entry_number)
  WHERE event_name <> 'signature.spent';
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, entry_number)
  WHERE event_name <> 'signature.spent';
CREATE INDEX audit_entry_by_subject ON audit_entry (subject, entry_number)
  WHERE event_name <> 'signature.spent';
CREATE INDEX audit_entry_by_signer ON audit_entry (signer, entry_number)
  WHERE event_name <> 'signature.spent';
CREATE INDEX signature_use_by_grant ON signature_use (grant_id, id);
CREATE INDEX signature_use_pending ON signature_use (outcome, id) WHERE outcome = 'pending';
)sql",
};

constexpr char kMeta[] =
    "CREATE TABLE IF NOT EXISTS meta (item TEXT NOT NULL PRIMARY KEY, setting TEXT NOT NULL)";

Result<int64_t> StoredVersion(sql::Connection& connection) {
  GRANT_TRY(auto rows,
            connection.Query("SELECT setting FROM meta WHERE item = 'schema_version'", {}));
  if (rows.empty()) return 0;
  const std::string text = rows[0].maybe_text(0).value_or("");
  int64_t version = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    return Fail(Code::kInvalid, fmt::format("the database says its schema version is '{}'", text),
                "put a backup in its place: grantctl restore FILE --reason TEXT");
  }
  return version;
}

Result<int64_t> KnownVersion(sql::Connection& connection) {
  GRANT_TRY(const int64_t stored, StoredVersion(connection));
  if (stored <= SchemaVersion()) return stored;
  return Fail(Code::kInvalid,
              fmt::format("the database has schema version {}, and this grantd knows versions up "
                          "to {}",
                          stored, SchemaVersion()),
              "install the grantd that last used this state_dir, or a later one");
}

Status StoreVersion(sql::Connection& connection, int64_t version) {
  GRANT_CHECK(connection.Execute("DELETE FROM meta WHERE item = 'schema_version'", {}));
  GRANT_CHECK(connection.Execute("INSERT INTO meta (item, setting) VALUES ('schema_version', $1)",
                                 {std::to_string(version)}));
  GRANT_CHECK(connection.Execute("DELETE FROM meta WHERE item = 'grantd_version'", {}));
  GRANT_CHECK(connection.Execute("INSERT INTO meta (item, setting) VALUES ('grantd_version', $1)",
                                 {std::string(GRANT_VERSION)}));
  return {};
}

Status MigrateInTransaction(sql::Connection& connection, int64_t target) {
  GRANT_CHECK(connection.Execute(kMeta, {}));
  GRANT_TRY(const int64_t stored, KnownVersion(connection));
  if (stored >= target) return {};
  for (int64_t version = stored; version < target; ++version) {
    GRANT_CHECK(connection.Script(kMigrations[version]));
    failpoint::Reach(Point::kMigrationStep);
  }
  return StoreVersion(connection, target);
}

}  // namespace

int64_t SchemaVersion() {
  return static_cast<int64_t>(std::size(kMigrations));
}

Status CheckSchemaIsKnown(sql::Connection& connection) {
  GRANT_CHECK(KnownVersion(connection));
  return {};
}

Status MigrateSchema(sql::Connection& connection, int64_t target) {
  GRANT_CHECK(connection.Execute("BEGIN", {}));
  Status status = MigrateInTransaction(connection, target);
  if (status) status = connection.Script("COMMIT");
  if (status) failpoint::Reach(Point::kMigrationCommitted);
  if (!status && connection.InTransaction()) (void)connection.Execute("ROLLBACK", {});
  return status;
}

Result<StoredSchema> ReadStoredSchema(sql::Connection& connection) {
  StoredSchema stored;
  GRANT_TRY(stored.version, StoredVersion(connection));
  GRANT_TRY(const auto rows,
            connection.Query("SELECT setting FROM meta WHERE item = 'grantd_version'", {}));
  if (!rows.empty()) stored.grantd_version = rows[0].maybe_text(0).value_or("");
  return stored;
}

}  // namespace grant
