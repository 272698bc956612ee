#include "pkcs11/wrap/governed_key.h"

#include <string_view>
#include <utility>

#include "grant/cryptoki/field.h"
#include "pkcs11/wrap/wrap.h"

namespace grant::pkcs11::wrap {
namespace {

using cryptoki::Unpadded;

// Longer than the modulus of any key.
constexpr size_t kAttributeBytesMax = size_t{16} * 1024;

constexpr CK_ATTRIBUTE_TYPE kTelling[] = {
    CKA_KEY_TYPE,        CKA_ID,        CKA_LABEL,    CKA_MODULUS,
    CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO,
};

bool IsNoSuchThing(CK_RV rv) {
  return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID ||
         rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
         rv == CKR_CRYPTOKI_NOT_INITIALIZED;
}

bool HasNoneToShow(CK_RV rv) {
  return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
}

// The answer of a token on which the key's class, and so what it is, cannot be told.
tl::unexpected<Error> Unreadable(CK_RV rv) {
  return Refuse(rv, "the key cannot be read, so it cannot be told whether a signer governs it",
                "try again; if it stays so, look at the token with its own tools");
}

// Nothing where the key has no such attribute, or does not show it.
Result<std::optional<Bytes>> ReadAttribute(Wrap& wrap, CK_SESSION_HANDLE session,
                                           CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
  const auto read = wrap.functions().C_GetAttributeValue;
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  CK_RV rv = read(session, key, &attribute, 1);
  if (HasNoneToShow(rv)) return std::optional<Bytes>();
  if (rv != CKR_OK) return Unreadable(rv);
  if (attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) return std::optional<Bytes>();
  if (attribute.ulValueLen > kAttributeBytesMax) return Unreadable(CKR_DEVICE_ERROR);
  Bytes value(attribute.ulValueLen);
  if (value.empty()) return std::optional<Bytes>(std::move(value));
  attribute.pValue = value.data();
  rv = read(session, key, &attribute, 1);
  if (HasNoneToShow(rv)) return std::optional<Bytes>();
  if (rv != CKR_OK || attribute.ulValueLen > value.size()) {
    return Unreadable(rv == CKR_OK ? CKR_DEVICE_ERROR : rv);
  }
  value.resize(attribute.ulValueLen);
  return std::optional<Bytes>(std::move(value));
}

Result<gate::IdentifyKey> DescribeTokenOf(Wrap& wrap, CK_SESSION_HANDLE session) {
  CK_SESSION_INFO session_info{};
  CK_TOKEN_INFO token{};
  CK_RV rv = wrap.functions().C_GetSessionInfo(session, &session_info);
  if (rv == CKR_OK) rv = wrap.functions().C_GetTokenInfo(session_info.slotID, &token);
  if (rv != CKR_OK) return Unreadable(rv);
  return gate::IdentifyKey{Unpadded(token.label),
                           Unpadded(token.serialNumber),
                           Unpadded(token.manufacturerID),
                           Unpadded(token.model),
                           {}};
}

}  // namespace

Result<IdentifiedKey> IdentifyKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  CK_OBJECT_CLASS object_class = 0;
  CK_ATTRIBUTE class_attribute{CKA_CLASS, &object_class, sizeof object_class};
  const CK_RV rv = wrap.functions().C_GetAttributeValue(session, key, &class_attribute, 1);
  if (IsNoSuchThing(rv)) return IdentifiedKey{};
  if (rv != CKR_OK) return Unreadable(rv);
  if (object_class != CKO_PRIVATE_KEY) return IdentifiedKey{std::nullopt, key};

  GRANT_TRY(gate::IdentifyKey question, DescribeTokenOf(wrap, session));
  const auto* class_bytes = reinterpret_cast<const uint8_t*>(&object_class);
  question.attributes.push_back(
      {CKA_CLASS, false, Bytes(class_bytes, class_bytes + sizeof object_class)});
  std::string label;
  for (const CK_ATTRIBUTE_TYPE type : kTelling) {
    GRANT_TRY(std::optional<Bytes> value, ReadAttribute(wrap, session, key, type));
    if (!value) continue;
    if (type == CKA_LABEL) label = AsText(*value);
    question.attributes.push_back({type, false, *std::move(value)});
  }
  GRANT_TRY(gate::KeyIdentified answer, wrap.gate.AskSafely([&](Lease& lease) {
    return wrap.gate.Ask<gate::KeyIdentified>(lease, question, wrap.gate.config().list_timeout());
  }));
  if (!answer.signer) return IdentifiedKey{std::nullopt, key};
  return IdentifiedKey{GovernedKey{*std::move(answer.signer), std::move(answer.token),
                                   answer.key_id, std::move(label)},
                       key};
}

}  // namespace grant::pkcs11::wrap
