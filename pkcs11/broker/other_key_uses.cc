// Uses of a key other than signing. A private key has none: no grant allows them.
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {
namespace {

Status CheckUse(Session& session, CK_OBJECT_HANDLE handle, CK_RV no_such_key) {
  Result<ObjectRef> key = session.token->objects.Find(handle);
  if (!key) return Fail(no_such_key);
  if ((*key)->object_class != CKO_PRIVATE_KEY) return {};
  return Refuse(CKR_KEY_FUNCTION_NOT_PERMITTED, "key " + (*key)->Label() + " may only sign");
}

}  // namespace

Status UseKeyOtherwise(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (mechanism == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(CheckUse(session, key, CKR_KEY_HANDLE_INVALID));
  return Fail(CKR_FUNCTION_NOT_SUPPORTED);
}

Status WrapKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key,
               CK_OBJECT_HANDLE key, CK_BYTE_PTR, CK_ULONG_PTR) {
  if (mechanism == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(CheckUse(session, wrapping_key, CKR_WRAPPING_KEY_HANDLE_INVALID));
  GRANT_CHECK(CheckUse(session, key, CKR_KEY_HANDLE_INVALID));
  return Fail(CKR_FUNCTION_NOT_SUPPORTED);
}

Status UnwrapKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping_key,
                 CK_BYTE_PTR, CK_ULONG, CK_ATTRIBUTE_PTR, CK_ULONG, CK_OBJECT_HANDLE_PTR) {
  if (mechanism == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(CheckUse(session, unwrapping_key, CKR_UNWRAPPING_KEY_HANDLE_INVALID));
  return Fail(CKR_TOKEN_WRITE_PROTECTED);
}

Status DeriveKey(Session& session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base_key,
                 CK_ATTRIBUTE_PTR, CK_ULONG, CK_OBJECT_HANDLE_PTR) {
  if (mechanism == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(CheckUse(session, base_key, CKR_KEY_HANDLE_INVALID));
  return Fail(CKR_TOKEN_WRITE_PROTECTED);
}

}  // namespace grant::pkcs11::broker
