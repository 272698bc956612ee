#include "grantd/gate/key_directory.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <random>
#include <set>

#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "grantd/gate/certificate_object.h"

namespace grant {
namespace {

// IDs of objects that stand in the rules and not on the token: beyond all that tokens count up to.
constexpr uint64_t kRulesObjectIds = uint64_t{1} << 63;
constexpr uint64_t kCertificatesPerSigner = 64;

std::string TextOf(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const auto* attribute = object.Find(type);
  return attribute == nullptr ? "" : std::string(AsText(attribute->value));
}

Bytes BytesOf(const TokenObject& object, CK_ATTRIBUTE_TYPE type) {
  const auto* attribute = object.Find(type);
  return attribute == nullptr ? Bytes() : attribute->value;
}

bool Matches(const std::string& wanted, const std::string& actual) {
  return wanted.empty() || wanted == actual;
}

bool OnToken(const KeySelector& selector, const gate::TokenRecord& token) {
  return Matches(selector.token, token.label) && Matches(selector.serial, token.serial) &&
         Matches(selector.manufacturer, token.manufacturer) && Matches(selector.model, token.model);
}

bool Selects(const KeySelector& selector, const TokenObject& object) {
  return object.object_class == CKO_PRIVATE_KEY &&
         Matches(selector.object, TextOf(object, CKA_LABEL)) &&
         (selector.id.empty() || selector.id == BytesOf(object, CKA_ID));
}

// Whether the key, by its own allow-list, and the token do the part that is left once the data are
// hashed here.
bool MayHashHere(const TokenObject& key, const gate::TokenRecord& token) {
  const auto* type = key.Find(CKA_KEY_TYPE);
  if (type == nullptr || type->value.size() != sizeof(CK_KEY_TYPE)) return false;
  CK_KEY_TYPE key_type = 0;
  std::memcpy(&key_type, type->value.data(), sizeof key_type);
  std::set<CK_MECHANISM_TYPE> needed;
  for (const auto& facts : cryptoki::SigningMechanisms()) {
    if (facts.key_type == key_type && facts.hash) {
      needed.insert(cryptoki::RawCounterpart(facts.scheme));
    }
  }
  std::set<CK_MECHANISM_TYPE> able;
  for (const auto& mechanism : token.mechanisms) able.insert(mechanism.type);
  if (const Bytes listed = BytesOf(key, CKA_ALLOWED_MECHANISMS); !listed.empty()) {
    std::set<CK_MECHANISM_TYPE> allowed;
    for (size_t at = 0; at + sizeof(CK_MECHANISM_TYPE) <= listed.size();
         at += sizeof(CK_MECHANISM_TYPE)) {
      CK_MECHANISM_TYPE mechanism = 0;
      std::memcpy(&mechanism, listed.data() + at, sizeof mechanism);
      if (able.contains(mechanism)) allowed.insert(mechanism);
    }
    able = std::move(allowed);
  }
  return std::includes(able.begin(), able.end(), needed.begin(), needed.end());
}

std::vector<uint64_t> MechanismsOf(const Signer& signer) {
  std::vector<uint64_t> types;
  for (const std::string& name : signer.mechanisms) {
    if (const auto type = cryptoki::MechanismByName(name)) types.push_back(*type);
  }
  return types;
}

// Which objects the signer's URI selects on this token.
std::vector<const TokenObject*> KeysOf(const Signer& signer, const gate::TokenRecord& token,
                                       const TokenObjects& objects) {
  std::vector<const TokenObject*> keys;
  const auto selector = ParseKeyUri(signer.key);
  if (!selector || !OnToken(*selector, token)) return keys;
  for (const TokenObject& object : objects.objects) {
    if (Selects(*selector, object)) keys.push_back(&object);
  }
  return keys;
}

void Govern(GovernedKey& key, const Signer& signer, size_t alternatives, bool several_tokens) {
  if (several_tokens) {
    key.fault = signer.key + " of signer " + signer.name + " matches several tokens";
  } else if (!key.signer.empty()) {
    key.fault = "signers " + key.signer + " and " + signer.name + " name the same key";
  } else if (alternatives > 1) {
    key.fault = "the key of signer " + signer.name +
                " is not unique: " + std::to_string(alternatives) + " private keys match " +
                signer.key;
  }
  key.signer = signer.name;
}

bool HoldsCertificateFor(const TokenObjects& objects, const Bytes& key_id) {
  return std::any_of(
      objects.objects.begin(), objects.objects.end(), [&](const TokenObject& object) {
        return object.object_class == CKO_CERTIFICATE && BytesOf(object, CKA_ID) == key_id;
      });
}

}  // namespace

KeyDirectory::KeyDirectory(std::vector<std::unique_ptr<Token>> tokens)
    : run_(uint64_t{std::random_device()()} << 32 | std::random_device()() | 1),
      tokens_(std::move(tokens)) {}

std::vector<gate::TokenRecord> KeyDirectory::Describe() {
  std::vector<gate::TokenRecord> records;
  std::set<uint64_t> slots;
  for (const auto& token : tokens_) {
    gate::TokenRecord record = token->Describe();
    // Slots of two backing modules may have the same number; the module's callers need them
    // distinct.
    while (!slots.insert(record.slot_id).second) ++record.slot_id;
    records.push_back(std::move(record));
  }
  return records;
}

Token* KeyDirectory::FindToken(const std::string& name) const {
  for (const auto& token : tokens_) {
    if (token->settings().name == name) return token.get();
  }
  return nullptr;
}

Result<std::shared_ptr<const KeyDirectory::View>> KeyDirectory::ViewOf(Token& token,
                                                                       const RulesVersion& rules) {
  GRANT_TRY(const auto objects, token.Objects());
  {
    const std::scoped_lock lock(mutex_);
    const auto found = views_.find(&token);
    if (found != views_.end() && found->second->objects_version == objects->version &&
        found->second->rules_version == rules.version) {
      return found->second;
    }
  }
  const gate::TokenRecord record = token.Describe();
  auto view = std::make_shared<View>();
  view->objects_version = objects->version;
  view->rules_version = rules.version;
  for (const TokenObject& object : objects->objects) {
    if (object.object_class != CKO_PRIVATE_KEY) continue;
    view->keys[object.id] = {"", "", TextOf(object, CKA_LABEL), MayHashHere(object, record)};
  }
  std::vector<gate::ObjectRecord> certificates;
  std::map<std::string, gate::SignerRecord> signers;
  for (size_t i = 0; i < rules.rules.signers.size(); ++i) {
    const Signer& signer = rules.rules.signers[i];
    signers[signer.name] = {signer.name, MechanismsOf(signer)};
    const auto keys = KeysOf(signer, record, *objects);
    for (const TokenObject* key : keys) {
      Govern(view->keys[key->id], signer, keys.size(), OnSeveralTokens(signer));
    }
    if (keys.size() != 1 || signer.certificate.empty()) continue;
    const Bytes key_id = BytesOf(*keys.front(), CKA_ID);
    if (HoldsCertificateFor(*objects, key_id)) continue;
    // A new version of the rules may bring another certificate, which must not take this one's ID.
    const uint64_t first_id =
        kRulesObjectIds + (static_cast<uint64_t>(rules.version) << 24) + i * kCertificatesPerSigner;
    auto made =
        CertificateObjects(signer.certificate, key_id, TextOf(*keys.front(), CKA_LABEL), first_id);
    std::move(made.begin(), made.end(), std::back_inserter(certificates));
  }
  for (const TokenObject& object : objects->objects) {
    gate::ObjectRecord shown{object.id, object.attributes, std::nullopt};
    const auto key = view->keys.find(object.id);
    if (key != view->keys.end() && !key->second.signer.empty()) {
      shown.signer = signers[key->second.signer];
    }
    view->shown.objects.push_back(std::move(shown));
  }
  std::move(certificates.begin(), certificates.end(), std::back_inserter(view->shown.objects));

  const std::scoped_lock lock(mutex_);
  view->shown.version = ++last_version_;
  views_[&token] = view;
  return std::shared_ptr<const View>(view);
}

bool KeyDirectory::OnSeveralTokens(const Signer& signer) {
  const auto selector = ParseKeyUri(signer.key);
  return selector && std::count_if(tokens_.begin(), tokens_.end(), [&](const auto& token) {
                       return OnToken(*selector, token->Describe());
                     }) > 1;
}

Result<gate::Objects> KeyDirectory::ObjectsFor(Token& token, uint64_t known_version,
                                               const RulesVersion& rules) {
  GRANT_TRY(const auto view, ViewOf(token, rules));
  if (view->shown.version != known_version) return view->shown;
  return gate::Objects{view->shown.version, false, {}};
}

Result<std::optional<GovernedKey>> KeyDirectory::FindKey(Token& token, uint64_t key_id,
                                                         const RulesVersion& rules) {
  GRANT_TRY(const auto view, ViewOf(token, rules));
  const auto found = view->keys.find(key_id);
  if (found == view->keys.end()) return std::optional<GovernedKey>();
  return std::optional<GovernedKey>(found->second);
}

Status KeyDirectory::CheckKeys(const Rules& rules) {
  std::vector<std::pair<gate::TokenRecord, std::shared_ptr<const TokenObjects>>> tokens;
  for (const auto& token : tokens_) {
    GRANT_TRY(auto objects, token->Objects());
    tokens.emplace_back(token->Describe(), std::move(objects));
  }
  std::map<const TokenObject*, std::string> owners;
  for (const Signer& signer : rules.signers) {
    if (OnSeveralTokens(signer)) {
      return Fail(
          Code::kInvalid,
          signer.key + " of signer '" + signer.name + "' matches several tokens that grantd serves",
          "name one of them with token= or serial=");
    }
    std::vector<const TokenObject*> keys;
    for (const auto& [record, objects] : tokens) {
      const auto found = KeysOf(signer, record, *objects);
      keys.insert(keys.end(), found.begin(), found.end());
    }
    if (keys.size() != 1) {
      return Fail(Code::kInvalid,
                  (keys.empty() ? "no private key on the tokens that grantd serves matches "
                                : std::to_string(keys.size()) + " private keys match ") +
                      signer.key + " of signer '" + signer.name + "'",
                  "name one key with token=, object= and id=");
    }
    const auto [owner, is_new] = owners.emplace(keys.front(), signer.name);
    if (!is_new) {
      return Fail(Code::kInvalid,
                  "signers '" + owner->second + "' and '" + signer.name + "' name the same key",
                  "a key belongs to one signer: remove one of them");
    }
  }
  return {};
}

}  // namespace grant
