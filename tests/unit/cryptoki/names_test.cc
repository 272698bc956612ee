#include "grant/cryptoki/names.h"

#include <gtest/gtest.h>

#include "grant/cryptoki/mechanism.h"

namespace grant::cryptoki {
namespace {

TEST(ReturnValueName, IsTheNameInTheStandard) {
  EXPECT_EQ(ReturnValueName(CKR_OK), "CKR_OK");
  EXPECT_EQ(ReturnValueName(CKR_PIN_INCORRECT), "CKR_PIN_INCORRECT");
  EXPECT_EQ(ReturnValueName(CKR_FUNCTION_REJECTED), "CKR_FUNCTION_REJECTED");
}

TEST(ReturnValueName, AVendorsValueIsGivenAsNumber) {
  EXPECT_EQ(ReturnValueName(0x80000001UL), "CKR_0x80000001");
}

TEST(MechanismName, HasDashesAndNoPrefix) {
  EXPECT_EQ(MechanismName(CKM_SHA256_RSA_PKCS), "SHA256-RSA-PKCS");
  EXPECT_EQ(MechanismName(CKM_SHA1_RSA_PKCS_PSS), "SHA1-RSA-PKCS-PSS");
  EXPECT_EQ(MechanismName(CKM_RSA_X_509), "RSA-X-509");
  EXPECT_EQ(MechanismName(CKM_EDDSA), "EDDSA");
}

TEST(MechanismName, AnUnknownOneIsGivenAsNumber) {
  EXPECT_EQ(MechanismName(0x80000001UL), "0x80000001");
}

TEST(MechanismByName, InvertsTheNameOfEachSigningMechanism) {
  for (const MechanismFacts& facts : SigningMechanisms()) {
    EXPECT_EQ(MechanismByName(MechanismName(facts.type)), facts.type);
  }
}

TEST(MechanismByName, TakesNothingElse) {
  for (const char* name : {"", "CKM_RSA_PKCS", "rsa-pkcs", "RSA_PKCS", "RSA-PKCS ", "SHA256",
                           "DSA-SHA256", "0x00000001"}) {
    EXPECT_FALSE(MechanismByName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace grant::cryptoki
