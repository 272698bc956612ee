#include "grantd/domain/grant_secret.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace grant {
namespace {

TEST(GrantSecret, IsAPrefixAndTwentySixCharacters) {
  EXPECT_EQ(MakeGrantSecret(SecretEntropy{}), "gsec_00000000000000000000000000");
  SecretEntropy full;
  full.fill(0xff);
  EXPECT_EQ(MakeGrantSecret(full), "gsec_ZZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

RC_GTEST_PROP(GrantSecret, KeepsOneHundredAndThirtyBits, ()) {
  auto one = *rc::gen::container<SecretEntropy>(rc::gen::arbitrary<uint8_t>());
  auto other = one;
  const auto bit = *rc::gen::inRange<size_t>(0, 130);
  other[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
  RC_ASSERT(MakeGrantSecret(one) != MakeGrantSecret(other));
  RC_ASSERT(HasFormOfGrantSecret(MakeGrantSecret(one)));
}

TEST(GrantSecret, OtherPinsDoNotHaveItsForm) {
  const std::string secret = MakeGrantSecret(SecretEntropy{1, 2, 3});
  for (const std::string& pin :
       {std::string(), std::string("1234"), secret + "0", secret.substr(0, secret.size() - 1),
        "GSEC_" + secret.substr(5), "gsec_" + std::string(26, 'U'), "gsec_" + std::string(26, 'a'),
        "gsec_" + std::string(26, '\0')}) {
    EXPECT_FALSE(HasFormOfGrantSecret(pin)) << pin;
  }
}

TEST(GrantSecret, IsRememberedByItsSha256) {
  EXPECT_EQ(HashOfGrantSecret("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace grant
