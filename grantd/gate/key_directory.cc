#include "grantd/gate/key_directory.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/names.h"
#include "grantd/gate/certificate_object.h"
#include "grantd/gate/group_order.h"
#include "grantd/gate/hash_here.h"
#include "grantd/gate/key_identity.h"
#include "grantd/gate/key_traits.h"

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

bool NamesToken(const Signer& signer, const gate::TokenRecord& token) {
  const auto selector = ParseKeyUri(signer.key);
  return selector && OnToken(*selector, token);
}

bool Agree(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || a == b;
}

// Whether the signer's URI names the token, or may name it: of one that was never there, all that
// is known is what grantd.toml says of it.
bool MayNameToken(const Signer& signer, const Token& token, const gate::TokenRecord& record) {
  if (NamesToken(signer, record)) return true;
  if (WasSeen(record)) return false;
  const auto wanted = ParseKeyUri(signer.key);
  const auto configured = ParseTokenUri(token.settings().uri);
  return wanted && configured && Agree(wanted->token, configured->token) &&
         Agree(wanted->serial, configured->serial) &&
         Agree(wanted->manufacturer, configured->manufacturer) &&
         Agree(wanted->model, configured->model);
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

ByteView ValueOf(const gate::ObjectRecord& object) {
  const auto found = std::ranges::find(object.attributes, CKA_VALUE, &gate::AttributeRecord::type);
  return found == object.attributes.end() ? ByteView() : ByteView(found->value);
}

bool HasValueOf(const std::vector<gate::ObjectRecord>& objects, const gate::ObjectRecord& object) {
  return std::ranges::any_of(objects, [&](const gate::ObjectRecord& other) {
    return std::ranges::equal(ValueOf(other), ValueOf(object));
  });
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

bool WasSeen(const gate::TokenRecord& token) {
  return token.present || !token.mechanisms.empty();
}

std::vector<gate::TokenRecord> KeyDirectory::Describe() {
  std::vector<gate::TokenRecord> records;
  std::set<uint64_t> slots;
  for (const auto& token : tokens_) {
    gate::TokenRecord record = token->Describe();
    if (!WasSeen(record)) {
      records.push_back(std::move(record));
      continue;
    }
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
    // Whose the keys are cannot be told of a token that was away when it was looked at.
    if (found != views_.end() && found->second->token.present &&
        found->second->objects_version == objects->version &&
        found->second->rules_version == rules.version) {
      return found->second;
    }
  }
  const gate::TokenRecord record = token.Describe();
  auto view = std::make_shared<View>();
  view->objects_version = objects->version;
  view->rules_version = rules.version;
  view->token = record;
  view->objects = objects;
  for (const TokenObject& object : objects->objects) {
    if (object.object_class != CKO_PRIVATE_KEY) continue;
    view->keys[object.id] = {"",
                             "",
                             "",
                             TextOf(object, CKA_LABEL),
                             MayHashHere(object, record, CKF_SIGN),
                             GroupOrderBits(object)};
  }
  std::vector<gate::ObjectRecord> certificates;
  std::map<std::string, gate::SignerRecord> signers;
  for (size_t i = 0; i < rules.rules.signers.size(); ++i) {
    const Signer& signer = rules.rules.signers[i];
    signers[signer.name] = {signer.name, MechanismsOf(signer)};
    const auto keys = KeysOf(signer, record, *objects);
    for (const TokenObject* key : keys) {
      GovernedKey& governed = view->keys[key->id];
      Govern(governed, signer, keys.size(), OnSeveralTokens(signer));
      governed.unsafe = NamesOf(
          Unacknowledged(AuditKey(TraitsOf(*key), token.settings().name), signer.acknowledged));
    }
    if (keys.empty() && NamesToken(signer, record)) view->keyless = signer.name;
    if (keys.size() != 1 || signer.certificate.empty()) continue;
    const Bytes key_id = BytesOf(*keys.front(), CKA_ID);
    if (HoldsCertificateFor(*objects, key_id)) continue;
    // A new version of the rules may bring another certificate, which must not take this one's ID.
    const uint64_t first_id =
        kRulesObjectIds + (static_cast<uint64_t>(rules.version) << 24) + i * kCertificatesPerSigner;
    auto made =
        CertificateObjects(signer.certificate, key_id, TextOf(*keys.front(), CKA_LABEL), first_id);
    // Several signers' chains end in the same authority, which is one object; the key's own
    // certificate stands first and is always shown.
    for (size_t n = 0; n < made.size(); ++n) {
      if (n == 0 || !HasValueOf(certificates, made[n])) certificates.push_back(std::move(made[n]));
    }
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
  GovernedKey key = found->second;
  const Signer* signer = rules.rules.FindSigner(key.signer);
  if (signer == nullptr) return std::optional<GovernedKey>(std::move(key));
  const std::scoped_lock lock(mutex_);
  const auto exposed = exposed_.find(key.signer);
  if (exposed != exposed_.end()) {
    const std::string more = NamesOf(Unacknowledged(exposed->second, signer->acknowledged));
    key.unsafe += (key.unsafe.empty() || more.empty() ? "" : ", ") + more;
  }
  return std::optional<GovernedKey>(std::move(key));
}

void KeyDirectory::Expose(ExposedKeys exposed) {
  const std::scoped_lock lock(mutex_);
  exposed_ = std::move(exposed);
}

Result<gate::KeyIdentified> KeyDirectory::Identify(const gate::IdentifyKey& seen,
                                                   const RulesVersion& rules) {
  for (const auto& token : tokens_) {
    const auto view = ViewOf(*token, rules);
    if (!view || !(*view)->token.present) {
      const auto selector = ParseTokenUri(token->settings().uri);
      if (!IsSameToken(seen, token->Describe()) && selector && !MayBeToken(seen, *selector)) {
        continue;
      }
      return Fail(Code::kUnavailable,
                  "token " + token->settings().name +
                      " is absent, so nobody knows whether a signer governs this key");
    }
    if (!IsSameToken(seen, (*view)->token)) continue;
    std::set<uint64_t> governed;
    for (const auto& [id, key] : (*view)->keys) {
      if (!key.signer.empty()) governed.insert(id);
    }
    const auto key_id = FindGoverned(seen.attributes, *(*view)->objects, governed);
    if (!key_id && !(*view)->keyless.empty()) {
      return Fail(Code::kUnavailable,
                  "signer " + (*view)->keyless + " selects no key on token " +
                      token->settings().name +
                      " any more, so nobody knows whether this is the key it governs",
                  "an administrator corrects its key in the rules: grantctl apply -f rules.toml");
    }
    if (!key_id) continue;
    const Signer* signer = rules.rules.FindSigner((*view)->keys.at(*key_id).signer);
    return gate::KeyIdentified{gate::SignerRecord{signer->name, MechanismsOf(*signer)},
                               token->settings().name, *key_id};
  }
  return gate::KeyIdentified{};
}

Result<bool> KeyDirectory::Governs(Token& token, const std::string& signer,
                                   const RulesVersion& rules) {
  GRANT_TRY(const auto view, ViewOf(token, rules));
  return std::any_of(view->keys.begin(), view->keys.end(),
                     [&](const auto& key) { return key.second.signer == signer; });
}

std::vector<Token*> KeyDirectory::TokensOf(const Signer& signer) {
  std::vector<Token*> tokens;
  for (const auto& token : tokens_) {
    if (MayNameToken(signer, *token, token->Describe())) tokens.push_back(token.get());
  }
  return tokens;
}

Result<NamedKey> KeyDirectory::KeyOf(const Signer& signer) {
  std::vector<NamedKey> named;
  std::optional<Error> unread;
  for (const auto& token : tokens_) {
    auto objects = token->Objects();
    const gate::TokenRecord record = token->Describe();
    if (!MayNameToken(signer, *token, record)) continue;
    if (!objects) {
      unread = std::move(objects).error();
      continue;
    }
    for (const TokenObject* key : KeysOf(signer, record, **objects)) {
      named.push_back({token.get(), *objects, key});
    }
  }
  if (named.size() == 1 && !unread) return named.front();
  if (unread) return tl::unexpected(*std::move(unread));
  return Fail(Code::kNotFound,
              (named.empty() ? "no private key on the tokens that grantd serves matches "
                             : std::to_string(named.size()) + " private keys match ") +
                  signer.key + " of signer '" + signer.name + "'",
              "name one key with token=, object= and id=");
}

Status KeyDirectory::CheckKey(const Signer& signer, const Rules& rules) {
  if (OnSeveralTokens(signer)) {
    return Fail(
        Code::kInvalid,
        signer.key + " of signer '" + signer.name + "' matches several tokens that grantd serves",
        "name one of them with token= or serial=");
  }
  const auto named = KeyOf(signer);
  if (!named) {
    Error error = named.error();
    if (error.code == Code::kNotFound) error.code = Code::kInvalid;
    return tl::unexpected(std::move(error));
  }
  const gate::TokenRecord record = named->token->Describe();
  for (const Signer& other : rules.signers) {
    if (other.name == signer.name) continue;
    const auto keys = KeysOf(other, record, *named->objects);
    if (std::ranges::find(keys, named->key) == keys.end()) continue;
    return Fail(Code::kInvalid,
                "signers '" + std::min(signer.name, other.name) + "' and '" +
                    std::max(signer.name, other.name) + "' name the same key",
                "a key belongs to one signer: remove one of them");
  }
  return {};
}

}  // namespace grant
