// A program that has loaded the module, and the fake gate that the module talks to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "tests/unit/pkcs11/fake_gate.h"

namespace grant::test {

// As in tests: CK_RVs that read well when they differ.
#define EXPECT_RV(expected, call) EXPECT_EQ(RvName(expected), RvName(call))
#define ASSERT_RV(expected, call) ASSERT_EQ(RvName(expected), RvName(call))
std::string RvName(CK_RV rv);

// The function list of the built module.
CK_FUNCTION_LIST* LoadModule();
// A symbol that it exports, or null.
void* ModuleSymbol(const char* name);

// The module is initialised and `gate` answers it.
class Host : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Writes the configuration file that the next C_Initialize reads.
  void Configure(const std::string& text);

  CK_SESSION_HANDLE OpenSession();
  // The handles of all objects that fit, in the order found.
  std::vector<CK_OBJECT_HANDLE> Find(CK_SESSION_HANDLE session, std::vector<CK_ATTRIBUTE> wanted);
  // A private key by its label.
  CK_OBJECT_HANDLE PrivateKey(CK_SESSION_HANDLE session, const std::string& label);
  // The public key "release-key".
  CK_OBJECT_HANDLE PublicKey(CK_SESSION_HANDLE session);
  // An open session with a begun signature: "release-key", CKM_SHA256_RSA_PKCS.
  CK_SESSION_HANDLE BeginSigning();
  CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const std::string& label);
  // C_Sign of "data" with room enough.
  CK_RV Sign(CK_SESSION_HANDLE session);

  FakeGate gate;
  CK_FUNCTION_LIST* p11 = LoadModule();
};

}  // namespace grant::test
