#include "pkcs11/wrap/governed_key.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

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

// Asks for all that tells what the key is at once. What the backing module gives no word about is
// asked for alone.
Result<std::vector<gate::AttributeRecord>> ReadTelling(Wrap& wrap, CK_SESSION_HANDLE session,
                                                       CK_OBJECT_HANDLE key) {
  constexpr CK_ULONG kNoWord = CK_UNAVAILABLE_INFORMATION - 1;
  const auto read = wrap.functions().C_GetAttributeValue;
  std::array<CK_ATTRIBUTE, std::size(kTelling)> sizes{};
  for (size_t i = 0; i < sizes.size(); ++i) sizes[i] = {kTelling[i], nullptr, kNoWord};
  CK_RV rv = read(session, key, sizes.data(), sizes.size());
  if (rv != CKR_OK && !HasNoneToShow(rv)) return Unreadable(rv);

  std::vector<gate::AttributeRecord> told;
  std::vector<CK_ATTRIBUTE> wanted;
  told.reserve(sizes.size());
  for (const CK_ATTRIBUTE& size : sizes) {
    if (size.ulValueLen == CK_UNAVAILABLE_INFORMATION) continue;
    if (size.ulValueLen == kNoWord) {
      GRANT_TRY(std::optional<Bytes> value, ReadAttribute(wrap, session, key, size.type));
      if (value) told.push_back({size.type, false, *std::move(value)});
      continue;
    }
    if (size.ulValueLen > kAttributeBytesMax) return Unreadable(CKR_DEVICE_ERROR);
    told.push_back({size.type, false, Bytes(size.ulValueLen)});
    Bytes& value = told.back().value;
    if (!value.empty()) wanted.push_back({size.type, value.data(), value.size()});
  }
  if (wanted.empty()) return told;
  rv = read(session, key, wanted.data(), wanted.size());
  if (rv != CKR_OK) return Unreadable(rv);
  for (const CK_ATTRIBUTE& one : wanted) {
    const auto found = std::ranges::find(told, one.type, &gate::AttributeRecord::type);
    if (one.ulValueLen > found->value.size()) return Unreadable(CKR_DEVICE_ERROR);
    found->value.resize(one.ulValueLen);
  }
  return told;
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

Result<uint64_t> RunOfGrantd(Wrap& wrap) {
  GRANT_TRY(Lease lease, wrap.gate.Acquire());
  const uint64_t run = lease.run;
  wrap.gate.Release(std::move(lease));
  return run;
}

}  // namespace

Result<IdentifiedKey> IdentifyKey(Wrap& wrap, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  const KeyInHand in_hand = wrap.known_keys.InHand(session, key);
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
  GRANT_TRY(std::vector<gate::AttributeRecord> told, ReadTelling(wrap, session, key));
  std::string label;
  for (gate::AttributeRecord& attribute : told) {
    if (attribute.type == CKA_LABEL) label = AsText(attribute.value);
    question.attributes.push_back(std::move(attribute));
  }
  GRANT_TRY(const uint64_t run, RunOfGrantd(wrap));
  Bytes asked = gate::Encode(question);
  auto known = wrap.known_keys.Find(asked);
  if (!known || known->run != run) {
    GRANT_TRY(gate::KeyIdentified answer, wrap.gate.AskSafely([&](Lease& used) {
      return wrap.gate.Ask<gate::KeyIdentified>(used, question, wrap.gate.config().list_timeout());
    }));
    if (!answer.signer) return IdentifiedKey{std::nullopt, key};
    known = KnownKeys::Learnt(
        run, {*std::move(answer.signer), std::move(answer.token), answer.key_id, std::move(label)});
  }
  wrap.known_keys.Keep(in_hand, std::move(asked), *known);
  return IdentifiedKey{std::move(known->key), key};
}

Result<IdentifiedKey> IdentifySigningKey(Wrap& wrap, CK_SESSION_HANDLE session,
                                         CK_OBJECT_HANDLE key) {
  auto known = wrap.known_keys.Find(wrap.known_keys.InHand(session, key));
  if (known) {
    const Result<uint64_t> run = RunOfGrantd(wrap);
    if (run && *run == known->run) return IdentifiedKey{std::move(known->key), key};
  }
  return IdentifyKey(wrap, session, key);
}

}  // namespace grant::pkcs11::wrap
