// The way of one signature, over a real store and a token that does what a test wants.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grantd/gate/inventory.h"
#include "grantd/gate/logins.h"
#include "grantd/gate/signing.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {

// Signer "release" has release-key of token "prod" under a policy. There is one grant for it, grt_1
// of unix:alice, for three signatures.
class SigningTest : public testing::Test {
 protected:
  SigningTest() : store_(OpenSqliteStore(dir_ / "state").value()), keys_(Tokens()) {
    Rules rules = MakeRules();
    rules.signers.pop_back();
    target_.token = "prod";
    target_.key_id = kKeyId;
    target_.mechanism.type = CKM_ECDSA;
    EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
      return {};
    }));
    Issue(MakeGrant("grt_1"));
  }

  std::vector<std::unique_ptr<Token>> Tokens() {
    std::vector<std::unique_ptr<Token>> tokens;
    tokens.push_back(std::make_unique<FakeToken>(sign_));
    tokens.push_back(std::make_unique<FakeToken>(sign_, "any-pin", true));
    return tokens;
  }

  // Stores a grant with the request that it came from.
  void Issue(const Grant& held) {
    Request request =
        FileRequest(MakeWish(), MakeRules(), Who("unix:alice"), At(0), held.request_id).value();
    request.signer = held.signer;
    request.requester = held.holder;
    request.secret_hash = held.secret_hash;
    request.status = RequestStatus::kApproved;
    request.grant_id = held.id;
    EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.InsertRequest(request));
      return tables.InsertGrant(held);
    }));
  }

  static Peer PeerAs(const std::string& who) {
    Peer peer;
    peer.identity = Who(who);
    peer.uid = static_cast<uid_t>(std::hash<std::string>()(who) % 60'000);
    return peer;
  }

  // Signs as `who`; says whether a signature was delivered.
  tl::expected<void, gate::Refused> SignAs(const std::string& who) {
    delivered_ = false;
    auto operation = signing_.Begin(PeerAs(who), target_);
    if (!operation) return tl::unexpected(operation.error());
    operation->content.Add(Bytes(32));
    return signing_.Complete(*std::move(operation), [this](const Bytes&) { delivered_ = true; });
  }

  uint32_t Used(const std::string& id = "grt_1") {
    uint32_t used = 0;
    EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto held, tables.FindGrant(id));
      used = held->used;
      return {};
    }));
    return used;
  }

  std::vector<AuditEvent> Audit() {
    std::vector<AuditEvent> events;
    EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto entries, tables.AuditFrom(1, 100));
      for (const AuditEntry& entry : entries) events.push_back(entry.event);
      return {};
    }));
    return events;
  }

  std::vector<std::string> Events() {
    std::vector<std::string> names;
    for (const AuditEvent& event : Audit()) names.push_back(event.event);
    return names;
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  FakeToken::Signer sign_ = [] { return Bytes(64, 1); };
  KeyDirectory keys_;
  Time now_ = At(10);
  std::map<Principal, std::vector<Principal>> user_database_;  // who belongs to which groups
  Inventory inventory_{*store_, keys_};
  Logins logins_{*store_, keys_, [this] { return now_; },
                 [this](const Principal& who) { return user_database_[who]; }};
  Site site_;  // before the first signature
  Signing signing_{*store_, keys_, logins_, [this] { return now_; }, site_};
  gate::SignTarget target_;
  bool delivered_ = false;
};

}  // namespace grant
