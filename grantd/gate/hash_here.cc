#include "grantd/gate/hash_here.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "grant/cryptoki/mechanism.h"

namespace grant {
namespace {

std::set<CK_MECHANISM_TYPE> RawCounterpartsFor(CK_KEY_TYPE key_type) {
  std::set<CK_MECHANISM_TYPE> raw;
  for (const auto& facts : cryptoki::SigningMechanisms()) {
    if (facts.key_type == key_type && facts.hash) raw.insert(RawCounterpart(facts.scheme));
  }
  return raw;
}

}  // namespace

bool MayHashHere(const TokenObject& key, const gate::TokenRecord& token, uint64_t use) {
  const auto* type = key.Find(CKA_KEY_TYPE);
  if (type == nullptr || type->value.size() != sizeof(CK_KEY_TYPE)) return false;
  CK_KEY_TYPE key_type = 0;
  std::memcpy(&key_type, type->value.data(), sizeof key_type);
  const std::set<CK_MECHANISM_TYPE> needed = RawCounterpartsFor(key_type);
  std::set<CK_MECHANISM_TYPE> able;
  for (const auto& mechanism : token.mechanisms) {
    if ((mechanism.flags & use) != 0) able.insert(mechanism.type);
  }
  const auto* listed = key.Find(CKA_ALLOWED_MECHANISMS);
  if (listed != nullptr && !listed->value.empty()) {
    std::set<CK_MECHANISM_TYPE> allowed;
    for (size_t at = 0; at + sizeof(CK_MECHANISM_TYPE) <= listed->value.size();
         at += sizeof(CK_MECHANISM_TYPE)) {
      CK_MECHANISM_TYPE mechanism = 0;
      std::memcpy(&mechanism, listed->value.data() + at, sizeof mechanism);
      if (able.contains(mechanism)) allowed.insert(mechanism);
    }
    able = std::move(allowed);
  }
  return std::includes(able.begin(), able.end(), needed.begin(), needed.end());
}

}  // namespace grant
