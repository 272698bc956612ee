// One object of a token, as grantd described it. Never changes; a changed object is a new one under
// the same handle.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/protocol.h"

namespace grant::pkcs11 {

struct Object {
  CK_OBJECT_HANDLE handle = 0;
  uint64_t id = 0;  // grantd's number for it, in one run of grantd
  CK_OBJECT_CLASS object_class = 0;
  std::vector<gate::AttributeRecord> attributes;
  std::optional<gate::SignerRecord> signer;

  // Null where the object has no such attribute.
  const gate::AttributeRecord* Find(CK_ATTRIBUTE_TYPE type) const;
  // The value of a CK_ULONG or CK_BBOOL attribute; nothing where it has none of that size.
  std::optional<CK_ULONG> Number(CK_ATTRIBUTE_TYPE type) const;
  std::optional<bool> Truth(CK_ATTRIBUTE_TYPE type) const;
  // CKA_LABEL, for messages.
  std::string Label() const;

  // Whether this is the secret part of a key, which no attribute call may give away.
  bool IsSensitive(CK_ATTRIBUTE_TYPE type) const;
};

using ObjectRef = std::shared_ptr<const Object>;

}  // namespace grant::pkcs11
