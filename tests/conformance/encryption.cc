// Digests, random bytes, encryption and message authentication.
#include "grant/cryptoki/names.h"
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

std::string Given(const Buffer& buffer, CK_RV rv, CK_ULONG size, bool shown) {
  std::string text = std::to_string(size) + " bytes";
  if (shown && rv == CKR_OK && size <= buffer.size()) {
    text += " " + Hex(std::string(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(size)));
  }
  return text;
}

// Calls a function that gives bytes: for the size, with a small buffer, and with one large enough.
// Returns what it gave.
template <typename Call>
Buffer GiveBytes(const Host& host, const char* function, const std::string& what, const Call& call,
                 bool shown = false) {
  CK_ULONG size = 0;
  CK_RV rv = call(nullptr, &size);
  host.report(function, what + ", for the size", rv, Given({}, rv, size, false));
  Buffer buffer(4096);
  if (size > 1) {
    size = 1;
    rv = call(buffer.data(), &size);
    host.report(function, what + ", room for one byte", rv, Given({}, rv, size, false));
  }
  size = buffer.size();
  rv = call(buffer.data(), &size);
  host.report(function, what, rv, Given(buffer, rv, size, shown));
  buffer.resize(rv == CKR_OK ? size : 0);
  return buffer;
}

void DigestWith(const Host& host, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const std::string name = cryptoki::MechanismName(type);
  CK_MECHANISM mechanism{type, nullptr, 0};
  Buffer data = Bytes("abc");
  host.report("C_DigestInit", name, p11->C_DigestInit(session, &mechanism));
  GiveBytes(
      host, "C_Digest", name,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
        return p11->C_Digest(session, data.data(), data.size(), buffer, size);
      },
      true);
  host.report("C_DigestInit", name + ", in parts", p11->C_DigestInit(session, &mechanism));
  host.report("C_DigestInit", name + ", twice", p11->C_DigestInit(session, &mechanism));
  for (CK_BYTE& byte : data) {
    host.report("C_DigestUpdate", name, p11->C_DigestUpdate(session, &byte, 1));
  }
  GiveBytes(
      host, "C_DigestFinal", name,
      [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
        return p11->C_DigestFinal(session, buffer, size);
      },
      true);
}

void Random(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_BYTE random[32] = {};
  host.report("C_SeedRandom", "", p11->C_SeedRandom(session, random, sizeof random));
  host.report("C_SeedRandom", "null", p11->C_SeedRandom(session, nullptr, 0));
  host.report("C_GenerateRandom", "32 bytes",
              p11->C_GenerateRandom(session, random, sizeof random));
  host.report("C_GenerateRandom", "null", p11->C_GenerateRandom(session, nullptr, 0));
}

// Encrypts and decrypts, at once and in parts.
void EncryptWith(const Host& host, CK_SESSION_HANDLE session, CK_MECHANISM mechanism,
                 CK_OBJECT_HANDLE encrypting, CK_OBJECT_HANDLE decrypting, bool in_parts) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const std::string name = cryptoki::MechanismName(mechanism.mechanism);
  Buffer data = Bytes("0123456789abcdef");
  host.report("C_EncryptInit", name, p11->C_EncryptInit(session, &mechanism, encrypting));
  host.report("C_EncryptInit", name + ", twice",
              p11->C_EncryptInit(session, &mechanism, encrypting));
  Buffer secret = GiveBytes(host, "C_Encrypt", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
    return p11->C_Encrypt(session, data.data(), data.size(), buffer, size);
  });
  secret.resize(std::max<size_t>(secret.size(), 1));
  host.report("C_DecryptInit", name, p11->C_DecryptInit(session, &mechanism, decrypting));
  const Buffer plain =
      GiveBytes(host, "C_Decrypt", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
        return p11->C_Decrypt(session, secret.data(), secret.size(), buffer, size);
      });
  host.report("C_Decrypt", name + ", the same came back", CKR_OK, plain == data ? "yes" : "no");
  Buffer wrong = Bytes("x");
  host.report("C_DecryptInit", name, p11->C_DecryptInit(session, &mechanism, decrypting));
  GiveBytes(host, "C_Decrypt", name + ", one byte", [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
    return p11->C_Decrypt(session, wrong.data(), wrong.size(), buffer, size);
  });
  if (!in_parts) return;
  CK_BYTE part[64];
  CK_ULONG size = sizeof part;
  host.report("C_EncryptInit", name + ", in parts",
              p11->C_EncryptInit(session, &mechanism, encrypting));
  host.report("C_EncryptUpdate", name,
              p11->C_EncryptUpdate(session, data.data(), data.size(), part, &size));
  secret.assign(part, part + size);
  const Buffer end =
      GiveBytes(host, "C_EncryptFinal", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
        return p11->C_EncryptFinal(session, buffer, bytes);
      });
  secret.insert(secret.end(), end.begin(), end.end());
  host.report("C_DecryptInit", name + ", in parts",
              p11->C_DecryptInit(session, &mechanism, decrypting));
  size = sizeof part;
  host.report("C_DecryptUpdate", name,
              p11->C_DecryptUpdate(session, secret.data(), secret.size(), part, &size));
  GiveBytes(host, "C_DecryptFinal", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
    return p11->C_DecryptFinal(session, buffer, bytes);
  });
}

CK_OBJECT_HANDLE MakeKey(const Host& host, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                         CK_ULONG bytes) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  Template key;
  key.Truth(CKA_TOKEN, false).Truth(CKA_ENCRYPT, true).Truth(CKA_DECRYPT, true);
  key.Truth(CKA_SIGN, true).Truth(CKA_VERIFY, true);
  if (bytes != 0) key.Number(CKA_VALUE_LEN, bytes);
  CK_OBJECT_HANDLE made = 0;
  host.report("C_GenerateKey", cryptoki::MechanismName(type),
              host.p11->C_GenerateKey(session, &mechanism, key.data(), key.size(), &made));
  return made;
}

}  // namespace

void Digests(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  for (const CK_MECHANISM_TYPE type :
       {CKM_MD5, CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512}) {
    DigestWith(host, session, type);
  }
  CK_BYTE byte = 0;
  CK_ULONG size = 1;
  CK_MECHANISM none{CKM_RSA_PKCS, nullptr, 0};
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  host.report("C_DigestInit", "no digest", p11->C_DigestInit(session, &none));
  host.report("C_DigestInit", "null", p11->C_DigestInit(session, nullptr));
  host.report("C_Digest", "before its Init", p11->C_Digest(session, &byte, 1, &byte, &size));
  host.report("C_DigestUpdate", "before its Init", p11->C_DigestUpdate(session, &byte, 1));
  host.report("C_DigestFinal", "before its Init", p11->C_DigestFinal(session, &byte, &size));
  host.report("C_DigestInit", "SHA256", p11->C_DigestInit(session, &sha256));
  host.report("C_DigestKey", "no such key", p11->C_DigestKey(session, 0x7fffffff));
  p11->C_CloseSession(session);
  const CK_SESSION_HANDLE other = host.OpenSession();
  Random(host, other);
}

void Encryption(const Host& host) {
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  CK_BYTE iv[16] = {};
  const CK_OBJECT_HANDLE aes = MakeKey(host, session, CKM_AES_KEY_GEN, 16);
  const CK_OBJECT_HANDLE des = MakeKey(host, session, CKM_DES3_KEY_GEN, 0);
  EncryptWith(host, session, {CKM_AES_ECB, nullptr, 0}, aes, aes, true);
  EncryptWith(host, session, {CKM_AES_CBC, iv, 16}, aes, aes, true);
  EncryptWith(host, session, {CKM_AES_CBC_PAD, iv, 16}, aes, aes, true);
  EncryptWith(host, session, {CKM_DES3_CBC_PAD, iv, 8}, des, des, true);
  CK_GCM_PARAMS gcm{};
  gcm.pIv = iv;
  gcm.ulIvLen = 12;
  gcm.ulTagBits = 128;
  EncryptWith(host, session, {CKM_AES_GCM, &gcm, sizeof gcm}, aes, aes, false);

  CK_MECHANISM generate{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
  Template public_key;
  public_key.Truth(CKA_ENCRYPT, true).Number(CKA_MODULUS_BITS, 1024);
  Template private_key;
  private_key.Truth(CKA_DECRYPT, true).Text(CKA_ID, "decrypting");
  CK_OBJECT_HANDLE keys[2] = {};
  host.report(
      "C_GenerateKeyPair", "RSA for decryption",
      host.p11->C_GenerateKeyPair(session, &generate, public_key.data(), public_key.size(),
                                  private_key.data(), private_key.size(), &keys[0], &keys[1]));
  CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
  EncryptWith(host, session, {CKM_RSA_PKCS, nullptr, 0}, keys[0], keys[1], false);
  EncryptWith(host, session, {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep}, keys[0], keys[1], false);
  CK_MECHANISM pkcs{CKM_RSA_PKCS, nullptr, 0};
  host.report("C_EncryptInit", "no such key", host.p11->C_EncryptInit(session, &pkcs, 0x7fffffff));
  host.report("C_DecryptInit", "with the public key",
              host.p11->C_DecryptInit(session, &pkcs, keys[0]));
  host.report("C_EncryptInit", "AES with an RSA mechanism",
              host.p11->C_EncryptInit(session, &pkcs, aes));
}

void Macs(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  const CK_OBJECT_HANDLE secret = MakeKey(host, session, CKM_GENERIC_SECRET_KEY_GEN, 64);
  const CK_OBJECT_HANDLE aes = MakeKey(host, session, CKM_AES_KEY_GEN, 16);
  for (const CK_MECHANISM_TYPE type :
       {CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA512_HMAC, CKM_AES_CMAC}) {
    const std::string name = cryptoki::MechanismName(type);
    const CK_OBJECT_HANDLE key = type == CKM_AES_CMAC ? aes : secret;
    CK_MECHANISM mechanism{type, nullptr, 0};
    Buffer data = Bytes("data");
    host.report("C_SignInit", name, p11->C_SignInit(session, &mechanism, key));
    Buffer mac = GiveBytes(host, "C_Sign", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
      return p11->C_Sign(session, data.data(), data.size(), buffer, size);
    });
    host.report("C_VerifyInit", name, p11->C_VerifyInit(session, &mechanism, key));
    host.report("C_Verify", name,
                p11->C_Verify(session, data.data(), data.size(), mac.data(), mac.size()));
    host.report("C_SignInit", name + ", in parts", p11->C_SignInit(session, &mechanism, key));
    host.report("C_SignUpdate", name, p11->C_SignUpdate(session, data.data(), 2));
    host.report("C_SignUpdate", name, p11->C_SignUpdate(session, data.data() + 2, 2));
    GiveBytes(host, "C_SignFinal", name, [&](CK_BYTE_PTR buffer, CK_ULONG_PTR size) {
      return p11->C_SignFinal(session, buffer, size);
    });
  }
}

}  // namespace grant::conformance
