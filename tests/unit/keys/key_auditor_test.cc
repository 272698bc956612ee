#include "grantd/keys/key_auditor.h"

#include "tests/unit/keys/keys_fixture.h"

namespace grant {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using KeyAuditorTest = KeysTest;

TEST_F(KeyAuditorTest, AUserDatabaseThatDoesNotAnswerEnablesNobody) {
  SetMode(0640);
  EXPECT_EQ(NamesOf(auditor_->LookAround(rules_).exposed["release"]), "pin-readable");
  find_ = NoAnswer;
  Around around = auditor_->LookAround(rules_);
  EXPECT_EQ(NamesOf(around.exposed["release"]), "pin-readable");
  EXPECT_EQ(around.unanswered.at("release").code, Code::kUnavailable);
  EXPECT_EQ(auditor_->Examine(rules_.signers[0], rules_).error().code, Code::kUnavailable);
  EXPECT_EQ(auditor_->CheckRules(rules_, {}).error().code, Code::kUnavailable);
  SetMode(0600);
  EXPECT_THAT(auditor_->LookAround(rules_).exposed["release"], IsEmpty())
      << "what is closed to all is closed to whoever it may be";
}

TEST_F(KeyAuditorTest, ARefusalNamesAllNewSigners) {
  EXPECT_THAT(auditor_->CheckRules(rules_, {}).value(), IsEmpty());
  SetMode(0644);
  const auto refused = auditor_->CheckRules(rules_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("signer 'release' cannot be enabled: pin"),
                                             HasSubstr("signer 'nightly' cannot be enabled: pin")));
  EXPECT_THAT(refused.error().hint, HasSubstr("in the rules of signer 'nightly'"));
}

TEST_F(KeyAuditorTest, AStoppedSignerRefusesNoRulesThatGiveItNothing) {
  SetMode(0644);
  Rules fewer = rules_;
  fewer.signers[0].users.pop_back();
  fewer.signers[0].mechanisms = {"ECDSA"};
  EXPECT_THAT(auditor_->CheckRules(fewer, rules_).value(),
              ElementsAre(AllOf(HasSubstr("'release', 'nightly'"), HasSubstr("signer check"))));
  const auto widened = auditor_->CheckRules(rules_, fewer);
  ASSERT_FALSE(widened);
  EXPECT_THAT(widened.error().message, AllOf(HasSubstr("'release'"), Not(HasSubstr("'nightly'"))));
  fewer.signers[1].acknowledged = {"decrypt"};
  EXPECT_FALSE(auditor_->CheckRules(fewer, rules_)) << "what is acknowledged is looked at";
  fewer.signers[1].acknowledged = {"pin-readable"};
  EXPECT_TRUE(auditor_->CheckRules(fewer, rules_));
}

TEST_F(KeyAuditorTest, ATokenThatIsAwayRefusesNoRulesThatGiveNothing) {
  token_->away = true;
  Rules fewer = rules_;
  fewer.signers[0].users.pop_back();
  EXPECT_THAT(
      auditor_->CheckRules(fewer, rules_).value(),
      ElementsAre(AllOf(HasSubstr("'release', 'nightly'"), HasSubstr("token prod is closed"))));
  EXPECT_EQ(auditor_->CheckRules(rules_, fewer).error().code, Code::kUnavailable);
}

TEST_F(KeyAuditorTest, SeesWhatIsAroundATokenThatWasNeverThere) {
  token_->away = true;
  SetMode(0644);
  EXPECT_EQ(NamesOf(auditor_->LookAround(rules_).exposed["release"]), "pin-readable");
}

TEST_F(KeyAuditorTest, AKeyThatASignerHasIsGivenToNoOther) {
  Rules more = rules_;
  more.signers.push_back(SignerOf("again", "other-key"));
  EXPECT_EQ(auditor_->CheckRules(more, rules_).error().message,
            "signers 'again' and 'nightly' name the same key");
  more.signers.back().key = "pkcs11:token=prod;object=no-key";
  EXPECT_EQ(auditor_->CheckRules(more, rules_).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace grant
