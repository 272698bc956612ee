#include "grantd/keys/key_desk.h"

#include "tests/unit/keys/keys_fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A store on a full disk.
class FullStore : public Store {
 public:
  using Store::Write;
  Status Write(std::function<Status(Tables&)>, std::function<void()>) override {
    return Fail(Code::kUnavailable, "the disk is full");
  }
  Status Read(std::function<Status(Tables&)>) override { return {}; }
  uint64_t generation() const override { return 0; }
};

class KeyDeskTest : public KeysTest {
 protected:
  KeyDeskTest() : store_(OpenSqliteStore(dir_ / "state").value()) {}

  template <typename Question>
  auto Ask(Store& store, const Question& question) {
    Surroundings surroundings;
    surroundings.now = [] { return At(0); };
    surroundings.admins = Ps({"unix:root"});
    Workflow workflow(store, std::move(surroundings));
    KeyDeskSurroundings around{[] { return At(0); },
                               [] { return Result<SecretEntropy>(SecretEntropy{}); },
                               [] { return std::vector<Refusal>(); }, deliveries_};
    KeyDesk desk(store, workflow, *keys_, *auditor_, std::move(around));
    return question(desk);
  }

  Result<GeneratedKey> Generate(Store& store) {
    return Ask(store, [](KeyDesk& desk) {
      return desk.Generate(Who("unix:root"), {"prod", "new-key", NewKeyType::kP256});
    });
  }

  std::unique_ptr<Store> store_;
  Deliveries deliveries_;
};

TEST_F(KeyDeskTest, NoKeyIsMadeBeforeTheAuditSaysThatItIsTried) {
  std::vector<std::string> before;
  token_->generate = [&]() -> tl::expected<MadeKey, TokenFailure> {
    before = Events(*store_);
    return tl::make_unexpected(TokenFailure{CKR_DEVICE_ERROR, "C_GenerateKeyPair", true});
  };
  EXPECT_FALSE(Generate(*store_));
  EXPECT_THAT(before, ElementsAre("key.generation-begun"));
  EXPECT_THAT(Events(*store_), ElementsAre("key.generation-begun", "key.generation-failed"));
}

TEST_F(KeyDeskTest, OfATokenThatDoesNotAnswerTheAuditSaysNoResult) {
  token_->generate = []() -> tl::expected<MadeKey, TokenFailure> {
    return tl::make_unexpected(TokenFailure{CKR_FUNCTION_FAILED, "C_GenerateKeyPair", false});
  };
  EXPECT_THAT(Generate(*store_).error().message, HasSubstr("nobody knows whether"));
  EXPECT_THAT(Events(*store_), ElementsAre("key.generation-begun"));
}

TEST_F(KeyDeskTest, NoKeyIsMadeThatCannotBeWrittenDown) {
  bool asked = false;
  token_->generate = [&]() -> tl::expected<MadeKey, TokenFailure> {
    asked = true;
    return MadeKey{};
  };
  FullStore full;
  EXPECT_THAT(Generate(full).error().message, HasSubstr("the disk is full"));
  EXPECT_FALSE(asked);
}

TEST_F(KeyDeskTest, AKeyWhoseSignerNobodyCanTellIsNotCertified) {
  rules_.signers.resize(1);
  rules_.signers[0].key = "pkcs11:object=release-key";
  spare_->away = true;
  ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules_, P("unix:root"), At(0)));
    return {};
  }));
  const auto made = Ask(*store_, [](KeyDesk& desk) {
    return desk.RequestCertificate(Who("unix:root"), {"prod", "release-key", {{"CN", "x"}}, {}});
  });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "token spare is closed");
}

}  // namespace
}  // namespace grant
