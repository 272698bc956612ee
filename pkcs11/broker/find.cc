// Searching objects (PKCS #11 v2.40, 5.7). Every object that grantd shows is visible without login.
#include <algorithm>
#include <span>

#include "pkcs11/broker/attributes.h"
#include "pkcs11/broker/functions.h"

namespace grant::pkcs11::broker {

Status FindObjectsInit(Session& session, CK_ATTRIBUTE_PTR wanted, CK_ULONG count) {
  if (wanted == nullptr && count != 0) return Fail(CKR_ARGUMENTS_BAD);
  const std::span<const CK_ATTRIBUTE> attributes(wanted, count);
  GRANT_CHECK(CheckTemplate(attributes));
  GRANT_CHECK(session.search.CheckFree());
  GRANT_TRY(std::vector<ObjectRef> objects, session.token->objects.Refresh());
  std::vector<CK_OBJECT_HANDLE> found;
  for (const ObjectRef& object : objects) {
    if (Matches(*object, attributes)) found.push_back(object->handle);
  }
  return session.search.Begin({std::move(found)});
}

Status FindObjects(Session& session, CK_OBJECT_HANDLE_PTR found, CK_ULONG count_max,
                   CK_ULONG_PTR count) {
  if (count == nullptr || (found == nullptr && count_max != 0)) return Fail(CKR_ARGUMENTS_BAD);
  return session.search.With([&](Search& search) {
    *count = std::min(count_max, search.found.size() - search.next);
    std::copy_n(search.found.data() + search.next, *count, found);
    search.next += *count;
  });
}

Status FindObjectsFinal(Session& session) {
  if (!session.search.End()) return Fail(CKR_OPERATION_NOT_INITIALIZED);
  return {};
}

}  // namespace grant::pkcs11::broker
