// The module in the wrap placement around a backing module of the test's own.
#pragma once

#include <string>

#include "tests/unit/pkcs11/host.h"
#include "tests/unit/pkcs11/wrap/fake_backing.h"

namespace grant::test {

inline constexpr uint64_t kGovernedId = 77;  // grantd's number for kGoverned

// The parameter is the path of the backing module.
class WrapHost : public Host, public testing::WithParamInterface<const char*> {
 protected:
  // grantd says that a signer "release" governs kGoverned, and grants everything.
  void SetUp() override;

  // C_SignInit of kSession.
  CK_RV Begin(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type = CKM_RSA_PKCS);
  // C_Sign and the like, with room enough.
  CK_RV Sign(CK_SESSION_HANDLE session = kSession);
  CK_RV Update(const std::string& part);
  CK_RV Final();
  // The next uses are refused.
  void RefuseUses();
  // How often grantd was asked to spend a use; and whose a key is.
  size_t Spends() const;
  size_t Identified() const { return gate.Count(gate::MessageType::kIdentifyKey); }

  static constexpr CK_SESSION_HANDLE kSession = 8;
  FakeBacking* backing = nullptr;
  const CK_FUNCTION_LIST_3_0* functions = nullptr;  // of version 3.0
};

#define GRANT_INSTANTIATE_WRAP(Suite)                                  \
  INSTANTIATE_TEST_SUITE_P(                                            \
      Of, Suite, testing::Values(FAKE_BACKING_2_40, FAKE_BACKING_3_0), \
      [](const auto& tested) { return tested.index == 0 ? "Version240" : "Version30"; })

}  // namespace grant::test
