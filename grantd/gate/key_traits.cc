#include "grantd/gate/key_traits.h"

#include <cstring>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

std::optional<bool> Truth(const TokenObject& key, CK_ATTRIBUTE_TYPE type) {
  const gate::AttributeRecord* const attribute = key.Find(type);
  if (attribute == nullptr || attribute->value.size() != sizeof(CK_BBOOL)) return std::nullopt;
  return attribute->value.front() != CK_FALSE;
}

// A list that is empty and none at all are the same to a token: every mechanism is allowed.
std::optional<bool> HasMechanisms(const TokenObject& key) {
  const gate::AttributeRecord* const attribute = key.Find(CKA_ALLOWED_MECHANISMS);
  if (attribute == nullptr) return std::nullopt;
  return !attribute->value.empty();
}

KeyFamily FamilyOf(const TokenObject& key) {
  const gate::AttributeRecord* const attribute = key.Find(CKA_KEY_TYPE);
  CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
  if (attribute == nullptr || attribute->value.size() != sizeof type) return KeyFamily::kOther;
  std::memcpy(&type, attribute->value.data(), sizeof type);
  switch (type) {
    case CKK_RSA:
      return KeyFamily::kRsa;
    case CKK_EC:
      return KeyFamily::kEc;
    case CKK_EC_EDWARDS:
      return KeyFamily::kEdwards;
    default:
      return KeyFamily::kOther;
  }
}

}  // namespace

KeyTraits TraitsOf(const TokenObject& key) {
  return {FamilyOf(key),
          Truth(key, CKA_SENSITIVE),
          Truth(key, CKA_EXTRACTABLE),
          Truth(key, CKA_DECRYPT),
          Truth(key, CKA_UNWRAP),
          Truth(key, CKA_DERIVE),
          Truth(key, CKA_SIGN_RECOVER),
          Truth(key, CKA_MODIFIABLE),
          Truth(key, CKA_COPYABLE),
          Truth(key, CKA_DESTROYABLE),
          Truth(key, CKA_NEVER_EXTRACTABLE),
          Truth(key, CKA_ALWAYS_SENSITIVE),
          Truth(key, CKA_LOCAL),
          HasMechanisms(key)};
}

}  // namespace grant
