// Signing and verifying, with every mechanism; and what the token has not.
#include "grant/cryptoki/names.h"
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

struct Case {
  const char* key;
  CK_MECHANISM_TYPE type;
  size_t data_bytes;
  bool in_parts;
};

constexpr Case kCases[] = {
    {"sign-rsa", CKM_RSA_PKCS, 35, false},
    {"sign-rsa", CKM_RSA_PKCS, 0, false},
    {"sign-rsa", CKM_RSA_PKCS, 245, false},
    {"sign-rsa", CKM_RSA_PKCS, 246, false},
    {"sign-rsa", CKM_RSA_X_509, 256, false},
    {"sign-rsa", CKM_RSA_X_509, 20, false},
    {"sign-rsa", CKM_MD5_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_SHA1_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_SHA224_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_SHA256_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_SHA256_RSA_PKCS, 200000, true},
    {"sign-rsa", CKM_SHA384_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_SHA512_RSA_PKCS, 1000, true},
    {"sign-rsa", CKM_RSA_PKCS_PSS, 32, false},
    {"sign-rsa", CKM_RSA_PKCS_PSS, 31, false},
    {"sign-rsa", CKM_SHA1_RSA_PKCS_PSS, 1000, true},
    {"sign-rsa", CKM_SHA224_RSA_PKCS_PSS, 1000, true},
    {"sign-rsa", CKM_SHA256_RSA_PKCS_PSS, 1000, true},
    {"sign-rsa", CKM_SHA384_RSA_PKCS_PSS, 1000, true},
    {"sign-rsa", CKM_SHA512_RSA_PKCS_PSS, 1000, true},
    {"sign-ec", CKM_ECDSA, 20, false},
    {"sign-ec", CKM_ECDSA, 32, false},
    {"sign-ec", CKM_ECDSA, 64, false},
    {"sign-ec", CKM_ECDSA, 10000, false},
    {"sign-ec", CKM_ECDSA_SHA1, 1000, true},
    {"sign-ec", CKM_ECDSA_SHA256, 1000, true},
    {"sign-ed", CKM_EDDSA, 1000, false},
    {"sign-ed", CKM_EDDSA, 200000, false},
    {"sign-dsa", CKM_DSA, 20, false},
    {"sign-dsa", CKM_DSA_SHA1, 1000, true},
    {"sign-dsa", CKM_DSA_SHA256, 1000, true},
    {"sign-rsa", CKM_ECDSA, 32, false},
    {"sign-ec", CKM_RSA_PKCS, 32, false},
    {"sign-rsa", CKM_AES_CBC, 32, false},
    {"sign-rsa", CKM_VENDOR_DEFINED | 0x123, 32, false},
};

struct PssCase {
  CK_MECHANISM_TYPE type;
  CK_RSA_PKCS_PSS_PARAMS parameters;
};

constexpr PssCase kPss[] = {
    {CKM_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 32}},
    {CKM_SHA1_RSA_PKCS_PSS, {CKM_SHA_1, CKG_MGF1_SHA1, 20}},
    {CKM_SHA224_RSA_PKCS_PSS, {CKM_SHA224, CKG_MGF1_SHA224, 28}},
    {CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 32}},
    {CKM_SHA384_RSA_PKCS_PSS, {CKM_SHA384, CKG_MGF1_SHA384, 48}},
    {CKM_SHA512_RSA_PKCS_PSS, {CKM_SHA512, CKG_MGF1_SHA512, 64}},
};

// The mechanism with the parameters that it takes, as far as it takes any.
class Mechanism {
 public:
  explicit Mechanism(CK_MECHANISM_TYPE type) : raw_{type, nullptr, 0} {
    for (const PssCase& known : kPss) {
      if (known.type != type) continue;
      pss_ = known.parameters;
      raw_.pParameter = &pss_;
      raw_.ulParameterLen = sizeof pss_;
    }
  }
  Mechanism(const Mechanism&) = delete;
  Mechanism& operator=(const Mechanism&) = delete;

  CK_MECHANISM* get() { return &raw_; }

 private:
  CK_MECHANISM raw_;
  CK_RSA_PKCS_PSS_PARAMS pss_{};
};

class Signer {
 public:
  Signer(const Host& host, CK_SESSION_HANDLE session) : host_(host), session_(session) {}

  void Run(const Case& tested) {
    Mechanism mechanism(tested.type);
    const std::string name = cryptoki::MechanismName(tested.type) + " with " + tested.key + ", " +
                             std::to_string(tested.data_bytes) + " bytes";
    const CK_OBJECT_HANDLE key = host_.Find(session_, CKO_PRIVATE_KEY, tested.key);
    const CK_OBJECT_HANDLE public_key = host_.Find(session_, CKO_PUBLIC_KEY, tested.key);
    Buffer data(tested.data_bytes + 1, 'd');  // so that it is never a null pointer
    data.resize(tested.data_bytes);
    host_.report("C_SignInit", name, p11()->C_SignInit(session_, mechanism.get(), key));
    Buffer signature = Give("C_Sign", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
      return p11()->C_Sign(session_, data.data(), data.size(), buffer, size);
    });
    Again(name, data);
    Verify(name, mechanism, public_key, data, signature);
    if (tested.in_parts) InParts(name, mechanism, key, public_key, data);
  }

  template <typename Call>
  Buffer Give(const char* function, const std::string& what, const Call& call) {
    CK_ULONG size = 0;
    CK_RV rv = call(nullptr, &size);
    host_.report(function, what + ", for the size", rv, std::to_string(size));
    Buffer buffer(1024);
    size = 1;
    rv = call(buffer.data(), &size);
    host_.report(function, what + ", room for one byte", rv, std::to_string(size));
    size = buffer.size();
    rv = call(buffer.data(), &size);
    host_.report(function, what, rv, rv == CKR_OK ? std::to_string(size) : "");
    buffer.resize(rv == CKR_OK ? size : 0);
    return buffer;
  }

 private:
  CK_FUNCTION_LIST* p11() const { return host_.p11; }

  // The operation is over.
  void Again(const std::string& name, Buffer& data) {
    Buffer buffer(1024);
    CK_ULONG size = buffer.size();
    host_.report("C_Sign", name + ", again",
                 p11()->C_Sign(session_, data.data(), data.size(), buffer.data(), &size));
  }

  void Verify(const std::string& name, Mechanism& mechanism, CK_OBJECT_HANDLE key, Buffer& data,
              Buffer& signature) {
    if (signature.empty()) return;
    host_.report("C_VerifyInit", name, p11()->C_VerifyInit(session_, mechanism.get(), key));
    host_.report(
        "C_Verify", name,
        p11()->C_Verify(session_, data.data(), data.size(), signature.data(), signature.size()));
    Buffer wrong = signature;
    wrong.front() ^= 0x55;
    host_.report("C_VerifyInit", name, p11()->C_VerifyInit(session_, mechanism.get(), key));
    host_.report("C_Verify", name + ", a wrong signature",
                 p11()->C_Verify(session_, data.data(), data.size(), wrong.data(), wrong.size()));
    host_.report("C_VerifyInit", name, p11()->C_VerifyInit(session_, mechanism.get(), key));
    host_.report("C_Verify", name + ", a short signature",
                 p11()->C_Verify(session_, data.data(), data.size(), wrong.data(), 3));
  }

  void InParts(const std::string& name, Mechanism& mechanism, CK_OBJECT_HANDLE key,
               CK_OBJECT_HANDLE public_key, Buffer& data) {
    host_.report("C_SignInit", name, p11()->C_SignInit(session_, mechanism.get(), key));
    const size_t half = data.size() / 2;
    host_.report("C_SignUpdate", name, p11()->C_SignUpdate(session_, data.data(), half));
    host_.report("C_SignUpdate", name + ", null", p11()->C_SignUpdate(session_, nullptr, 0));
    host_.report("C_SignUpdate", name,
                 p11()->C_SignUpdate(session_, data.data() + half, data.size() - half));
    Buffer signature = Give("C_SignFinal", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
      return p11()->C_SignFinal(session_, buffer, size);
    });
    host_.report("C_VerifyInit", name, p11()->C_VerifyInit(session_, mechanism.get(), public_key));
    host_.report("C_VerifyUpdate", name, p11()->C_VerifyUpdate(session_, data.data(), data.size()));
    host_.report("C_VerifyFinal", name,
                 p11()->C_VerifyFinal(session_, signature.data(), signature.size()));
  }

  const Host& host_;
  const CK_SESSION_HANDLE session_;
};

// Calls in the wrong order, and with the wrong arguments.
void Faults(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_OBJECT_HANDLE key = host.Find(session, CKO_PRIVATE_KEY, "sign-rsa");
  const CK_OBJECT_HANDLE public_key = host.Find(session, CKO_PUBLIC_KEY, "sign-rsa");
  Buffer data(32, 'd');
  Buffer buffer(1024);
  CK_ULONG size = buffer.size();
  Mechanism raw(CKM_RSA_PKCS);
  Mechanism hashing(CKM_SHA256_RSA_PKCS);
  const auto sign = [&] {
    size = buffer.size();
    return p11->C_Sign(session, data.data(), data.size(), buffer.data(), &size);
  };
  const auto final_call = [&] {
    size = buffer.size();
    return p11->C_SignFinal(session, buffer.data(), &size);
  };
  host.report("C_Sign", "before its Init", sign());
  host.report("C_SignUpdate", "before its Init",
              p11->C_SignUpdate(session, data.data(), data.size()));
  host.report("C_SignFinal", "before its Init", final_call());
  host.report("C_SignInit", "no such session", p11->C_SignInit(0x7fffffff, raw.get(), key));
  host.report("C_SignInit", "no such key", p11->C_SignInit(session, raw.get(), 0x7fffffff));
  host.report("C_SignInit", "no mechanism", p11->C_SignInit(session, nullptr, key));
  host.report("C_SignInit", "the public key", p11->C_SignInit(session, raw.get(), public_key));
  CK_MECHANISM no_pss{CKM_RSA_PKCS_PSS, nullptr, 0};
  host.report("C_SignInit", "PSS without parameters", p11->C_SignInit(session, &no_pss, key));
  host.report("C_SignInit", "", p11->C_SignInit(session, raw.get(), key));
  host.report("C_SignInit", "twice", p11->C_SignInit(session, raw.get(), key));
  host.report("C_VerifyInit", "while signing", p11->C_VerifyInit(session, raw.get(), public_key));
  host.report("C_Login", "context-specific, for a key that wants none",
              host.LogIn(session, CKU_CONTEXT_SPECIFIC, host.pin));
  host.report("C_GetOperationState", "while signing",
              p11->C_GetOperationState(session, nullptr, &size));
  CK_BYTE state[16] = {};
  host.report("C_SetOperationState", "while signing",
              p11->C_SetOperationState(session, state, sizeof state, 0, 0));
  host.report("C_Sign", "no data", p11->C_Sign(session, nullptr, 0, buffer.data(), &size));
  host.report("C_Sign", "no place for the size",
              p11->C_Sign(session, data.data(), data.size(), buffer.data(), nullptr));
  host.report("C_Sign", "after all that", sign());
  host.report("C_SignInit", "", p11->C_SignInit(session, raw.get(), key));
  host.report("C_SignUpdate", "a mechanism that takes no parts",
              p11->C_SignUpdate(session, data.data(), data.size()));
  host.report("C_Sign", "after it", sign());
  host.report("C_SignInit", "", p11->C_SignInit(session, raw.get(), key));
  host.report("C_SignFinal", "a mechanism that takes no parts", final_call());
  host.report("C_Sign", "after it", sign());
  host.report("C_SignInit", "", p11->C_SignInit(session, hashing.get(), key));
  host.report("C_SignUpdate", "", p11->C_SignUpdate(session, data.data(), data.size()));
  host.report("C_Sign", "after C_SignUpdate", sign());
  host.report("C_SignInit", "", p11->C_SignInit(session, hashing.get(), key));
  host.report("C_SignFinal", "without a part", final_call());
  host.report("C_SignInit", "", p11->C_SignInit(session, raw.get(), key));
  host.report("C_CloseSession", "while signing", p11->C_CloseSession(session));
  host.report("C_Sign", "in a closed session", sign());
}

}  // namespace

void Signing(const Host& host) {
  CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  for (const Case& tested : kCases) Signer(host, session).Run(tested);
  const CK_SESSION_HANDLE other = host.OpenSession();
  Faults(host, session);
  const CK_OBJECT_HANDLE key = host.Find(other, CKO_PRIVATE_KEY, "sign-rsa");
  Mechanism raw(CKM_RSA_PKCS);
  host.report("C_Logout", "", host.p11->C_Logout(other));
  host.report("C_SignInit", "logged out", host.p11->C_SignInit(other, raw.get(), key));
  host.report("C_Login", "user", host.LogIn(other, CKU_USER, host.pin));
  host.report("C_SignInit", "a handle from before", host.p11->C_SignInit(other, raw.get(), key));
}

void Unsupported(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  const CK_OBJECT_HANDLE key = host.Find(session, CKO_PRIVATE_KEY, "sign-rsa");
  const CK_OBJECT_HANDLE public_key = host.Find(session, CKO_PUBLIC_KEY, "sign-rsa");
  Mechanism raw(CKM_RSA_PKCS);
  Buffer data(32, 'd');
  Buffer buffer(1024);
  CK_ULONG size = buffer.size();
  host.report("C_SignRecoverInit", "", p11->C_SignRecoverInit(session, raw.get(), key));
  host.report("C_SignRecover", "",
              p11->C_SignRecover(session, data.data(), data.size(), buffer.data(), &size));
  host.report("C_VerifyRecoverInit", "", p11->C_VerifyRecoverInit(session, raw.get(), public_key));
  host.report("C_VerifyRecover", "",
              p11->C_VerifyRecover(session, data.data(), data.size(), buffer.data(), &size));
  host.report("C_DigestEncryptUpdate", "",
              p11->C_DigestEncryptUpdate(session, data.data(), data.size(), buffer.data(), &size));
  host.report("C_DecryptDigestUpdate", "",
              p11->C_DecryptDigestUpdate(session, data.data(), data.size(), buffer.data(), &size));
  host.report("C_SignEncryptUpdate", "",
              p11->C_SignEncryptUpdate(session, data.data(), data.size(), buffer.data(), &size));
  host.report("C_DecryptVerifyUpdate", "",
              p11->C_DecryptVerifyUpdate(session, data.data(), data.size(), buffer.data(), &size));
}

}  // namespace grant::conformance
