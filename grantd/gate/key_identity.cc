#include "grantd/gate/key_identity.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

using Attributes = std::vector<gate::AttributeRecord>;
// Attribute types and the values in one form.
using PublicValues = std::set<std::pair<uint64_t, Bytes>>;

ByteView ValueOf(const Attributes& attributes, CK_ATTRIBUTE_TYPE type) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [type](const auto& record) {
    return record.type == type && !record.sensitive;
  });
  return found == attributes.end() ? ByteView() : ByteView(found->value);
}

std::optional<CK_ULONG> NumberOf(const Attributes& attributes, CK_ATTRIBUTE_TYPE type) {
  const ByteView value = ValueOf(attributes, type);
  CK_ULONG number = 0;
  if (value.size() != sizeof number) return std::nullopt;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

bool Same(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

ByteView AsItIs(ByteView value) {
  return value;
}

// Some tokens write a number with leading zero bytes.
ByteView WithoutLeadingZeros(ByteView number) {
  const auto top = std::find_if(number.begin(), number.end(), [](uint8_t byte) { return byte; });
  return number.subspan(static_cast<size_t>(top - number.begin()));
}

// Some tokens give a point as it is, most within a DER OCTET STRING.
ByteView WithoutOctetString(ByteView point) {
  if (point.size() < 2 || point[0] != 0x04) return point;
  size_t header = 2;
  size_t length = point[1];
  if (length == 0x81 && point.size() > 2) {
    header = 3;
    length = point[2];
  }
  return header + length == point.size() ? point.subspan(header) : point;
}

void AddPublicValues(const Attributes& attributes, PublicValues& values) {
  const auto add = [&values](CK_ATTRIBUTE_TYPE type, ByteView value) {
    if (!value.empty()) values.insert({type, Bytes(value.begin(), value.end())});
  };
  add(CKA_MODULUS, WithoutLeadingZeros(ValueOf(attributes, CKA_MODULUS)));
  add(CKA_EC_POINT, WithoutOctetString(ValueOf(attributes, CKA_EC_POINT)));
  add(CKA_PUBLIC_KEY_INFO, ValueOf(attributes, CKA_PUBLIC_KEY_INFO));
  // DSA and Diffie-Hellman; of a private key the same attribute is the secret.
  if (NumberOf(attributes, CKA_CLASS) == CKO_PUBLIC_KEY) {
    add(CKA_VALUE, WithoutLeadingZeros(ValueOf(attributes, CKA_VALUE)));
  }
}

// Whether two things known of both keys differ, so that they cannot be one key.
bool Differ(ByteView a, ByteView b) {
  return !a.empty() && !b.empty() && !Same(a, b);
}

// A private key, and all that is known of its public value.
struct KeyIdentity {
  KeyIdentity(const Attributes& own, const TokenObjects& objects) : attributes(own) {
    AddPublicValues(own, values);
    // What a key says of itself is certain; public keys with its ID are anybody's.
    if (!values.empty() || id().empty()) return;
    for (const TokenObject& object : objects.objects) {
      if (object.object_class == CKO_PUBLIC_KEY && Same(ValueOf(object.attributes, CKA_ID), id()) &&
          !Differ(ValueOf(object.attributes, CKA_KEY_TYPE), ValueOf(own, CKA_KEY_TYPE))) {
        AddPublicValues(object.attributes, values);
      }
    }
  }

  ByteView id() const { return ValueOf(attributes, CKA_ID); }

  const Attributes& attributes;
  PublicValues values;
};

bool ShareAPublicValue(const KeyIdentity& a, const KeyIdentity& b) {
  return std::any_of(a.values.begin(), a.values.end(),
                     [&b](const auto& value) { return b.values.contains(value); });
}

// Whether what the private keys say of themselves shows that they are two.
bool AreTwoKeys(const KeyIdentity& a, const KeyIdentity& b) {
  constexpr CK_ATTRIBUTE_TYPE kTypes[] = {CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO};
  const auto differ = [&](CK_ATTRIBUTE_TYPE type, ByteView (*form)(ByteView)) {
    return Differ(form(ValueOf(a.attributes, type)), form(ValueOf(b.attributes, type)));
  };
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](CK_ATTRIBUTE_TYPE type) { return differ(type, AsItIs); }) ||
         differ(CKA_MODULUS, WithoutLeadingZeros) || differ(CKA_EC_POINT, WithoutOctetString);
}

bool IsNameless(const KeyIdentity& key) {
  return key.id().empty() && key.values.empty();
}

bool LookAlike(const KeyIdentity& a, const KeyIdentity& b) {
  constexpr CK_ATTRIBUTE_TYPE kTypes[] = {CKA_LABEL, CKA_KEY_TYPE, CKA_EC_PARAMS};
  return std::all_of(std::begin(kTypes), std::end(kTypes), [&](CK_ATTRIBUTE_TYPE type) {
    return Same(ValueOf(a.attributes, type), ValueOf(b.attributes, type));
  });
}

bool IsSameKey(const KeyIdentity& a, const KeyIdentity& b) {
  if (ShareAPublicValue(a, b)) return true;
  if (!a.id().empty() && Same(a.id(), b.id())) return !AreTwoKeys(a, b);
  return IsNameless(a) && IsNameless(b) && LookAlike(a, b);
}

bool Agrees(const std::string& wanted, const std::string& actual) {
  return wanted.empty() || wanted == actual;
}

}  // namespace

bool IsSameToken(const gate::IdentifyKey& seen, const gate::TokenRecord& token) {
  return seen.token_serial == token.serial && seen.token_manufacturer == token.manufacturer &&
         seen.token_model == token.model &&
         (!token.serial.empty() || seen.token_label == token.label);
}

bool MayBeToken(const gate::IdentifyKey& seen, const KeySelector& selector) {
  return Agrees(selector.token, seen.token_label) && Agrees(selector.serial, seen.token_serial) &&
         Agrees(selector.manufacturer, seen.token_manufacturer) &&
         Agrees(selector.model, seen.token_model);
}

std::optional<uint64_t> FindGoverned(const Attributes& seen, const TokenObjects& objects,
                                     const std::set<uint64_t>& governed) {
  if (NumberOf(seen, CKA_CLASS) != CKO_PRIVATE_KEY) return std::nullopt;
  const KeyIdentity key(seen, objects);
  for (const TokenObject& object : objects.objects) {
    if (!governed.contains(object.id)) continue;
    if (IsSameKey(key, KeyIdentity(object.attributes, objects))) return object.id;
  }
  return std::nullopt;
}

}  // namespace grant
