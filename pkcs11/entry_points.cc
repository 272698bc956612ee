// The table of all C_* functions, one row each, and the three symbols that the module exports.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "pkcs11/broker/functions.h"
#include "pkcs11/guard.h"
#include "pkcs11/library.h"

namespace grant::pkcs11 {
namespace {

Status Initialize(CK_VOID_PTR arguments) {
  return Library::Start(static_cast<const CK_C_INITIALIZE_ARGS*>(arguments));
}

Status Finalize(CK_VOID_PTR reserved) {
  return Library::Stop(reserved);
}

Status GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);
Status GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count);
Status GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR found,
                    CK_FLAGS flags);

using Octets = CK_BYTE_PTR;
using Size = CK_ULONG_PTR;

// A function left out would be a null pointer in the hands of the host.
#pragma GCC diagnostic error "-Wmissing-field-initializers"
constinit CK_FUNCTION_LIST g_functions = {
    .version = {2, 40},
    .C_Initialize = kEntry<"C_Initialize", Initialize>,
    .C_Finalize = kEntry<"C_Finalize", Finalize>,
    .C_GetInfo = kEntry<"C_GetInfo", GetInfo>,
    .C_GetFunctionList = kEntry<"C_GetFunctionList", GetFunctionList>,
    .C_GetSlotList = kEntry<"C_GetSlotList", GetSlotList>,
    .C_GetSlotInfo = kEntry<"C_GetSlotInfo", GetSlotInfo>,
    .C_GetTokenInfo = kEntry<"C_GetTokenInfo", GetTokenInfo>,
    .C_GetMechanismList = kEntry<"C_GetMechanismList", GetMechanismList>,
    .C_GetMechanismInfo = kEntry<"C_GetMechanismInfo", GetMechanismInfo>,
    .C_InitToken = kEntry<"C_InitToken", InitToken>,
    .C_InitPIN = kEntry<"C_InitPIN", InitPin>,
    .C_SetPIN = kEntry<"C_SetPIN", SetPin>,
    .C_OpenSession = kEntry<"C_OpenSession", OpenSession>,
    .C_CloseSession = kEntry<"C_CloseSession", CloseSession>,
    .C_CloseAllSessions = kEntry<"C_CloseAllSessions", CloseAllSessions>,
    .C_GetSessionInfo = kEntry<"C_GetSessionInfo", GetSessionInfo>,
    .C_GetOperationState = kEntry<"C_GetOperationState", NotServed<Octets, Size>>,
    .C_SetOperationState = kEntry<"C_SetOperationState",
                                  NotServed<Octets, CK_ULONG, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE>>,
    .C_Login = kEntry<"C_Login", LogIn>,
    .C_Logout = kEntry<"C_Logout", LogOut>,
    .C_CreateObject = kEntry<"C_CreateObject", CreateObject>,
    .C_CopyObject = kEntry<"C_CopyObject", CopyObject>,
    .C_DestroyObject = kEntry<"C_DestroyObject", DestroyObject>,
    .C_GetObjectSize = kEntry<"C_GetObjectSize", GetObjectSize>,
    .C_GetAttributeValue = kEntry<"C_GetAttributeValue", GetAttributeValue>,
    .C_SetAttributeValue = kEntry<"C_SetAttributeValue", SetAttributeValue>,
    .C_FindObjectsInit = kEntry<"C_FindObjectsInit", FindObjectsInit>,
    .C_FindObjects = kEntry<"C_FindObjects", FindObjects>,
    .C_FindObjectsFinal = kEntry<"C_FindObjectsFinal", FindObjectsFinal>,
    .C_EncryptInit = kEntry<"C_EncryptInit", UseKeyOtherwise>,
    .C_Encrypt = kEntry<"C_Encrypt", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_EncryptUpdate = kEntry<"C_EncryptUpdate", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_EncryptFinal = kEntry<"C_EncryptFinal", NotServed<Octets, Size>>,
    .C_DecryptInit = kEntry<"C_DecryptInit", UseKeyOtherwise>,
    .C_Decrypt = kEntry<"C_Decrypt", NotBegun<Octets, CK_ULONG, Octets, Size>>,
    .C_DecryptUpdate = kEntry<"C_DecryptUpdate", NotBegun<Octets, CK_ULONG, Octets, Size>>,
    .C_DecryptFinal = kEntry<"C_DecryptFinal", NotBegun<Octets, Size>>,
    .C_DigestInit = kEntry<"C_DigestInit", NotServed<CK_MECHANISM_PTR>>,
    .C_Digest = kEntry<"C_Digest", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_DigestUpdate = kEntry<"C_DigestUpdate", NotServed<Octets, CK_ULONG>>,
    .C_DigestKey = kEntry<"C_DigestKey", NotServed<CK_OBJECT_HANDLE>>,
    .C_DigestFinal = kEntry<"C_DigestFinal", NotServed<Octets, Size>>,
    .C_SignInit = kEntry<"C_SignInit", SignInit>,
    .C_Sign = kEntry<"C_Sign", Sign>,
    .C_SignUpdate = kEntry<"C_SignUpdate", SignUpdate>,
    .C_SignFinal = kEntry<"C_SignFinal", SignFinal>,
    .C_SignRecoverInit = kEntry<"C_SignRecoverInit", UseKeyOtherwise>,
    .C_SignRecover = kEntry<"C_SignRecover", NotBegun<Octets, CK_ULONG, Octets, Size>>,
    .C_VerifyInit = kEntry<"C_VerifyInit", UseKeyOtherwise>,
    .C_Verify = kEntry<"C_Verify", NotServed<Octets, CK_ULONG, Octets, CK_ULONG>>,
    .C_VerifyUpdate = kEntry<"C_VerifyUpdate", NotServed<Octets, CK_ULONG>>,
    .C_VerifyFinal = kEntry<"C_VerifyFinal", NotServed<Octets, CK_ULONG>>,
    .C_VerifyRecoverInit = kEntry<"C_VerifyRecoverInit", UseKeyOtherwise>,
    .C_VerifyRecover = kEntry<"C_VerifyRecover", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_DigestEncryptUpdate =
        kEntry<"C_DigestEncryptUpdate", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_DecryptDigestUpdate =
        kEntry<"C_DecryptDigestUpdate", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_SignEncryptUpdate = kEntry<"C_SignEncryptUpdate", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_DecryptVerifyUpdate =
        kEntry<"C_DecryptVerifyUpdate", NotServed<Octets, CK_ULONG, Octets, Size>>,
    .C_GenerateKey = kEntry<"C_GenerateKey", GenerateKey>,
    .C_GenerateKeyPair = kEntry<"C_GenerateKeyPair", GenerateKeyPair>,
    .C_WrapKey = kEntry<"C_WrapKey", WrapKey>,
    .C_UnwrapKey = kEntry<"C_UnwrapKey", UnwrapKey>,
    .C_DeriveKey = kEntry<"C_DeriveKey", DeriveKey>,
    .C_SeedRandom = kEntry<"C_SeedRandom", NoRandom<Octets, CK_ULONG>>,
    .C_GenerateRandom = kEntry<"C_GenerateRandom", NoRandom<Octets, CK_ULONG>>,
    .C_GetFunctionStatus = kEntry<"C_GetFunctionStatus", NotParallel>,
    .C_CancelFunction = kEntry<"C_CancelFunction", NotParallel>,
    .C_WaitForSlotEvent = kEntry<"C_WaitForSlotEvent", WaitForSlotEvent>,
};

CK_CHAR g_standard_interface[] = "PKCS 11";
constinit CK_INTERFACE g_interfaces[] = {{g_standard_interface, &g_functions, 0}};

Status GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (list == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  *list = &g_functions;
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
  return grant::pkcs11::g_functions.C_GetFunctionList(list);
}

GRANT_EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count) {
  return grant::pkcs11::kEntry<"C_GetInterfaceList", grant::pkcs11::GetInterfaceList>(interfaces,
                                                                                      count);
}

GRANT_EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                                  CK_INTERFACE_PTR_PTR found, CK_FLAGS flags) {
  return grant::pkcs11::kEntry<"C_GetInterface", grant::pkcs11::GetInterface>(name, version, found,
                                                                              flags);
}
