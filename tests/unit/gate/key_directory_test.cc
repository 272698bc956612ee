#include "grantd/gate/key_directory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/config/pem.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {
namespace {

TEST(KeyDirectory, AnAuthorityOfSeveralSignersIsOneObject) {
  FakeToken::Signer sign;
  std::vector<std::unique_ptr<Token>> tokens;
  tokens.push_back(std::make_unique<FakeToken>(sign));
  KeyDirectory keys(std::move(tokens));
  RulesVersion rules;
  rules.version = 1;
  rules.rules = MakeRules();
  const Signer pattern = rules.rules.signers.front();
  rules.rules.signers.clear();
  for (const char* label : {"release-key", "other-key"}) {
    Signer signer = pattern;
    signer.name = label;
    signer.key = std::string("pkcs11:token=prod;object=") + label;
    signer.certificate = std::string(test::kCertificate) + test::kCertificate;
    rules.rules.signers.push_back(signer);
  }
  const auto shown = keys.ObjectsFor(*keys.FindToken("prod"), 0, rules);
  ASSERT_TRUE(shown) << shown.error().message;
  const auto certificates = std::ranges::count_if(shown->objects, [](const auto& object) {
    return std::ranges::any_of(object.attributes, [](const gate::AttributeRecord& attribute) {
      return attribute.type == CKA_SERIAL_NUMBER;
    });
  });
  EXPECT_EQ(certificates, 2) << "one of each key, and none for the chain that both repeat";
}

}  // namespace
}  // namespace grant
