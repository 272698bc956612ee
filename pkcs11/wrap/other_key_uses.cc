// Uses of a key that no grant allows: they would hand it out, or stand for a signature.
#include "pkcs11/wrap/functions.h"
#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {
namespace {

// The handle to give to the backing module, where the key is not governed.
Result<CK_OBJECT_HANDLE> CheckFree(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
                                   CK_RV rv, const char* what) {
  GRANT_TRY(const IdentifiedKey identified, IdentifyKey(wrap, session, key));
  if (!identified.governed) return identified.handle;
  const GovernedKey& governed = *identified.governed;
  return Refuse(rv,
                "key '" + governed.label + "' of signer " + governed.signer.name +
                    " may only sign, not " + what,
                "grantctl signer show " + governed.signer.name);
}

Result<CK_OBJECT_HANDLE> CheckUse(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
                                  const char* what) {
  return CheckFree(wrap, session, key, CKR_KEY_FUNCTION_NOT_PERMITTED, what);
}

Result<CK_OBJECT_HANDLE> CheckChange(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                     const char* what) {
  return CheckFree(wrap, session, object, CKR_ACTION_PROHIBITED, what);
}

// An operation begun without a mechanism is none: version 3.0 cancels by that what is under way.
template <auto kMember>
Status BeginOther(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                  CK_OBJECT_HANDLE key, const char* what) {
  if (mechanism == nullptr) return Through<kMember>(wrap, session, mechanism, key);
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckUse(wrap, session, key, what));
  return Through<kMember>(wrap, session, mechanism, free);
}

}  // namespace

Status CopyObject(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                  CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR copy) {
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckChange(wrap, session, object, "be copied"));
  return Through<&CK_FUNCTION_LIST_3_0::C_CopyObject>(wrap, session, free, attributes, count, copy);
}

Status DestroyObject(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckChange(wrap, session, object, "be destroyed"));
  return Through<&CK_FUNCTION_LIST_3_0::C_DestroyObject>(wrap, session, free);
}

Status SetAttributeValue(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckChange(wrap, session, object, "be changed"));
  return Through<&CK_FUNCTION_LIST_3_0::C_SetAttributeValue>(wrap, session, free, attributes,
                                                             count);
}

Status EncryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                   CK_OBJECT_HANDLE key) {
  return BeginOther<&CK_FUNCTION_LIST_3_0::C_EncryptInit>(wrap, session, mechanism, key, "encrypt");
}

Status DecryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                   CK_OBJECT_HANDLE key) {
  return BeginOther<&CK_FUNCTION_LIST_3_0::C_DecryptInit>(wrap, session, mechanism, key, "decrypt");
}

Status MessageEncryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
  return BeginOther<&CK_FUNCTION_LIST_3_0::C_MessageEncryptInit>(wrap, session, mechanism, key,
                                                                 "encrypt");
}

Status MessageDecryptInit(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
  return BeginOther<&CK_FUNCTION_LIST_3_0::C_MessageDecryptInit>(wrap, session, mechanism, key,
                                                                 "decrypt");
}

Status WrapKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
               CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped,
               CK_ULONG_PTR wrapped_bytes) {
  GRANT_TRY(const CK_OBJECT_HANDLE free_one, CheckUse(wrap, session, wrapping_key, "wrap others"));
  GRANT_TRY(const CK_OBJECT_HANDLE free_other, CheckUse(wrap, session, key, "be wrapped"));
  return Through<&CK_FUNCTION_LIST_3_0::C_WrapKey>(wrap, session, mechanism, free_one, free_other,
                                                   wrapped, wrapped_bytes);
}

Status UnwrapKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                 CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped, CK_ULONG wrapped_bytes,
                 CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckUse(wrap, session, unwrapping_key, "unwrap others"));
  return Through<&CK_FUNCTION_LIST_3_0::C_UnwrapKey>(wrap, session, mechanism, free, wrapped,
                                                     wrapped_bytes, attributes, count, key);
}

Status DeriveKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                 CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE_PTR attributes, CK_ULONG count,
                 CK_OBJECT_HANDLE_PTR key) {
  GRANT_TRY(const CK_OBJECT_HANDLE free, CheckUse(wrap, session, base_key, "derive others"));
  return Through<&CK_FUNCTION_LIST_3_0::C_DeriveKey>(wrap, session, mechanism, free, attributes,
                                                     count, key);
}

}  // namespace grant::pkcs11::wrap
