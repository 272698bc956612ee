#include "pkcs11/broker/attributes.h"

#include <algorithm>
#include <cstring>

namespace grant::pkcs11 {
namespace {

// The parts of private and secret keys. grantd does not send them; this is the second bolt.
bool IsSecretPart(CK_ATTRIBUTE_TYPE type) {
  switch (type) {
    case CKA_VALUE:
    case CKA_PRIVATE_EXPONENT:
    case CKA_PRIME_1:
    case CKA_PRIME_2:
    case CKA_EXPONENT_1:
    case CKA_EXPONENT_2:
    case CKA_COEFFICIENT:
      return true;
    default:
      return false;
  }
}

template <typename T>
std::optional<T> ValueAs(const gate::AttributeRecord* attribute) {
  T value{};
  if (attribute == nullptr || attribute->value.size() != sizeof value) return {};
  std::memcpy(&value, attribute->value.data(), sizeof value);
  return value;
}

CK_RV ReadAttribute(const Object& object, CK_ATTRIBUTE& wanted) {
  const gate::AttributeRecord* attribute = object.Find(wanted.type);
  if (attribute == nullptr) return CKR_ATTRIBUTE_TYPE_INVALID;
  if (object.IsSensitive(wanted.type)) return CKR_ATTRIBUTE_SENSITIVE;
  const size_t size = attribute->value.size();
  if (wanted.pValue != nullptr) {
    if (wanted.ulValueLen < size) return CKR_BUFFER_TOO_SMALL;
    if (size != 0) std::memcpy(wanted.pValue, attribute->value.data(), size);
  }
  wanted.ulValueLen = size;
  return CKR_OK;
}

int Weight(CK_RV rv) {
  switch (rv) {
    case CKR_OK:
      return 0;
    case CKR_BUFFER_TOO_SMALL:
      return 1;
    case CKR_ATTRIBUTE_TYPE_INVALID:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

const gate::AttributeRecord* Object::Find(CK_ATTRIBUTE_TYPE type) const {
  auto found = std::ranges::find(attributes, type, &gate::AttributeRecord::type);
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<CK_ULONG> Object::Number(CK_ATTRIBUTE_TYPE type) const {
  return ValueAs<CK_ULONG>(Find(type));
}

std::optional<bool> Object::Truth(CK_ATTRIBUTE_TYPE type) const {
  std::optional<CK_BBOOL> value = ValueAs<CK_BBOOL>(Find(type));
  if (!value) return {};
  return *value != CK_FALSE;
}

std::string Object::Label() const {
  const gate::AttributeRecord* label = Find(CKA_LABEL);
  return label == nullptr ? std::string() : std::string(AsText(label->value));
}

bool Object::IsSensitive(CK_ATTRIBUTE_TYPE type) const {
  if ((object_class == CKO_PRIVATE_KEY || object_class == CKO_SECRET_KEY) && IsSecretPart(type)) {
    return true;
  }
  const gate::AttributeRecord* attribute = Find(type);
  return attribute != nullptr && attribute->sensitive;
}

Status ReadAttributes(const Object& object, std::span<CK_ATTRIBUTE> wanted) {
  CK_RV worst = CKR_OK;
  for (CK_ATTRIBUTE& attribute : wanted) {
    CK_RV rv = ReadAttribute(object, attribute);
    if (rv != CKR_OK) attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    if (Weight(rv) > Weight(worst)) worst = rv;
  }
  if (worst != CKR_OK) return Fail(worst);
  return {};
}

Status CheckTemplate(std::span<const CK_ATTRIBUTE> wanted) {
  for (const CK_ATTRIBUTE& attribute : wanted) {
    if (attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION ||
        (attribute.pValue == nullptr && attribute.ulValueLen != 0)) {
      return Fail(CKR_ARGUMENTS_BAD);
    }
  }
  return {};
}

bool Matches(const Object& object, std::span<const CK_ATTRIBUTE> wanted) {
  return std::ranges::all_of(wanted, [&object](const CK_ATTRIBUTE& attribute) {
    const gate::AttributeRecord* found = object.Find(attribute.type);
    if (found == nullptr || object.IsSensitive(attribute.type)) return false;
    return std::ranges::equal(found->value, ByteView(static_cast<const uint8_t*>(attribute.pValue),
                                                     attribute.ulValueLen));
  });
}

}  // namespace grant::pkcs11
