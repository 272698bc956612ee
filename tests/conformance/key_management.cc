// Keys made, wrapped, unwrapped and derived; and the keys that sign.
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kP256 = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
constexpr std::string_view kEd25519 =
    "\x13\x0c"
    "edwards25519"sv;

struct Pair {
  CK_RV rv = CKR_OK;
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
};

Pair Generate(const Host& host, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
              Template public_key, Template private_key) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  Pair pair;
  pair.rv = host.p11->C_GenerateKeyPair(session, &mechanism, public_key.data(), public_key.size(),
                                        private_key.data(), private_key.size(), &pair.public_key,
                                        &pair.private_key);
  return pair;
}

// A template of one half of a signing key on the token.
Template Half(const char* label, bool is_private) {
  Template half;
  half.Truth(CKA_TOKEN, true).Text(CKA_LABEL, label).Text(CKA_ID, label);
  half.Truth(is_private ? CKA_SIGN : CKA_VERIFY, true);
  return half;
}

// The prime numbers that DSA keys share, of the token's own making.
Template DsaParameters(const Host& host, CK_SESSION_HANDLE session) {
  CK_MECHANISM mechanism{CKM_DSA_PARAMETER_GEN, nullptr, 0};
  Template wanted;
  wanted.Number(CKA_PRIME_BITS, 1024);
  CK_OBJECT_HANDLE parameters = 0;
  host.p11->C_GenerateKey(session, &mechanism, wanted.data(), wanted.size(), &parameters);
  Template found = Half("sign-dsa", false);
  for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIME, CKA_SUBPRIME, CKA_BASE}) {
    char value[512];
    CK_ATTRIBUTE attribute{type, value, sizeof value};
    if (host.p11->C_GetAttributeValue(session, parameters, &attribute, 1) != CKR_OK) continue;
    found.Text(type, {value, attribute.ulValueLen});
  }
  return found;
}

void Wrapping(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_MECHANISM generate{CKM_AES_KEY_GEN, nullptr, 0};
  CK_MECHANISM aes_wrap{CKM_AES_KEY_WRAP, nullptr, 0};
  CK_MECHANISM pkcs{CKM_RSA_PKCS, nullptr, 0};
  Template key;
  key.Number(CKA_VALUE_LEN, 16)
      .Truth(CKA_WRAP, true)
      .Truth(CKA_UNWRAP, true)
      .Truth(CKA_EXTRACTABLE, true)
      .Truth(CKA_DERIVE, true);
  CK_OBJECT_HANDLE wrapping = 0;
  CK_OBJECT_HANDLE secret = 0;
  host.report("C_GenerateKey", "AES to wrap with",
              p11->C_GenerateKey(session, &generate, key.data(), key.size(), &wrapping));
  host.report("C_GenerateKey", "AES to be wrapped",
              p11->C_GenerateKey(session, &generate, key.data(), key.size(), &secret));
  Template rsa_public;
  rsa_public.Number(CKA_MODULUS_BITS, 1024).Truth(CKA_WRAP, true);
  Template rsa_private;
  rsa_private.Truth(CKA_UNWRAP, true).Truth(CKA_EXTRACTABLE, true).Text(CKA_ID, "unwrapping");
  const Pair rsa = Generate(host, session, CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_public, rsa_private);
  host.report("C_GenerateKeyPair", "RSA to unwrap with", rsa.rv);

  const auto wrap = [&](const char* what, CK_MECHANISM& mechanism, CK_OBJECT_HANDLE with,
                        CK_OBJECT_HANDLE wrapped_key) {
    CK_ULONG size = 0;
    CK_RV rv = p11->C_WrapKey(session, &mechanism, with, wrapped_key, nullptr, &size);
    host.report("C_WrapKey", std::string(what) + ", for the size", rv, std::to_string(size));
    Buffer wrapped(4096);
    size = 1;
    rv = p11->C_WrapKey(session, &mechanism, with, wrapped_key, wrapped.data(), &size);
    host.report("C_WrapKey", std::string(what) + ", room for one byte", rv);
    size = wrapped.size();
    rv = p11->C_WrapKey(session, &mechanism, with, wrapped_key, wrapped.data(), &size);
    host.report("C_WrapKey", what, rv, std::to_string(size));
    wrapped.resize(rv == CKR_OK ? size : 1);
    return wrapped;
  };
  const auto unwrap = [&](const char* what, CK_MECHANISM& mechanism, CK_OBJECT_HANDLE with,
                          Buffer wrapped) {
    Template made;
    made.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
    CK_OBJECT_HANDLE unwrapped = 0;
    host.report("C_UnwrapKey", what,
                p11->C_UnwrapKey(session, &mechanism, with, wrapped.data(), wrapped.size(),
                                 made.data(), made.size(), &unwrapped));
  };
  unwrap("AES by AES", aes_wrap, wrapping, wrap("AES by AES", aes_wrap, wrapping, secret));
  unwrap("AES by RSA", pkcs, rsa.private_key, wrap("AES by RSA", pkcs, rsa.public_key, secret));
  wrap("RSA by AES", aes_wrap, wrapping, rsa.private_key);
  wrap("no such key", aes_wrap, wrapping, 0x7fffffff);
  wrap("by no such key", aes_wrap, 0x7fffffff, secret);
  unwrap("by no such key", aes_wrap, 0x7fffffff, Buffer(24));
  unwrap("nonsense by AES", aes_wrap, wrapping, Buffer(24));
}

void Deriving(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  Template ec_public;
  ec_public.Text(CKA_EC_PARAMS, kP256);
  Template ec_private;
  ec_private.Truth(CKA_DERIVE, true).Text(CKA_ID, "deriving");
  const Pair ec = Generate(host, session, CKM_EC_KEY_PAIR_GEN, ec_public, ec_private);
  host.report("C_GenerateKeyPair", "EC to derive from", ec.rv);
  char point[256];
  CK_ATTRIBUTE attribute{CKA_EC_POINT, point, sizeof point};
  if (p11->C_GetAttributeValue(session, ec.public_key, &attribute, 1) != CKR_OK) {
    attribute.ulValueLen = 0;
  }
  CK_ECDH1_DERIVE_PARAMS ecdh{};
  ecdh.kdf = CKD_NULL;
  ecdh.pPublicData = reinterpret_cast<CK_BYTE*>(point);
  ecdh.ulPublicDataLen = attribute.ulValueLen;
  CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &ecdh, sizeof ecdh};
  Template made;
  made.Number(CKA_CLASS, CKO_SECRET_KEY)
      .Number(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
      .Number(CKA_VALUE_LEN, 32);
  CK_OBJECT_HANDLE derived = 0;
  host.report(
      "C_DeriveKey", "ECDH",
      p11->C_DeriveKey(session, &mechanism, ec.private_key, made.data(), made.size(), &derived));
  host.report(
      "C_DeriveKey", "from no such key",
      p11->C_DeriveKey(session, &mechanism, 0x7fffffff, made.data(), made.size(), &derived));
}

}  // namespace

void Prepare(const Host& host) {
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.LogIn(session, CKU_USER, host.pin);
  Template rsa = Half("sign-rsa", false);
  host.report("prepare", "sign-rsa",
              Generate(host, session, CKM_RSA_PKCS_KEY_PAIR_GEN, rsa.Number(CKA_MODULUS_BITS, 2048),
                       Half("sign-rsa", true))
                  .rv);
  Template ec = Half("sign-ec", false);
  host.report("prepare", "sign-ec",
              Generate(host, session, CKM_EC_KEY_PAIR_GEN, ec.Text(CKA_EC_PARAMS, kP256),
                       Half("sign-ec", true))
                  .rv);
  Template ed = Half("sign-ed", false);
  host.report("prepare", "sign-ed",
              Generate(host, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, ed.Text(CKA_EC_PARAMS, kEd25519),
                       Half("sign-ed", true))
                  .rv);
  host.report("prepare", "sign-dsa",
              Generate(host, session, CKM_DSA_KEY_PAIR_GEN, DsaParameters(host, session),
                       Half("sign-dsa", true))
                  .rv);
}

void KeyManagement(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  Wrapping(host, session);
  Deriving(host, session);
  Template nothing;
  Template curve;
  curve.Text(CKA_EC_PARAMS, "no curve");
  Template small;
  small.Number(CKA_MODULUS_BITS, 16);
  host.report("C_GenerateKeyPair", "RSA without a size",
              Generate(host, session, CKM_RSA_PKCS_KEY_PAIR_GEN, nothing, nothing).rv);
  host.report("C_GenerateKeyPair", "RSA of 16 bits",
              Generate(host, session, CKM_RSA_PKCS_KEY_PAIR_GEN, small, nothing).rv);
  host.report("C_GenerateKeyPair", "EC without a curve",
              Generate(host, session, CKM_EC_KEY_PAIR_GEN, nothing, nothing).rv);
  host.report("C_GenerateKeyPair", "EC with no curve of anybody",
              Generate(host, session, CKM_EC_KEY_PAIR_GEN, curve, nothing).rv);
  host.report("C_GenerateKeyPair", "a mechanism that makes none",
              Generate(host, session, CKM_RSA_PKCS, nothing, nothing).rv);
  CK_MECHANISM generate{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE made = 0;
  host.report("C_GenerateKey", "AES without a size",
              p11->C_GenerateKey(session, &generate, nullptr, 0, &made));
  host.report("C_GenerateKey", "null", p11->C_GenerateKey(session, nullptr, nullptr, 0, &made));
  const Pair temporary =
      Generate(host, session, CKM_RSA_PKCS_KEY_PAIR_GEN, Template().Number(CKA_MODULUS_BITS, 1024),
               Template().Text(CKA_LABEL, "temporary"));
  host.report("C_GenerateKeyPair", "RSA in the session", temporary.rv);
  Template label;
  label.Text(CKA_LABEL, "renamed");
  host.report("C_SetAttributeValue", "label of a private key",
              p11->C_SetAttributeValue(session, temporary.private_key, label.data(), label.size()));
  host.report("C_CopyObject", "a private key",
              p11->C_CopyObject(session, temporary.private_key, label.data(), label.size(), &made));
  host.report("C_DestroyObject", "a private key",
              p11->C_DestroyObject(session, temporary.private_key));
}

}  // namespace grant::conformance
