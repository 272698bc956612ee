#include "store_testing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "grantd/store/schema.h"

namespace grant {
namespace {

std::unique_ptr<SqliteConnection> OpenMigrated(const std::string& path) {
  MakeEmptyFile(path);
  auto connection = Must(SqliteConnection::Open(path, SqliteConnection::Mode::kReadWrite));
  Must(connection->Query("PRAGMA journal_mode = WAL", {}));
  Must(MigrateSchema(*connection));
  return connection;
}

}  // namespace

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "grantd_store_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = std::filesystem::canonical(name).string();
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Database::Database()
    : path_(directory_ / "test.db"), connection_(OpenMigrated(path_)), tables_(*connection_) {}

std::unique_ptr<SqliteConnection> Database::Another(SqliteConnection::Mode mode) const {
  return Must(SqliteConnection::Open(path_, mode));
}

int64_t Database::Count(const std::string& table) {
  return Must(sql().Query("SELECT COUNT(*) FROM " + table, {}))[0].integer(0);
}

Result<std::vector<sql::Row>> WatchedConnection::Query(std::string_view text,
                                                       const std::vector<sql::Value>& values) {
  GRANT_CHECK(before_(text, values));
  return inner_.Query(text, values);
}

Result<int64_t> WatchedConnection::Execute(std::string_view text,
                                           const std::vector<sql::Value>& values) {
  GRANT_CHECK(before_(text, values));
  return inner_.Execute(text, values);
}

Status WatchedConnection::Script(std::string_view text) {
  GRANT_CHECK(before_(text, {}));
  return inner_.Script(text);
}

void MakeEmptyFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot make " + path);
  close(fd);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  MakeEmptyFile(path);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
}

Principal Who(const std::string& text) {
  return Must(Principal::Parse(text));
}

Time At(int64_t seconds) {
  return FromMillis(seconds * 1000);
}

std::string RequestId(int number) {
  return fmt::format("req_{:026}", number);
}

std::string GrantId(int number) {
  return fmt::format("grt_{:026}", number);
}

Digest SomeDigest(char fill) {
  return Must(Digest::Parse("sha256:" + std::string(64, fill)));
}

Policy SomePolicy() {
  Policy policy;
  policy.name = "release-signing";
  policy.max_window = std::chrono::hours(8);
  policy.max_signings = 10;
  policy.self_approval = false;
  policy.steps = {Step{"Security review", {Who("group:security"), Who("unix:dave")}, 1, true},
                  Step{"Owner", {Who("unix:erin")}, 1, false}};
  return policy;
}

Request SomeRequest(int number) {
  Request request;
  request.id = RequestId(number);
  request.signer = "release";
  request.requester = Who("unix:alice");
  request.created_at = At(100);
  request.expires_at = At(900);
  request.window.duration = std::chrono::hours(2);
  request.signings = 3;
  request.justification = "Release v2.4.0";
  request.policy = SomePolicy();
  return request;
}

Grant SomeGrant(int number) {
  Grant grant;
  grant.id = GrantId(number);
  grant.request_id = RequestId(number);
  grant.signer = "release";
  grant.holder = Who("unix:alice");
  grant.not_before = At(1000);
  grant.not_after = At(2000);
  grant.max_signings = 3;
  return grant;
}

AuditEvent SomeEvent(const std::string& subject) {
  AuditEvent event;
  event.at = At(1500);
  event.event = event::kSignatureSpent;
  event.actor = Who("unix:alice");
  event.subject = subject;
  event.signer = "release";
  event.detail = R"({"mechanism":"RSA-PKCS"})";
  return event;
}

void Issue(Tables& tables, const Grant& grant) {
  Request request = SomeRequest(0);
  request.id = grant.request_id;
  request.signer = grant.signer;
  request.status = RequestStatus::kApproved;
  request.grant_id = grant.id;
  request.secret_hash = grant.secret_hash;
  Must(tables.InsertRequest(request));
  Must(tables.InsertGrant(grant));
}

}  // namespace grant
