// The table of all C_* functions, one row each, and the three symbols that the module exports.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "pkcs11/broker/functions.h"
#include "pkcs11/guard.h"
#include "pkcs11/library.h"
#include "pkcs11/wrap/functions.h"

namespace grant::pkcs11 {
namespace {

Status Initialize(CK_VOID_PTR arguments) {
  return Library::Start(static_cast<CK_C_INITIALIZE_ARGS*>(arguments));
}

Status Finalize(CK_VOID_PTR reserved) {
  return Library::Stop(reserved);
}

Status GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);
Status GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count);
Status GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR found,
                    CK_FLAGS flags);

// What the broker never serves, or can never have begun.
constexpr Always<CKR_FUNCTION_NOT_SUPPORTED> kNotServed;
constexpr Always<CKR_OPERATION_NOT_INITIALIZED> kNotBegun;
// The legacy of parallel functions, which version 2 of the standard took out.
constexpr Always<CKR_FUNCTION_NOT_PARALLEL> kNotParallel;

// A row names what serves the function in the broker placement and, where it is gated there, in the
// wrap placement; otherwise it goes straight through.
#define GRANT_ROW(name, ...) .name = kEntry<#name, &CK_FUNCTION_LIST_3_0::name, __VA_ARGS__>
#define GRANT_ANYTIME(name, body) .name = kAnytimeEntry<#name, body>

// A function left out would be a null pointer in the hands of the host.
#pragma GCC diagnostic error "-Wmissing-field-initializers"
constexpr CK_FUNCTION_LIST_3_0 kFunctions = {
    .version = {3, 0},
    GRANT_ANYTIME(C_Initialize, Initialize),
    GRANT_ANYTIME(C_Finalize, Finalize),
    GRANT_ROW(C_GetInfo, broker::GetInfo),
    GRANT_ANYTIME(C_GetFunctionList, GetFunctionList),
    GRANT_ROW(C_GetSlotList, broker::GetSlotList),
    GRANT_ROW(C_GetSlotInfo, broker::GetSlotInfo),
    GRANT_ROW(C_GetTokenInfo, broker::GetTokenInfo),
    GRANT_ROW(C_GetMechanismList, broker::GetMechanismList),
    GRANT_ROW(C_GetMechanismInfo, broker::GetMechanismInfo),
    GRANT_ROW(C_InitToken, broker::InitToken),
    GRANT_ROW(C_InitPIN, broker::InitPin),
    GRANT_ROW(C_SetPIN, broker::SetPin),
    GRANT_ROW(C_OpenSession, broker::OpenSession),
    GRANT_ROW(C_CloseSession, broker::CloseSession, wrap::CloseSession),
    GRANT_ROW(C_CloseAllSessions, broker::CloseAllSessions, wrap::CloseAllSessions),
    GRANT_ROW(C_GetSessionInfo, broker::GetSessionInfo),
    GRANT_ROW(C_GetOperationState, broker::GetOperationState),
    GRANT_ROW(C_SetOperationState, broker::SetOperationState, wrap::SetOperationState),
    GRANT_ROW(C_Login, broker::LogIn),
    GRANT_ROW(C_Logout, broker::LogOut),
    GRANT_ROW(C_CreateObject, broker::CreateObject),
    GRANT_ROW(C_CopyObject, broker::CopyObject, wrap::CopyObject),
    GRANT_ROW(C_DestroyObject, broker::DestroyObject, wrap::DestroyObject),
    GRANT_ROW(C_GetObjectSize, broker::GetObjectSize),
    GRANT_ROW(C_GetAttributeValue, broker::GetAttributeValue),
    GRANT_ROW(C_SetAttributeValue, broker::SetAttributeValue, wrap::SetAttributeValue),
    GRANT_ROW(C_FindObjectsInit, broker::FindObjectsInit),
    GRANT_ROW(C_FindObjects, broker::FindObjects),
    GRANT_ROW(C_FindObjectsFinal, broker::FindObjectsFinal),
    GRANT_ROW(C_EncryptInit, broker::EncryptInit, wrap::EncryptInit),
    GRANT_ROW(C_Encrypt, broker::Encrypt),
    GRANT_ROW(C_EncryptUpdate, broker::EncryptUpdate),
    GRANT_ROW(C_EncryptFinal, broker::EncryptFinal),
    GRANT_ROW(C_DecryptInit, broker::UseKeyOtherwise, wrap::DecryptInit),
    GRANT_ROW(C_Decrypt, kNotBegun),
    GRANT_ROW(C_DecryptUpdate, kNotBegun),
    GRANT_ROW(C_DecryptFinal, kNotBegun),
    GRANT_ROW(C_DigestInit, broker::DigestInit),
    GRANT_ROW(C_Digest, broker::Digest),
    GRANT_ROW(C_DigestUpdate, broker::DigestUpdate),
    GRANT_ROW(C_DigestKey, broker::DigestKey),
    GRANT_ROW(C_DigestFinal, broker::DigestFinal),
    GRANT_ROW(C_SignInit, broker::SignInit, wrap::SignInit),
    GRANT_ROW(C_Sign, broker::Sign, wrap::Sign),
    GRANT_ROW(C_SignUpdate, broker::SignUpdate, wrap::SignUpdate),
    GRANT_ROW(C_SignFinal, broker::SignFinal, wrap::SignFinal),
    GRANT_ROW(C_SignRecoverInit, broker::UseKeyOtherwise, wrap::SignRecoverInit),
    GRANT_ROW(C_SignRecover, kNotBegun, wrap::SignRecover),
    GRANT_ROW(C_VerifyInit, broker::VerifyInit),
    GRANT_ROW(C_Verify, broker::Verify),
    GRANT_ROW(C_VerifyUpdate, broker::VerifyUpdate),
    GRANT_ROW(C_VerifyFinal, broker::VerifyFinal),
    GRANT_ROW(C_VerifyRecoverInit, broker::UseKeyOtherwise),
    GRANT_ROW(C_VerifyRecover, kNotBegun),
    GRANT_ROW(C_DigestEncryptUpdate, kNotServed),
    GRANT_ROW(C_DecryptDigestUpdate, kNotServed),
    GRANT_ROW(C_SignEncryptUpdate, kNotServed, wrap::SignEncryptUpdate),
    GRANT_ROW(C_DecryptVerifyUpdate, kNotServed),
    GRANT_ROW(C_GenerateKey, broker::GenerateKey),
    GRANT_ROW(C_GenerateKeyPair, broker::GenerateKeyPair),
    GRANT_ROW(C_WrapKey, broker::WrapKey, wrap::WrapKey),
    GRANT_ROW(C_UnwrapKey, broker::UnwrapKey, wrap::UnwrapKey),
    GRANT_ROW(C_DeriveKey, broker::DeriveKey, wrap::DeriveKey),
    GRANT_ROW(C_SeedRandom, broker::SeedRandom),
    GRANT_ROW(C_GenerateRandom, broker::GenerateRandom),
    GRANT_ROW(C_GetFunctionStatus, kNotParallel),
    GRANT_ROW(C_CancelFunction, kNotParallel),
    GRANT_ROW(C_WaitForSlotEvent, broker::WaitForSlotEvent),
    GRANT_ANYTIME(C_GetInterfaceList, GetInterfaceList),
    GRANT_ANYTIME(C_GetInterface, GetInterface),
    GRANT_ROW(C_LoginUser, broker::LoginUser),
    GRANT_ROW(C_SessionCancel, broker::SessionCancel, wrap::SessionCancel),
    GRANT_ROW(C_MessageEncryptInit, kNotServed, wrap::MessageEncryptInit),
    GRANT_ROW(C_EncryptMessage, kNotServed),
    GRANT_ROW(C_EncryptMessageBegin, kNotServed),
    GRANT_ROW(C_EncryptMessageNext, kNotServed),
    GRANT_ROW(C_MessageEncryptFinal, kNotServed),
    GRANT_ROW(C_MessageDecryptInit, kNotServed, wrap::MessageDecryptInit),
    GRANT_ROW(C_DecryptMessage, kNotServed),
    GRANT_ROW(C_DecryptMessageBegin, kNotServed),
    GRANT_ROW(C_DecryptMessageNext, kNotServed),
    GRANT_ROW(C_MessageDecryptFinal, kNotServed),
    GRANT_ROW(C_MessageSignInit, kNotServed, wrap::MessageSignInit),
    GRANT_ROW(C_SignMessage, kNotServed, wrap::SignMessage),
    GRANT_ROW(C_SignMessageBegin, kNotServed, wrap::SignMessageBegin),
    GRANT_ROW(C_SignMessageNext, kNotServed, wrap::SignMessageNext),
    GRANT_ROW(C_MessageSignFinal, kNotServed, wrap::MessageSignFinal),
    GRANT_ROW(C_MessageVerifyInit, kNotServed),
    GRANT_ROW(C_VerifyMessage, kNotServed),
    GRANT_ROW(C_VerifyMessageBegin, kNotServed),
    GRANT_ROW(C_VerifyMessageNext, kNotServed),
    GRANT_ROW(C_MessageVerifyFinal, kNotServed),
};
#undef GRANT_ROW
#undef GRANT_ANYTIME

// The same functions in the shape of version 2.40, which ends earlier.
constexpr CK_FUNCTION_LIST Version240(const CK_FUNCTION_LIST_3_0& all) {
  CK_FUNCTION_LIST list{};
  list.version = {2, 40};
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name) list.name = all.name;
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
  list.C_GetInfo = kEntry<"C_GetInfo", &CK_FUNCTION_LIST_3_0::C_GetInfo, broker::GetInfo240>;
  return list;
}

// The hosts' types have them writable.
constinit CK_FUNCTION_LIST_3_0 g_functions_3_0 = kFunctions;
constinit CK_FUNCTION_LIST g_functions_2_40 = Version240(kFunctions);

CK_CHAR g_standard_interface[] = "PKCS 11";
constinit CK_INTERFACE g_interfaces[] = {{g_standard_interface, &g_functions_3_0, 0},
                                         {g_standard_interface, &g_functions_2_40, 0}};

Status GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (list == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  *list = &g_functions_2_40;
  return {};
}

Status GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count) {
  if (count == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  const CK_ULONG room = *count;
  *count = std::size(g_interfaces);
  if (interfaces == nullptr) return {};
  if (room < std::size(g_interfaces)) return Fail(CKR_BUFFER_TOO_SMALL);
  std::copy(std::begin(g_interfaces), std::end(g_interfaces), interfaces);
  return {};
}

bool Fits(const CK_INTERFACE& offered, const CK_UTF8CHAR* name, const CK_VERSION* version,
          CK_FLAGS flags) {
  if (name != nullptr && std::strcmp(reinterpret_cast<const char*>(name),
                                     reinterpret_cast<const char*>(offered.pInterfaceName)) != 0) {
    return false;
  }
  // Every function list begins with its version.
  const auto* own = static_cast<const CK_VERSION*>(offered.pFunctionList);
  if (version != nullptr && (version->major != own->major || version->minor != own->minor)) {
    return false;
  }
  return (offered.flags & flags) == flags;
}

// Name and version may be null, for any; the first interface that fits is the default.
Status GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR found,
                    CK_FLAGS flags) {
  if (found == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  for (CK_INTERFACE& offered : g_interfaces) {
    if (!Fits(offered, name, version, flags)) continue;
    *found = &offered;
    return {};
  }
  return Fail(CKR_ARGUMENTS_BAD, "no such interface");
}

}  // namespace
}  // namespace grant::pkcs11

#define GRANT_EXPORT extern "C" [[gnu::visibility("default")]]

GRANT_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  return grant::pkcs11::g_functions_3_0.C_GetFunctionList(list);
}

GRANT_EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count) {
  return grant::pkcs11::g_functions_3_0.C_GetInterfaceList(interfaces, count);
}

GRANT_EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                                  CK_INTERFACE_PTR_PTR found, CK_FLAGS flags) {
  return grant::pkcs11::g_functions_3_0.C_GetInterface(name, version, found, flags);
}
