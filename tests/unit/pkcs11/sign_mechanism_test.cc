#include "pkcs11/broker/sign_mechanism.h"

#include <gtest/gtest.h>

#include "tests/unit/pkcs11/fake_gate.h"

namespace grant::pkcs11 {
namespace {

CK_RV ParseRv(CK_MECHANISM mechanism) {
  auto parsed = SignMechanism::Parse(mechanism);
  return parsed ? CKR_OK : parsed.error().rv;
}

CK_RV ParsePss(CK_MECHANISM_TYPE type, CK_RSA_PKCS_PSS_PARAMS pss) {
  return ParseRv({type, &pss, sizeof pss});
}

constexpr CK_RV kBadParameters = CKR_MECHANISM_PARAM_INVALID;

TEST(SignMechanism, WithoutParametersIsTakenWithoutParameters) {
  int parameter = 0;
  EXPECT_EQ(ParseRv({CKM_RSA_PKCS, nullptr, 0}), CKR_OK);
  EXPECT_EQ(ParseRv({CKM_ECDSA, &parameter, 0}), CKR_OK);
  EXPECT_EQ(ParseRv({CKM_RSA_PKCS, &parameter, sizeof parameter}), kBadParameters);
}

TEST(SignMechanism, OneThatDoesNotSignIsInvalid) {
  EXPECT_EQ(ParseRv({CKM_AES_CBC, nullptr, 0}), static_cast<CK_RV>(CKR_MECHANISM_INVALID));
}

TEST(SignMechanism, PssNeedsItsParameters) {
  EXPECT_EQ(ParseRv({CKM_SHA256_RSA_PKCS_PSS, nullptr, 0}), kBadParameters);
  EXPECT_EQ(ParseRv({CKM_SHA256_RSA_PKCS_PSS, nullptr, sizeof(CK_RSA_PKCS_PSS_PARAMS)}),
            kBadParameters);
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
  EXPECT_EQ(ParseRv({CKM_RSA_PKCS_PSS, &pss, sizeof pss - 1}), kBadParameters);
}

TEST(SignMechanism, PssParametersAgreeWithTheMechanism) {
  EXPECT_EQ(ParsePss(CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 32}), CKR_OK);
  EXPECT_EQ(ParsePss(CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA384, CKG_MGF1_SHA384, 32}), kBadParameters);
  EXPECT_EQ(ParsePss(CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA1, 32}), kBadParameters);
  EXPECT_EQ(ParsePss(CKM_RSA_PKCS_PSS, {CKM_SHA384, CKG_MGF1_SHA1, 0}), CKR_OK);
  EXPECT_EQ(ParsePss(CKM_RSA_PKCS_PSS, {CKM_MD5, CKG_MGF1_SHA1, 0}), kBadParameters);
  EXPECT_EQ(ParsePss(CKM_RSA_PKCS_PSS, {CKM_SHA256, 99, 0}), kBadParameters);
}

TEST(SignMechanism, TheSaltFitsIntoTheKey) {
  Object key;
  key.object_class = CKO_PRIVATE_KEY;
  key.attributes = {test::Number(CKA_KEY_TYPE, CKK_RSA), {CKA_MODULUS, false, Bytes(128, 0x80)}};
  const auto check = [&key](CK_ULONG salt_bytes) {
    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, salt_bytes};
    CK_MECHANISM raw{CKM_RSA_PKCS_PSS, &pss, sizeof pss};
    Status status = SignMechanism::Parse(raw)->CheckKey(key);
    return status ? CKR_OK : status.error().rv;
  };
  EXPECT_EQ(check(128 - 32 - 2), CKR_OK);
  EXPECT_EQ(check(128 - 32 - 1), kBadParameters);
  EXPECT_EQ(check(CK_UNAVAILABLE_INFORMATION), kBadParameters);
}

TEST(SignMechanism, OfEddsaOnlyThePureOneIsTaken) {
  CK_EDDSA_PARAMS pure{CK_FALSE, 0, nullptr};
  CK_EDDSA_PARAMS prehashed{CK_TRUE, 0, nullptr};
  CK_BYTE byte = 1;
  CK_EDDSA_PARAMS context{CK_FALSE, 1, &byte};
  EXPECT_EQ(ParseRv({CKM_EDDSA, nullptr, 0}), CKR_OK);
  EXPECT_EQ(ParseRv({CKM_EDDSA, &pure, sizeof pure}), CKR_OK);
  EXPECT_EQ(ParseRv({CKM_EDDSA, &prehashed, sizeof prehashed}), kBadParameters);
  EXPECT_EQ(ParseRv({CKM_EDDSA, &context, sizeof context}), kBadParameters);
}

TEST(SignMechanism, RawOnesBoundTheirData) {
  const auto limit = [](CK_MECHANISM raw) { return SignMechanism::Parse(raw)->DataBytesMax(256); };
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA384, CKG_MGF1_SHA384, 48};
  EXPECT_EQ(limit({CKM_RSA_PKCS, nullptr, 0}), 245U);
  EXPECT_EQ(limit({CKM_RSA_X_509, nullptr, 0}), 256U);
  EXPECT_EQ(limit({CKM_RSA_PKCS_PSS, &pss, sizeof pss}), 48U);
  EXPECT_FALSE(limit({CKM_SHA256_RSA_PKCS, nullptr, 0}).has_value());
  EXPECT_FALSE(limit({CKM_EDDSA, nullptr, 0}).has_value());
}

}  // namespace
}  // namespace grant::pkcs11
