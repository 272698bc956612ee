// What no grant allows is refused for a governed key, and nobody else's business.
#include "tests/unit/pkcs11/wrap/wrap_host.h"

namespace grant::test {
namespace {

class WrapOtherKeyUses : public WrapHost {
 protected:
  struct Answer {
    const char* function;
    CK_RV rv;
  };

  // Each function, with this key.
  std::vector<Answer> UseOf(CK_OBJECT_HANDLE key, CK_MECHANISM* mechanism) {
    CK_BYTE bytes[8];
    CK_ULONG size = sizeof bytes;
    CK_OBJECT_HANDLE made = 0;
    std::vector<Answer> answers = {
        {"C_EncryptInit", p11->C_EncryptInit(kSession, mechanism, key)},
        {"C_DecryptInit", p11->C_DecryptInit(kSession, mechanism, key)},
        {"C_WrapKey", p11->C_WrapKey(kSession, mechanism, key, kSecret, bytes, &size)},
        {"C_WrapKey", p11->C_WrapKey(kSession, mechanism, kSecret, key, bytes, &size)},
        {"C_UnwrapKey", p11->C_UnwrapKey(kSession, mechanism, key, bytes, size, nullptr, 0, &made)},
        {"C_DeriveKey", p11->C_DeriveKey(kSession, mechanism, key, nullptr, 0, &made)},
    };
    if (std::string(GetParam()) == FAKE_BACKING_3_0) {
      answers.push_back(
          {"C_MessageEncryptInit", functions->C_MessageEncryptInit(kSession, mechanism, key)});
      answers.push_back(
          {"C_MessageDecryptInit", functions->C_MessageDecryptInit(kSession, mechanism, key)});
    }
    return answers;
  }

  std::vector<Answer> Change(CK_OBJECT_HANDLE object) {
    CK_OBJECT_HANDLE made = 0;
    return {{"C_CopyObject", p11->C_CopyObject(kSession, object, nullptr, 0, &made)},
            {"C_SetAttributeValue", p11->C_SetAttributeValue(kSession, object, nullptr, 0)},
            {"C_DestroyObject", p11->C_DestroyObject(kSession, object)}};
  }

  CK_MECHANISM mechanism_{CKM_RSA_PKCS, nullptr, 0};
};
GRANT_INSTANTIATE_WRAP(WrapOtherKeyUses);

TEST_P(WrapOtherKeyUses, OfAGovernedKeyNeverReachTheBackingModule) {
  for (const auto& [function, rv] : UseOf(kGoverned, &mechanism_)) {
    EXPECT_EQ(RvName(rv), "CKR_KEY_FUNCTION_NOT_PERMITTED") << function;
    EXPECT_EQ(backing->calls[function], 0);
  }
  for (const auto& [function, rv] : Change(kGoverned)) {
    EXPECT_EQ(RvName(rv), "CKR_ACTION_PROHIBITED") << function;
    EXPECT_EQ(backing->calls[function], 0);
  }
}

TEST_P(WrapOtherKeyUses, OfOtherKeysGoThrough) {
  for (const CK_OBJECT_HANDLE key : {kOther, kPublic, kSecret}) {
    for (const auto& [function, rv] : UseOf(key, &mechanism_)) {
      EXPECT_EQ(RvName(rv), "CKR_OK") << function;
    }
    for (const auto& [function, rv] : Change(key)) EXPECT_EQ(RvName(rv), "CKR_OK") << function;
  }
}

TEST_P(WrapOtherKeyUses, OfPrivateKeysNeedGrantd) {
  gate.Stop();
  for (const auto& [function, rv] : UseOf(kOther, &mechanism_)) {
    EXPECT_EQ(RvName(rv), "CKR_DEVICE_REMOVED") << function;
  }
  for (const auto& [function, rv] : Change(kOther)) {
    EXPECT_EQ(RvName(rv), "CKR_DEVICE_REMOVED") << function;
  }
  for (const auto& [function, rv] : Change(kPublic)) EXPECT_EQ(RvName(rv), "CKR_OK") << function;
}

TEST_P(WrapOtherKeyUses, WithoutAMechanismAreNoUse) {
  EXPECT_RV(CKR_OK, p11->C_DecryptInit(kSession, nullptr, kGoverned));
  EXPECT_RV(CKR_OK, p11->C_EncryptInit(kSession, nullptr, kGoverned));
  CK_BYTE bytes[8];
  CK_ULONG size = sizeof bytes;
  EXPECT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED,
            p11->C_WrapKey(kSession, nullptr, kSecret, kGoverned, bytes, &size));
}

}  // namespace
}  // namespace grant::test
