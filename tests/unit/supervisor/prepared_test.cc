// Operations that a worker begins ahead of their signatures.
#include <gtest/gtest.h>

#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

class Prepared : public Supervised {};

TEST_F(Prepared, TheNextSignatureWithAKeyNeedsNoInit) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  ASSERT_TRUE(SignWith(*token, key));
  WaitUntil([&] { return hsm_->sign_inits == 2; });
  for (uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(SignWith(*token, key));
    WaitUntil([&] { return hsm_->sign_inits == 3 + i; });
  }
}

TEST_F(Prepared, WhatWasBegunForAnotherMechanismIsNotUsed) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  ASSERT_TRUE(SignWith(*token, key));
  WaitUntil([&] { return hsm_->sign_inits == 2; });
  ASSERT_TRUE(token->Sign(key, {CKM_ECDSA_SHA256, {}}, Bytes(32)));
  WaitUntil([&] { return hsm_->sign_inits == 4; });
}

TEST_F(Prepared, AChangeOfTheKeysEndsWhatWasBegun) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  ASSERT_TRUE(SignWith(*token, key));
  WaitUntil([&] { return hsm_->sign_inits == 2; });
  hsm_->two_keys = true;
  WaitUntil([&] { return KeyId(*token, "new") != 0; });
  ASSERT_TRUE(SignWith(*token, key));
  WaitUntil([&] { return hsm_->sign_inits == 4; });
}

TEST_F(Prepared, AKeyThatIsNowToBeAuthenticatedEachTimeIsNotSignedWithWithout) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  ASSERT_TRUE(SignWith(*token, key));
  WaitUntil([&] { return hsm_->sign_inits == 2; });
  const auto before = token->Objects();
  hsm_->always_authenticate = true;
  WaitUntil([&] { return (*token->Objects())->version != (*before)->version; });
  ASSERT_TRUE(SignWith(*token, key));
  EXPECT_EQ(hsm_->logins, 2U);
}

}  // namespace
}  // namespace grant::test
