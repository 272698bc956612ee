// Reading objects; writing them is refused (PKCS #11 v2.40, 5.7 and 5.13).
#include <span>

#include "pkcs11/broker/attributes.h"
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {
namespace {

Status Write() {
  return Fail(CKR_TOKEN_WRITE_PROTECTED, "the token is write-protected");
}

// What would copy, change or destroy a private key is refused by name, for it is not just that
// nothing can be written: nobody may do it.
Status WriteTo(Session& session, CK_OBJECT_HANDLE handle) {
  GRANT_TRY(ObjectRef object, session.token->objects.Find(handle));
  if (object->object_class != CKO_PRIVATE_KEY) return Write();
  return Refuse(CKR_ACTION_PROHIBITED,
                "key " + object->Label() + " can be neither copied, changed nor destroyed here",
                "administer the token with its own tools, as grantd's user");
}

}  // namespace

Status GetAttributeValue(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR wanted,
                         CK_ULONG count) {
  if (wanted == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(ObjectRef found, session.token->objects.Find(object));
  return ReadAttributes(*found, std::span(wanted, count));
}

Status GetObjectSize(Session& session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size) {
  if (size == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(session.token->objects.Find(object));
  *size = CK_UNAVAILABLE_INFORMATION;
  return {};
}

Status CreateObject(Session&, CK_ATTRIBUTE_PTR, CK_ULONG, CK_OBJECT_HANDLE_PTR) {
  return Write();
}

Status CopyObject(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR, CK_ULONG,
                  CK_OBJECT_HANDLE_PTR) {
  return WriteTo(session, object);
}

Status DestroyObject(Session& session, CK_OBJECT_HANDLE object) {
  return WriteTo(session, object);
}

Status SetAttributeValue(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR, CK_ULONG) {
  return WriteTo(session, object);
}

Status GenerateKey(Session&, CK_MECHANISM_PTR, CK_ATTRIBUTE_PTR, CK_ULONG, CK_OBJECT_HANDLE_PTR) {
  return Write();
}

Status GenerateKeyPair(Session&, CK_MECHANISM_PTR, CK_ATTRIBUTE_PTR, CK_ULONG, CK_ATTRIBUTE_PTR,
                       CK_ULONG, CK_OBJECT_HANDLE_PTR, CK_OBJECT_HANDLE_PTR) {
  return Write();
}

}  // namespace grant::pkcs11::broker
