#include "tests/wrap/client.h"

#include <dlfcn.h>

#include <algorithm>

#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "tests/e2e/verify.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

CK_ATTRIBUTE Text(CK_ATTRIBUTE_TYPE type, const std::string& value) {
  return {type, const_cast<char*>(value.data()), value.size()};
}

}  // namespace

std::string RvName(CK_RV rv) {
  return cryptoki::ReturnValueName(rv);
}

AnyMechanism::AnyMechanism(CK_MECHANISM_TYPE type) : raw_{type, nullptr, 0} {
  const auto* facts = cryptoki::FindSigningMechanism(type);
  if (facts == nullptr || facts->scheme != cryptoki::Scheme::kRsaPss) return;
  raw_.pParameter = &pss_;
  raw_.ulParameterLen = sizeof pss_;
}

Client::Client(const std::string& module) {
  void* const library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    return;
  }
  reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"))(&p11);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  EXPECT_RV(CKR_OK, p11->C_Initialize(&arguments));
}

Client::~Client() {
  p11->C_Finalize(nullptr);
}

CK_SESSION_HANDLE Client::OpenSession() {
  CK_SLOT_ID slots[8];
  CK_ULONG count = 8;
  EXPECT_RV(CKR_OK, p11->C_GetSlotList(CK_TRUE, slots, &count));
  CK_SESSION_HANDLE session = 0;
  EXPECT_RV(CKR_OK, p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                       nullptr, &session));
  std::string pin = World::kPin;
  const CK_RV rv =
      p11->C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size());
  EXPECT_TRUE(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) << RvName(rv);
  return session;
}

CK_OBJECT_HANDLE Client::Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                              const std::string& label) {
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class}, Text(CKA_LABEL, label)};
  CK_OBJECT_HANDLE object = 0;
  CK_ULONG count = 0;
  EXPECT_RV(CKR_OK, p11->C_FindObjectsInit(session, wanted, 2));
  EXPECT_RV(CKR_OK, p11->C_FindObjects(session, &object, 1, &count));
  EXPECT_RV(CKR_OK, p11->C_FindObjectsFinal(session));
  EXPECT_EQ(count, 1U) << label;
  return object;
}

CK_RV Client::Copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const std::string& label,
                   const std::string& id, CK_OBJECT_HANDLE* copy) {
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE changes[] = {
      {CKA_TOKEN, &yes, sizeof yes}, Text(CKA_LABEL, label), Text(CKA_ID, id)};
  CK_OBJECT_HANDLE made = 0;
  return p11->C_CopyObject(session, object, changes, 3, copy == nullptr ? &made : copy);
}

void Client::GenerateRsa(CK_SESSION_HANDLE session, const std::string& label,
                         const std::string& id) {
  CK_BBOOL yes = CK_TRUE;
  CK_ULONG bits = 2048;
  CK_ATTRIBUTE public_key[] = {{CKA_TOKEN, &yes, 1},   {CKA_MODULUS_BITS, &bits, 8},
                               {CKA_ENCRYPT, &yes, 1}, {CKA_WRAP, &yes, 1},
                               Text(CKA_LABEL, label), Text(CKA_ID, id)};
  CK_ATTRIBUTE private_key[] = {{CKA_TOKEN, &yes, 1},   {CKA_SIGN, &yes, 1},
                                {CKA_DECRYPT, &yes, 1}, {CKA_UNWRAP, &yes, 1},
                                Text(CKA_LABEL, label), Text(CKA_ID, id)};
  CK_MECHANISM mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE made[2];
  EXPECT_RV(CKR_OK, p11->C_GenerateKeyPair(session, &mechanism, public_key, 6, private_key, 6,
                                           &made[0], &made[1]));
}

CK_RV Client::SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) {
  AnyMechanism mechanism(type);
  return p11->C_SignInit(session, mechanism.get(), key);
}

Signed Client::Sign(CK_SESSION_HANDLE session, const std::string& data) {
  std::string copy = data;
  Signed result{CKR_OK, std::string(1024, '\0')};
  CK_ULONG size = result.signature.size();
  result.rv = p11->C_Sign(session, reinterpret_cast<CK_BYTE*>(copy.data()), copy.size(),
                          reinterpret_cast<CK_BYTE*>(result.signature.data()), &size);
  result.signature.resize(result.rv == CKR_OK ? size : 0);
  return result;
}

Signed Client::SignFinal(CK_SESSION_HANDLE session) {
  Signed result{CKR_OK, std::string(1024, '\0')};
  CK_ULONG size = result.signature.size();
  result.rv = p11->C_SignFinal(session, reinterpret_cast<CK_BYTE*>(result.signature.data()), &size);
  result.signature.resize(result.rv == CKR_OK ? size : 0);
  return result;
}

Signed Client::Sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                    const std::string& data) {
  if (const CK_RV rv = SignInit(session, type, key); rv != CKR_OK) return {rv, ""};
  return Sign(session, data);
}

Signed Client::SignInParts(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                           const std::string& data, size_t piece) {
  if (const CK_RV rv = SignInit(session, type, key); rv != CKR_OK) return {rv, ""};
  for (size_t at = 0; at < data.size(); at += piece) {
    std::string part = data.substr(at, piece);
    const CK_RV rv =
        p11->C_SignUpdate(session, reinterpret_cast<CK_BYTE*>(part.data()), part.size());
    if (rv != CKR_OK) return {rv, ""};
  }
  return SignFinal(session);
}

std::string Client::PublicNumbers(CK_SESSION_HANDLE session, const std::string& label) {
  const CK_OBJECT_HANDLE key = Find(session, CKO_PUBLIC_KEY, label);
  std::string numbers = "CKR_OK";
  for (const CK_ATTRIBUTE_TYPE type :
       {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT}) {
    std::string value(4096, '\0');
    CK_ATTRIBUTE attribute{type, value.data(), value.size()};
    const bool shown = p11->C_GetAttributeValue(session, key, &attribute, 1) == CKR_OK;
    value.resize(shown ? attribute.ulValueLen : 0);
    numbers += " " + (shown ? ToHex(value) : "-");
  }
  return numbers;
}

}  // namespace grant::test
