#include "tests/unit/pkcs11/wrap/fake_backing.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "grant/cryptoki/mechanism.h"

namespace grant::test {
namespace {

FakeBacking& Fake() {
  static FakeBacking& fake = *new FakeBacking;
  return fake;
}

// Counts the call; the answer that a test has set, or CKR_OK.
CK_RV Enter(const char* function) {
  ++Fake().calls[function];
  if (Fake().hook) Fake().hook(function);
  const auto answer = Fake().answers.find(function);
  return answer == Fake().answers.end() ? CKR_OK : answer->second;
}

CK_RV Enter(const char* function, CK_SESSION_HANDLE session) {
  const CK_RV rv = Enter(function);
  if (rv == CKR_OK && session >= kSessionsMax) return CKR_SESSION_HANDLE_INVALID;
  return rv;
}

bool TakesParts(CK_MECHANISM_TYPE type) {
  const auto* facts = cryptoki::FindSigningMechanism(type);
  return facts != nullptr && facts->hash.has_value();
}

CK_RV Give(CK_BYTE_PTR buffer, CK_ULONG_PTR bytes) {
  const std::string_view signature = kSignature;
  const CK_ULONG room = *bytes;
  *bytes = signature.size();
  if (buffer == nullptr) return CKR_OK;
  if (room < signature.size()) return CKR_BUFFER_TOO_SMALL;
  std::ranges::copy(signature, buffer);
  ++Fake().signatures;
  return CKR_OK;
}

CK_RV Initialize(CK_VOID_PTR) {
  return Enter("C_Initialize");
}

CK_RV Finalize(CK_VOID_PTR) {
  return Enter("C_Finalize");
}

CK_RV GetTokenInfo(CK_SLOT_ID, CK_TOKEN_INFO_PTR info) {
  std::memset(info, ' ', sizeof *info);
  std::memcpy(info->label, "token", 5);
  std::memcpy(info->serialNumber, "42", 2);
  std::memcpy(info->manufacturerID, "maker", 6);  // with the zero byte that some put behind it
  std::memcpy(info->model, "model", 5);
  return Enter("C_GetTokenInfo");
}

CK_RV GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info) {
  info->slotID = kSlot;
  return Enter("C_GetSessionInfo", session);
}

CK_RV CloseSession(CK_SESSION_HANDLE session) {
  Fake().operations.erase(session);
  return Enter("C_CloseSession", session);
}

CK_RV CloseAllSessions(CK_SLOT_ID) {
  Fake().operations.clear();
  return Enter("C_CloseAllSessions");
}

CK_RV SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR, CK_ULONG, CK_OBJECT_HANDLE,
                        CK_OBJECT_HANDLE key) {
  if (key != 0) Fake().operations[session] = {CKM_RSA_PKCS, key, false};
  return Enter("C_SetOperationState", session);
}

CK_RV GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR wanted,
                        CK_ULONG) {
  if (const CK_RV rv = Enter("C_GetAttributeValue", session); rv != CKR_OK) return rv;
  if (object < kGoverned || object > kSecret) return CKR_OBJECT_HANDLE_INVALID;
  std::string value;
  const auto number = [&value](CK_ULONG given) {
    value.assign(reinterpret_cast<const char*>(&given), sizeof given);
  };
  switch (wanted->type) {
    case CKA_CLASS:
      number(object == kSecret   ? CKO_SECRET_KEY
             : object == kPublic ? CKO_PUBLIC_KEY
                                 : CKO_PRIVATE_KEY);
      break;
    case CKA_KEY_TYPE:
      number(object == kSecret ? CKK_AES : CKK_RSA);
      break;
    case CKA_LABEL:
      value = object == kGoverned ? "release-key" : "other-key";
      break;
    case CKA_MODULUS:
      value = "modulus " + std::to_string(object);
      break;
    case CKA_ID:
      break;
    default:
      wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
      return CKR_ATTRIBUTE_TYPE_INVALID;
  }
  const CK_ULONG room = wanted->ulValueLen;
  wanted->ulValueLen = value.size();
  if (wanted->pValue == nullptr) return CKR_OK;
  if (room < value.size()) return CKR_BUFFER_TOO_SMALL;
  std::ranges::copy(value, static_cast<char*>(wanted->pValue));
  return CKR_OK;
}

CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (const CK_RV rv = Enter("C_SignInit", session); rv != CKR_OK) return rv;
  if (mechanism == nullptr) return CKR_ARGUMENTS_BAD;
  if (Fake().operations.contains(session)) return CKR_OPERATION_ACTIVE;
  if (key < kGoverned || key > kSecret) return CKR_KEY_HANDLE_INVALID;
  Fake().operations[session] = {mechanism->mechanism, key, false};
  return CKR_OK;
}

CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG, CK_BYTE_PTR signature,
           CK_ULONG_PTR bytes) {
  if (const CK_RV rv = Enter("C_Sign", session); rv != CKR_OK) return rv;
  if (data == nullptr) return CKR_ARGUMENTS_BAD;
  const auto operation = Fake().operations.find(session);
  if (operation == Fake().operations.end()) return CKR_OPERATION_NOT_INITIALIZED;
  if (operation->second.has_parts) {
    Fake().operations.erase(operation);
    return CKR_OPERATION_NOT_INITIALIZED;
  }
  const CK_RV rv = Give(signature, bytes);
  if (rv == CKR_OK && signature != nullptr) Fake().operations.erase(operation);
  return rv;
}

CK_RV SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG) {
  if (const CK_RV rv = Enter("C_SignUpdate", session); rv != CKR_OK) return rv;
  if (part == nullptr) return CKR_ARGUMENTS_BAD;
  const auto operation = Fake().operations.find(session);
  if (operation == Fake().operations.end()) return CKR_OPERATION_NOT_INITIALIZED;
  if (!TakesParts(operation->second.mechanism)) {
    Fake().operations.erase(operation);
    return CKR_OPERATION_NOT_INITIALIZED;
  }
  operation->second.has_parts = true;
  return CKR_OK;
}

CK_RV SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG_PTR bytes) {
  if (const CK_RV rv = Enter("C_SignFinal", session); rv != CKR_OK) return rv;
  const auto operation = Fake().operations.find(session);
  if (operation == Fake().operations.end()) return CKR_OPERATION_NOT_INITIALIZED;
  const CK_RV rv = Give(signature, bytes);
  if (rv == CKR_OK && signature != nullptr) Fake().operations.erase(operation);
  return rv;
}

CK_RV SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_bytes,
                        CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_bytes) {
  const CK_RV rv = Enter("C_SignEncryptUpdate", session);
  *encrypted_bytes = part_bytes;
  if (rv == CKR_OK && encrypted != nullptr) std::memcpy(encrypted, part, part_bytes);
  return rv;
}

// The functions that only answer.
constexpr const char* kNames[] = {
    "C_CopyObject",         "C_DestroyObject",     "C_SetAttributeValue",
    "C_EncryptInit",        "C_DecryptInit",       "C_WrapKey",
    "C_UnwrapKey",          "C_DeriveKey",         "C_SignRecoverInit",
    "C_MessageEncryptInit", "C_MessageDecryptInit"};

template <size_t kName, typename... Arguments>
constexpr auto Answer(CK_RV (*CK_FUNCTION_LIST_3_0::*)(CK_SESSION_HANDLE, Arguments...)) {
  return +[](CK_SESSION_HANDLE session, Arguments...) { return Enter(kNames[kName], session); };
}

CK_RV SignRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR signature,
                  CK_ULONG_PTR bytes) {
  if (const CK_RV rv = Enter("C_SignRecover", session); rv != CKR_OK) return rv;
  return Give(signature, bytes);
}

CK_RV GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

#ifdef FAKE_BACKING_3_0
CK_RV SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags) {
  if (const CK_RV rv = Enter("C_SessionCancel", session); rv != CKR_OK) return rv;
  if ((flags & CKF_SIGN) != 0) Fake().operations.erase(session);
  if ((flags & CKF_MESSAGE_SIGN) != 0) Fake().messages.erase(session);
  return CKR_OK;
}

CK_RV MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (const CK_RV rv = Enter("C_MessageSignInit", session); rv != CKR_OK) return rv;
  Fake().messages[session] = {mechanism->mechanism, key, false};
  return CKR_OK;
}

CK_RV SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG,
                  CK_BYTE_PTR signature, CK_ULONG_PTR bytes) {
  if (const CK_RV rv = Enter("C_SignMessage", session); rv != CKR_OK) return rv;
  if (!Fake().messages.contains(session)) return CKR_OPERATION_NOT_INITIALIZED;
  return Give(signature, bytes);
}

CK_RV SignMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR, CK_ULONG) {
  return Enter("C_SignMessageBegin", session);
}

CK_RV SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG,
                      CK_BYTE_PTR signature, CK_ULONG_PTR bytes) {
  if (const CK_RV rv = Enter("C_SignMessageNext", session); rv != CKR_OK) return rv;
  if (!Fake().messages.contains(session)) return CKR_OPERATION_NOT_INITIALIZED;
  return bytes == nullptr ? CKR_OK : Give(signature, bytes);
}

CK_RV MessageSignFinal(CK_SESSION_HANDLE session) {
  Fake().messages.erase(session);
  return Enter("C_MessageSignFinal", session);
}
#endif

CK_FUNCTION_LIST_3_0 MakeFunctions() {
  CK_FUNCTION_LIST_3_0 list{};
  list.C_Initialize = Initialize;
  list.C_Finalize = Finalize;
  list.C_GetFunctionList = GetFunctionList;
  list.C_GetTokenInfo = GetTokenInfo;
  list.C_GetSessionInfo = GetSessionInfo;
  list.C_CloseSession = CloseSession;
  list.C_CloseAllSessions = CloseAllSessions;
  list.C_SetOperationState = SetOperationState;
  list.C_GetAttributeValue = GetAttributeValue;
  list.C_SignInit = SignInit;
  list.C_Sign = Sign;
  list.C_SignUpdate = SignUpdate;
  list.C_SignFinal = SignFinal;
  list.C_SignEncryptUpdate = SignEncryptUpdate;
  list.C_CopyObject = Answer<0>(&CK_FUNCTION_LIST_3_0::C_CopyObject);
  list.C_DestroyObject = Answer<1>(&CK_FUNCTION_LIST_3_0::C_DestroyObject);
  list.C_SetAttributeValue = Answer<2>(&CK_FUNCTION_LIST_3_0::C_SetAttributeValue);
  list.C_EncryptInit = Answer<3>(&CK_FUNCTION_LIST_3_0::C_EncryptInit);
  list.C_DecryptInit = Answer<4>(&CK_FUNCTION_LIST_3_0::C_DecryptInit);
  list.C_WrapKey = Answer<5>(&CK_FUNCTION_LIST_3_0::C_WrapKey);
  list.C_UnwrapKey = Answer<6>(&CK_FUNCTION_LIST_3_0::C_UnwrapKey);
  list.C_DeriveKey = Answer<7>(&CK_FUNCTION_LIST_3_0::C_DeriveKey);
  list.C_SignRecoverInit = Answer<8>(&CK_FUNCTION_LIST_3_0::C_SignRecoverInit);
  list.C_SignRecover = SignRecover;
#ifdef FAKE_BACKING_3_0
  list.version = {3, 0};
  list.C_SessionCancel = SessionCancel;
  list.C_MessageEncryptInit = Answer<9>(&CK_FUNCTION_LIST_3_0::C_MessageEncryptInit);
  list.C_MessageDecryptInit = Answer<10>(&CK_FUNCTION_LIST_3_0::C_MessageDecryptInit);
  list.C_MessageSignInit = MessageSignInit;
  list.C_SignMessage = SignMessage;
  list.C_SignMessageBegin = SignMessageBegin;
  list.C_SignMessageNext = SignMessageNext;
  list.C_MessageSignFinal = MessageSignFinal;
#endif
  return list;
}

CK_FUNCTION_LIST_3_0& Functions() {
  static CK_FUNCTION_LIST_3_0 list = MakeFunctions();
  return list;
}

CK_RV GetFunctionList(CK_FUNCTION_LIST_PTR_PTR given) {
  static CK_FUNCTION_LIST list{};
  list.version = {2, 40};
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name) list.name = Functions().name;
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
  *given = &list;
  return CKR_OK;
}

}  // namespace
}  // namespace grant::test

extern "C" {

[[gnu::visibility("default")]] CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  return grant::test::GetFunctionList(list);
}

#ifdef FAKE_BACKING_3_0
[[gnu::visibility("default")]] CK_RV C_GetInterface(CK_UTF8CHAR_PTR, CK_VERSION_PTR,
                                                    CK_INTERFACE_PTR_PTR found, CK_FLAGS) {
  static CK_UTF8CHAR name[] = "PKCS 11";
  static CK_INTERFACE interface { name, &grant::test::Functions(), 0 };
  *found = &interface;
  return CKR_OK;
}
#endif

[[gnu::visibility("default")]] grant::test::FakeBacking* GetFakeBacking() {
  return &grant::test::Fake();
}
}
