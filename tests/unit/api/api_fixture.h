// The API over a real workflow and a real store in a temporary directory; only clock, chance and
// identity are the test's.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "grantd/api/api.h"
#include "grantd/api/target.h"
#include "grantd/keys/key_desk.h"
#include "grantd/seal/seal.h"
#include "tests/unit/domain/zones.h"

namespace grant::api {

// alice uses signer "release"; bob and carol approve for it, bob first; ci signs with "nightly"
// without a policy; root administers, olga audits; mallory has to do with nothing.
inline constexpr const char* kRulesToml = R"(
[[group]]
name = "security"
members = ["unix:carol"]

[[policy]]
name = "release-signing"
max_window = "8h"
max_signings = 10
max_request_ttl = "24h"
[[policy.step]]
name = "Review"
approvers = ["unix:bob"]
[[policy.step]]
name = "Security"
approvers = ["group:security"]
notify = true

[[signer]]
name = "release"
key = "pkcs11:token=prod;object=release-key"
policy = "release-signing"
users = ["unix:alice"]
mechanisms = ["SHA256-RSA-PKCS"]

[[signer]]
name = "nightly"
key = "pkcs11:token=prod;object=nightly-key"
users = ["unix:ci"]
)";

struct Reply {
  int status = 0;
  std::string text;
  nlohmann::ordered_json json;
  std::string allow;
  std::string etag;
};

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    spdlog::set_level(spdlog::level::off);
    std::string pattern = (std::filesystem::temp_directory_path() / "grant-api-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    auto store = OpenSqliteStore(directory_);
    if (!store) throw std::runtime_error(store.error().message);
    store_ = *std::move(store);
    Surroundings surroundings;
    surroundings.now = [this] { return now_; };
    surroundings.entropy = [this] {
      IdEntropy entropy{};
      ++drawn_;
      for (size_t i = 0; i < sizeof(drawn_); ++i) {
        entropy[entropy.size() - 1 - i] = static_cast<uint8_t>(drawn_ >> (8 * i));
      }
      return entropy;
    };
    surroundings.secret_entropy = [this] {
      SecretEntropy entropy{};
      entropy[0] = static_cast<uint8_t>(++secrets_drawn_);
      return entropy;
    };
    surroundings.groups_of = [this](const Principal& who) -> Result<std::vector<Principal>> {
      if (lookups_fail_) return Fail(Code::kUnavailable, "cannot look up " + who.text());
      return groups_of_[who.text()];
    };
    surroundings.members_of = [this](const Principal& group) { return members_of_[group.text()]; };
    surroundings.zone_of = TestZone;
    surroundings.admins = {Principal::Parse("unix:root").value()};
    surroundings.auditors = {Principal::Parse("unix:olga").value(),
                             Principal::Parse("unix-group:audit").value()};
    surroundings.check_keys = [](const Rules&, const Rules&) {
      return Result<std::vector<std::string>>();
    };
    surroundings.channels.webhook = true;
    surroundings.alarms = [this] { return alarms_; };
    surroundings.acknowledge = [this](const Principal& by, const std::string& reason,
                                      const auto& on_restored) -> Status {
      acknowledged_ = by.text() + ": " + reason;
      if (alarms_.empty()) return {};
      return store_->Write([&](Tables& tables) { return on_restored(tables, now_); });
    };
    surroundings.mark = [this] { return mark_; };
    surroundings.withdraw = [](const std::string&) {};
    workflow_ = std::make_unique<Workflow>(*store_, std::move(surroundings));
    key_desk_ = std::make_unique<KeyDesk>(
        *store_, *workflow_, keys_, auditor_,
        KeyDeskSurroundings{[this] { return now_; }, [] { return Result<SecretEntropy>(); },
                            [this] { return alarms_; }, deliveries_});
    seal_ = std::make_unique<Seal>(
        *store_, [this] { return now_; }, std::nullopt, std::vector<SealableToken*>());
    api_ = std::make_unique<Api>(
        Services{*workflow_, *key_desk_, [this] { return tokens_; }, [this] { return channels_; },
                 [this] { return metrics_; }, "", "",
                 [this](const Principal& by) { return BackUp(by); }, [this] { return not_ready_; },
                 [this] { return stalled_; }, [this] { return system_; }, seal_.get()});
  }

  ~ApiTest() override {
    api_.reset();
    key_desk_.reset();
    workflow_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  Reply Send(const std::string& user, const std::string& method, const std::string& target,
             const std::string& body = {}, const std::string& content_type = "application/json") {
    auto parsed = ParseTarget(target).value();
    HttpRequest request;
    request.method = method;
    request.path = parsed.path;
    request.query = parsed.query;
    request.body = body;
    if (!body.empty()) request.content_type = content_type;
    request.idempotency_key = idempotency_key_;
    request.if_match = if_match_;
    request.peer.program = program_;
    if (!user.empty()) {
      request.peer.identity.principal = Principal::Parse("unix:" + user).value();
      request.peer.identity.groups = {Principal::Parse("unix-group:" + user).value()};
    }
    HttpResponse response = api_->Handle(request);
    return {response.status, response.body,
            nlohmann::ordered_json::parse(response.body, nullptr, false), response.allow,
            response.etag};
  }

  Reply Get(const std::string& user, const std::string& target) {
    return Send(user, "GET", target);
  }

  Reply Post(const std::string& user, const std::string& target, const nlohmann::json& body) {
    return Send(user, "POST", target, body.dump());
  }

  void ApplyRules() {
    Reply reply = Post("root", "/v1/rules", {{"document", kRulesToml}, {"source", "rules.toml"}});
    ASSERT_EQ(reply.status, 200) << reply.text;
  }

  static nlohmann::json Wish() {
    return {{"signer", "release"},
            {"signings", 3},
            {"window", {{"duration", "2h"}}},
            {"justification", "Release v2.4.0"},
            {"new", true}};
  }

  // Files a request as alice and returns its ID.
  std::string FileRequest() {
    Reply reply = Post("alice", "/v1/requests", Wish());
    EXPECT_EQ(reply.status, 201) << reply.text;
    return reply.json.value("id", "");
  }

  // Has a new request approved and returns the ID of the grant.
  std::string IssueGrant() {
    std::string path = "/v1/requests/" + FileRequest() + "/approve";
    Send("bob", "POST", path);
    return Send("carol", "POST", path).json["grant_id"];
  }

  // The IDs of a list that root sees.
  std::vector<std::string> Ids(const std::string& target) {
    const Reply reply = Get("root", target);
    std::vector<std::string> ids;
    for (const auto& item : reply.json["items"]) ids.push_back(item["id"]);
    return ids;
  }

  size_t AuditEntries() { return Get("root", "/v1/audit?limit=1000").json["items"].size(); }

  Result<Backup> BackUp(const Principal& by) {
    if (backup_fails_) return Fail(Code::kUnavailable, "no room");
    backed_up_by_ = by.text();
    return Backup{"/backups/b.db", std::string(64, 'a'), 12, {3, std::string(64, 'b')}, now_};
  }

  std::string directory_;
  Time now_ = ParseTime("2026-11-21T20:00:00Z").value();
  std::optional<std::string> idempotency_key_;
  std::optional<std::string> if_match_;
  std::string program_ = "/usr/bin/grantctl";
  uint64_t drawn_ = 0;
  int secrets_drawn_ = 0;
  // The user database.
  std::map<std::string, std::vector<Principal>> groups_of_;
  std::map<std::string, std::vector<Principal>> members_of_;
  bool lookups_fail_ = false;
  std::vector<TokenPresence> tokens_{{"prod", true}};
  std::vector<ChannelState> channels_;
  std::string metrics_;
  bool backup_fails_ = false;
  std::string backed_up_by_;
  std::vector<std::string> not_ready_;
  bool stalled_ = false;
  SystemReport system_{
      "/etc/grantd.toml",
      std::nullopt,
      true,
      {{"prod", true, 1, 2, "/etc/pin", Error{Code::kInvalid, "it is open", "close it"}}},
      {{"/state", 10, 5, 4, 2, std::nullopt}},
      "/mark",
      true,
      3,
      1,
      "/backups",
      now_};
  std::vector<Refusal> alarms_;
  std::string acknowledged_;
  std::optional<AuditHead> mark_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Workflow> workflow_;
  KeyDirectory keys_{std::vector<std::unique_ptr<Token>>()};  // of a grantd without a token
  KeyAuditor auditor_{keys_};
  Deliveries deliveries_;
  std::unique_ptr<KeyDesk> key_desk_;
  std::unique_ptr<Seal> seal_;
  std::unique_ptr<Api> api_;
};

// The keys of an object, in order.
inline std::vector<std::string> KeysOf(const nlohmann::ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.items()) keys.push_back(member.key());
  return keys;
}

}  // namespace grant::api
