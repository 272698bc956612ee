#include "pkcs11/refusal_rv.h"

#include <gtest/gtest.h>

namespace grant::pkcs11 {
namespace {

TEST(RefusalRv, OfTheTokenOnlyWhatConcernsTheCallerGoesThrough) {
  EXPECT_EQ(RefusalRv(Cause::kTokenRefused, CKR_DATA_LEN_RANGE), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RefusalRv(Cause::kTokenRefused, CKR_KEY_SIZE_RANGE), CKR_KEY_SIZE_RANGE);
  // What would make the host believe in success, in a small buffer, or in a lost session of its
  // own.
  for (CK_RV rv : {CKR_OK, CKR_BUFFER_TOO_SMALL, CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
                   CKR_CRYPTOKI_NOT_INITIALIZED, CKR_PIN_LOCKED}) {
    EXPECT_EQ(RefusalRv(Cause::kTokenRefused, rv), static_cast<CK_RV>(CKR_DEVICE_ERROR)) << rv;
  }
}

TEST(RefusalRv, ACauseOfANewerGrantdIsARejection) {
  EXPECT_EQ(RefusalRv(static_cast<Cause>(999), 0), static_cast<CK_RV>(CKR_FUNCTION_REJECTED));
}

TEST(RefusalRv, ARefusalKeepsItsWords) {
  Error error = FromRefused({Cause::kUsedUp, 0, "used up", "ask again"});
  EXPECT_EQ(error.message, "used up");
  EXPECT_EQ(error.hint, "ask again");
  EXPECT_EQ(error.tell, Tell::kRefused);
}

}  // namespace
}  // namespace grant::pkcs11
