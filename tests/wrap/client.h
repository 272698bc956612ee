// A PKCS#11 module in this process, and what tests do with it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"

namespace grant::test {

#define EXPECT_RV(expected, call) EXPECT_EQ(RvName(expected), RvName(call))
#define ASSERT_RV(expected, call) ASSERT_EQ(RvName(expected), RvName(call))
std::string RvName(CK_RV rv);

struct Signed {
  CK_RV rv = CKR_OK;
  std::string signature;
};

// A mechanism; PSS with SHA-256.
class AnyMechanism {
 public:
  explicit AnyMechanism(CK_MECHANISM_TYPE type);
  AnyMechanism(const AnyMechanism&) = delete;
  AnyMechanism& operator=(const AnyMechanism&) = delete;
  CK_MECHANISM* get() { return &raw_; }

 private:
  CK_MECHANISM raw_;
  CK_RSA_PKCS_PSS_PARAMS pss_{CKM_SHA256, CKG_MGF1_SHA256, 32};
};

class Client {
 public:
  // Loads the module and calls C_Initialize; C_Finalize in the end.
  explicit Client(const std::string& module);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A read/write session with the token "prod"; the user is logged in.
  CK_SESSION_HANDLE OpenSession();
  CK_OBJECT_HANDLE Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                        const std::string& label);
  CK_OBJECT_HANDLE PrivateKey(CK_SESSION_HANDLE session, const std::string& label) {
    return Find(session, CKO_PRIVATE_KEY, label);
  }
  // A copy on the token with this label and ID.
  CK_RV Copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const std::string& label,
             const std::string& id, CK_OBJECT_HANDLE* copy = nullptr);
  // An RSA key pair that may do everything.
  void GenerateRsa(CK_SESSION_HANDLE session, const std::string& label, const std::string& id);

  CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key);
  Signed Sign(CK_SESSION_HANDLE session, const std::string& data);
  Signed SignFinal(CK_SESSION_HANDLE session);
  // C_SignInit and C_Sign.
  Signed Sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
              const std::string& data);
  // In parts of `piece` bytes.
  Signed SignInParts(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                     const std::string& data, size_t piece);
  // A public key's numbers, as Verifies() takes them.
  std::string PublicNumbers(CK_SESSION_HANDLE session, const std::string& label);

  CK_FUNCTION_LIST* p11 = nullptr;
};

}  // namespace grant::test
