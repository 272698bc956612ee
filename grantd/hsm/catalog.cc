#include "grantd/hsm/catalog.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "grantd/hsm/attribute_tables.h"

namespace grant {
namespace {

constexpr std::array<CK_ATTRIBUTE_TYPE, 14> kIdentity = {
    kUniqueId,       CKA_ID,      CKA_LABEL,           CKA_KEY_TYPE,       CKA_CERTIFICATE_TYPE,
    CKA_APPLICATION, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,      CKA_EC_POINT,
    CKA_PRIME,       CKA_BASE,    CKA_VALUE,           CKA_PUBLIC_KEY_INFO};

void AppendNumber(Bytes& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
}

// Each part carries its length, so that no two different lists of parts look alike.
void AppendAttribute(Bytes& out, const gate::AttributeRecord& attribute) {
  AppendNumber(out, attribute.type);
  AppendNumber(out, attribute.sensitive ? 1 : 0);
  AppendNumber(out, attribute.value.size());
  out.insert(out.end(), attribute.value.begin(), attribute.value.end());
}

// The first 64 bits of SHA-256, and never 0.
uint64_t Fingerprint(const Bytes& bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | digest[i];
  return number == 0 ? 1 : number;
}

Bytes IdentityOf(const TokenObject& object) {
  Bytes identity;
  AppendNumber(identity, object.object_class);
  for (const CK_ATTRIBUTE_TYPE type : kIdentity) {
    const gate::AttributeRecord* const attribute = object.Find(type);
    if (attribute != nullptr) AppendAttribute(identity, *attribute);
  }
  return identity;
}

uint64_t VersionOf(const std::vector<TokenObject>& objects) {
  Bytes content;
  for (const TokenObject& object : objects) {
    AppendNumber(content, object.id);
    AppendNumber(content, object.attributes.size());
    for (const gate::AttributeRecord& attribute : object.attributes) {
      AppendAttribute(content, attribute);
    }
  }
  return Fingerprint(content);
}

bool IsSet(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const gate::AttributeRecord* const attribute = object.Find(type);
  return attribute != nullptr && !attribute->value.empty() && attribute->value.front() != CK_FALSE;
}

KeyHandle HandleOf(CK_OBJECT_HANDLE handle, const TokenObject& object) {
  KeyHandle key{handle, IsSet(object, CKA_ALWAYS_AUTHENTICATE)};
  const gate::AttributeRecord* const type = object.Find(CKA_KEY_TYPE);
  if (type != nullptr && type->value.size() == sizeof key.type) {
    std::memcpy(&key.type, type->value.data(), sizeof key.type);
  }
  if (const gate::AttributeRecord* const modulus = object.Find(CKA_MODULUS)) {
    const Bytes& value = modulus->value;
    const auto top =
        std::find_if(value.begin(), value.end(), [](uint8_t byte) { return byte != 0; });
    key.modulus_bytes = static_cast<size_t>(value.end() - top);
  }
  return key;
}

}  // namespace

const gate::AttributeRecord* TokenObject::Find(uint64_t type) const {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(),
                   [type](const gate::AttributeRecord& one) { return one.type == type; });
  return found == attributes.end() ? nullptr : &*found;
}

Catalog MakeCatalog(std::vector<ReadObject> read) {
  std::sort(read.begin(), read.end(),
            [](const ReadObject& a, const ReadObject& b) { return a.handle < b.handle; });
  Catalog catalog;
  auto objects = std::make_shared<TokenObjects>();
  std::map<Bytes, uint64_t> alike;
  for (ReadObject& one : read) {
    TokenObject object{0, one.object_class, std::move(one.attributes)};
    Bytes identity = IdentityOf(object);
    const uint64_t order = alike[identity]++;
    AppendNumber(identity, order);
    object.id = Fingerprint(identity);
    if (object.object_class == CKO_PRIVATE_KEY) {
      catalog.private_keys[object.id] = HandleOf(one.handle, object);
    } else if (object.object_class == CKO_PUBLIC_KEY) {
      catalog.public_keys[object.id] = HandleOf(one.handle, object);
    }
    objects->objects.push_back(std::move(object));
  }
  // Tokens list their objects in any order, and that is no change.
  std::sort(objects->objects.begin(), objects->objects.end(),
            [](const TokenObject& a, const TokenObject& b) { return a.id < b.id; });
  objects->version = VersionOf(objects->objects);
  catalog.objects = std::move(objects);
  return catalog;
}

}  // namespace grant
