// Two signers with a key each on a token that does what a test wants, and a user database that
// says what a test wants.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "grantd/keys/key_auditor.h"
#include "grantd/store/store.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {

class KeysToken : public FakeToken {
 public:
  KeysToken(Signer& sign, const std::string& name, const std::string& pin_file)
      : FakeToken(sign, name) {
    settings_.name = name;
    settings_.pin_file = pin_file;
    settings_.uri = "pkcs11:token=" + name;
  }
  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override {
    gate::TokenRecord record = FakeToken::Describe();
    if (away) record.label.clear();  // as of one that was never there
    record.present = !away;
    return record;
  }
  Result<std::shared_ptr<const TokenObjects>> Objects() override {
    if (away) return Fail(Code::kUnavailable, "token " + settings_.name + " is closed");
    return FakeToken::Objects();
  }
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake& wanted) override {
    return generate ? generate() : FakeToken::GenerateKey(wanted);
  }

  bool away = false;
  std::function<tl::expected<MadeKey, TokenFailure>()> generate;

 private:
  TokenSettings settings_;
};

// Signers "release" and "nightly" have release-key and other-key of token "prod", whose PIN is in a
// file. Their user alice has the uid 5000 and is in the group of that file.
class KeysTest : public testing::Test {
 protected:
  KeysTest() {
    chmod(dir_.path().c_str(), 0755);
    pin_file_ = dir_.Write("pin", "1234");
    SetMode(0600);
    users_.find = [this](std::string_view) -> Result<std::optional<UnixUser>> { return find_(); };
    users_.members_of = [](const Principal&) { return std::vector<Principal>(); };
    users_.groups_of = [](const UnixUser&) { return std::vector<gid_t>{getegid()}; };
    std::vector<std::unique_ptr<Token>> tokens;
    auto token = std::make_unique<KeysToken>(sign_, "prod", pin_file_);
    token_ = token.get();
    tokens.push_back(std::move(token));
    auto spare = std::make_unique<KeysToken>(sign_, "spare", "");
    spare_ = spare.get();
    tokens.push_back(std::move(spare));
    keys_ = std::make_unique<KeyDirectory>(std::move(tokens));
    ExposureSources sources;
    sources.module_folders = {};
    auditor_ = std::make_unique<KeyAuditor>(*keys_, sources, users_);
    rules_.signers = {SignerOf("release", "release-key"), SignerOf("nightly", "other-key")};
  }

  // Of the PIN's file: 0600 is closed, 0640 open to alice, 0644 to everybody.
  void SetMode(mode_t mode) { chmod(pin_file_.c_str(), mode); }

  static Signer SignerOf(const std::string& name, const std::string& label) {
    Signer signer;
    signer.name = name;
    signer.key = "pkcs11:token=prod;object=" + label;
    signer.users = Ps({"unix:alice", "unix:bob"});
    return signer;
  }

  static Result<std::optional<UnixUser>> Alice() { return UnixUser{5000, 5000, "alice"}; }
  static Result<std::optional<UnixUser>> NoAnswer() {
    return Fail(Code::kUnavailable, "the user database does not answer");
  }

  std::vector<std::string> Events(Store& store) {
    std::vector<std::string> names;
    EXPECT_TRUE(store.Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto entries, tables.AuditFrom(1, 100));
      for (const AuditEntry& entry : entries) names.push_back(entry.event.event);
      return {};
    }));
    return names;
  }

  test::TempDir dir_;
  std::string pin_file_;
  FakeToken::Signer sign_ = [] { return Bytes(64, 1); };
  std::function<Result<std::optional<UnixUser>>()> find_ = Alice;
  UserSources users_;
  KeysToken* token_ = nullptr;
  KeysToken* spare_ = nullptr;  // the token "spare"
  std::unique_ptr<KeyDirectory> keys_;
  std::unique_ptr<KeyAuditor> auditor_;
  Rules rules_;
};

}  // namespace grant
