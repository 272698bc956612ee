#include "grantd/keys/key_desk.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "grant/cryptoki/cryptoki.h"
#include "grantd/config/certificate_file.h"
#include "grantd/domain/audit.h"
#include "grantd/domain/seal.h"
#include "grantd/domain/text.h"
#include "grantd/gate/key_traits.h"
#include "grantd/keys/certificate_request.h"

namespace grant {
namespace {

constexpr size_t kIdBytes = 16;

constexpr std::array<std::pair<const char*, NewKeyType>, 6> kTypes{
    {{"rsa:2048", NewKeyType::kRsa2048},
     {"rsa:3072", NewKeyType::kRsa3072},
     {"rsa:4096", NewKeyType::kRsa4096},
     {"ec:p256", NewKeyType::kP256},
     {"ec:p384", NewKeyType::kP384},
     {"ed25519", NewKeyType::kEd25519}}};

const char* NameOf(NewKeyType type) {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const auto& one) { return one.second == type; });
  return found->first;
}

std::string Compact(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsLabelled(const TokenObject& object, const std::string& label) {
  const gate::AttributeRecord* const attribute = object.Find(CKA_LABEL);
  return attribute != nullptr && AsText(attribute->value) == label;
}

// Letters that need no escape in a PKCS#11 URI (RFC 7512), so that rules and commands can name the
// key as it is written.
Status CheckLabel(const std::string& label) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  if (!label.empty() && label.size() <= kKeyLabelBytesMax &&
      label.find_first_not_of(kLetters) == std::string::npos) {
    return {};
  }
  return Fail(Code::kInvalid,
              "a new key's label is 1 to " + std::to_string(kKeyLabelBytesMax) +
                  " letters, digits and -._~",
              "as in release-key-2026");
}

std::string UriOf(const gate::TokenRecord& token, const std::string& label) {
  std::string uri = "pkcs11:token=";
  for (const char c : token.label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    uri += plain ? std::string(1, c) : "%" + Hex(Bytes{static_cast<uint8_t>(c)});
  }
  return uri + ";object=" + label;
}

tl::unexpected<Error> NoSuchSigner(const std::string& name) {
  return Fail(Code::kNotFound,
              "there is no signer '" + Harmless(name.substr(0, 64), '?', false) + "'",
              "grantctl signer list");
}

Error OfToken(const TokenFailure& failure, const std::string& what) {
  return {Code::kUnavailable, what + ": " + Describe(failure),
          "the log of grantd and the token's own say more"};
}

// Why the token has made no key, where that is certain.
std::optional<Error> WhyNotMade(const tl::expected<MadeKey, TokenFailure>& made,
                                const KeyWish& wish) {
  if (!made) return OfToken(made.error(), "the token made no key");
  if (!made->label_taken) return std::nullopt;
  return Error{Code::kConflict,
               "token '" + wish.token + "' holds something labelled '" + wish.label + "' already",
               "choose another label, as in " + wish.label + "-2"};
}

}  // namespace

std::optional<NewKeyType> KeyTypeByName(std::string_view name) {
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

const std::vector<std::string>& KeyTypeNames() {
  static const auto& names = *[] {
    auto* all = new std::vector<std::string>;
    for (const auto& type : kTypes) all->emplace_back(type.first);
    return all;
  }();
  return names;
}

Result<Token*> KeyDesk::TokenNamed(const std::string& name) {
  if (Token* token = keys_.FindToken(name)) return token;
  return Fail(Code::kNotFound,
              "grantd serves no token '" + Harmless(name.substr(0, 64), '?', false) + "'",
              "it is named by [[token]] in grantd.toml");
}

Result<NamedKey> KeyDesk::KeyLabelled(Token& token, const std::string& label) {
  GRANT_TRY(auto objects, token.Objects());
  NamedKey named{&token, std::move(objects), nullptr};
  size_t found = 0;
  for (const TokenObject& object : named.objects->objects) {
    if (object.object_class != CKO_PRIVATE_KEY || !IsLabelled(object, label)) continue;
    named.key = &object;
    ++found;
  }
  if (found == 1) return named;
  return Fail(found == 0 ? Code::kNotFound : Code::kConflict,
              (found == 0 ? "no private key" : std::to_string(found) + " private keys") +
                  std::string(" of token '") + token.settings().name + "' have the label '" +
                  Harmless(label.substr(0, kKeyLabelBytesMax), '?', false) + "'",
              found == 0 ? "grantctl key generate makes one" : "give them labels of their own");
}

Result<KeyReport> KeyDesk::Check(const Identity& caller, const std::string& name) {
  GRANT_CHECK(workflow_.RequireOverseer(caller));
  GRANT_TRY(const RulesVersion current, workflow_.Rules(caller));
  const Signer* signer = current.rules.FindSigner(name);
  if (signer == nullptr) return NoSuchSigner(name);
  KeyReport report{*signer, {}, {}, false};
  GRANT_TRY(const NamedKey named, keys_.KeyOf(*signer));
  report.token = named.token->settings().name;
  // What was mended counts at once, and not only when the watch comes by.
  Around around = auditor_.LookAround(current.rules);
  if (around.unanswered.empty()) keys_.Expose(around.exposed);
  if (const auto error = around.unanswered.find(name); error != around.unanswered.end()) {
    return tl::unexpected(error->second);
  }
  GRANT_TRY(report.findings, auditor_.Examine(*signer, std::move(around.exposed[name])));
  report.enabled = Unacknowledged(report.findings, signer->acknowledged).empty();
  return report;
}

Result<GeneratedKey> KeyDesk::Generate(const Identity& caller, const KeyWish& wish) {
  GRANT_CHECK(workflow_.RequireAdmin(caller));
  GRANT_CHECK(CheckLabel(wish.label));
  GRANT_TRY(Token * token, TokenNamed(wish.token));
  GRANT_TRY(const SecretEntropy entropy, surroundings_.entropy());
  const Bytes id(entropy.begin(), entropy.begin() + kIdBytes);
  const std::scoped_lock lock(make_mutex_);
  GeneratedKey generated{Hex(id), UriOf(token->Describe(), wish.label), {}, {}, {}};
  const nlohmann::json about = {{"token", wish.token},
                                {"label", wish.label},
                                {"id", generated.id},
                                {"type", NameOf(wish.type)}};
  const auto record = [&](std::string_view event, nlohmann::json detail) {
    detail.update(about);
    return store_.Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendAudit({surroundings_.now(), std::string(event), caller.principal,
                                      generated.uri, "", Compact(detail)}));
      return {};
    });
  };
  // First, for afterwards there may be a key of which nothing can be written any more.
  GRANT_CHECK(record(event::kKeyGenerationBegun, nlohmann::json::object()));
  const auto made = token->GenerateKey({wish.type, wish.label, id});
  if (!made && !made.error().answered) {
    return tl::unexpected(OfToken(made.error(), "nobody knows whether the token made the key"));
  }
  if (auto refused = WhyNotMade(made, wish)) {
    GRANT_CHECK(record(event::kKeyGenerationFailed, {{"message", refused->message}}));
    return tl::unexpected(*std::move(refused));
  }
  generated.left_out = made->left_out;
  GRANT_CHECK(record(event::kKeyGenerated, {{"left_out", generated.left_out}}));
  GRANT_TRY(const NamedKey named, KeyLabelled(*token, wish.label));
  generated.findings = AuditKey(TraitsOf(*named.key), wish.token);
  GRANT_TRY(const PublicKey key, PublicKeyOf(named));
  GRANT_TRY(generated.public_key, ToPem(key));
  return generated;
}

Status KeyDesk::CheckNoAlarm() const {
  const std::vector<Refusal> alarms = surroundings_.alarms();
  if (alarms.empty()) return {};
  return Fail(Code::kConflict, "nothing is signed: " + alarms.front().message, alarms.front().hint);
}

// Whether the key may sign a request; `signer` becomes the name of the signer that governs it.
Status KeyDesk::CheckMaySign(const NamedKey& named, const std::string& label, std::string& signer) {
  GRANT_CHECK(CheckNoAlarm());
  RulesVersion current;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(current, tables.CurrentRules());
    return {};
  }));
  std::vector<KeyFinding> findings = AuditKey(TraitsOf(*named.key), named.token->settings().name);
  std::vector<std::string> acknowledged;
  for (const Signer& each : current.rules.signers) {
    const auto tokens = keys_.TokensOf(each);
    if (std::ranges::find(tokens, named.token) == tokens.end()) continue;
    const auto its_key = keys_.KeyOf(each);
    if (!its_key && its_key.error().code != Code::kNotFound) {
      return tl::unexpected(its_key.error());
    }
    if (!its_key || its_key->token != named.token || its_key->key->id != named.key->id) continue;
    signer = each.name;
    acknowledged = each.acknowledged;
    GRANT_TRY(findings, auditor_.Examine(each, current.rules));
  }
  const auto standing = Unacknowledged(findings, acknowledged);
  if (standing.empty()) return {};
  return Fail(Code::kConflict,
              "nobody should certify the key '" + label + "': " + InOneLine(standing),
              signer.empty() ? standing.front().hint : "grantctl signer check " + signer);
}

Result<CertificateRequestMade> KeyDesk::RequestCertificate(const Identity& caller,
                                                           const CertificateWish& wish) {
  GRANT_CHECK(workflow_.RequireAdmin(caller));
  GRANT_TRY(Token * token, TokenNamed(wish.token));
  GRANT_TRY(const NamedKey named, KeyLabelled(*token, wish.label));
  CertificateRequestMade made;
  // Before the alarms are asked: a seal is either among them, or finds the ticket.
  made.delivery = std::make_shared<Deliveries::Ticket>(surroundings_.deliveries);
  GRANT_CHECK(CheckMaySign(named, wish.label, made.signer));
  GRANT_TRY(const PublicKey key, PublicKeyOf(named));
  GRANT_TRY(auto request, CertificateRequest::Build(key, wish.subject, wish.names));
  const auto signature = token->Sign(named.key->id, request.mechanism(), request.input());
  if (!signature) return tl::unexpected(OfToken(signature.error(), "the token signed no request"));
  GRANT_TRY(made.pem, request.Finish(*signature));
  made.digest = request.digest();
  std::string subject;
  for (const NamePart& part : wish.subject) {
    subject += (subject.empty() ? "" : ", ") + part.type + "=" + part.value;
  }
  nlohmann::json names = nlohmann::json::array();
  for (const AlternativeName& name : wish.names) names.push_back(name.value);
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(
        tables.AppendAudit({surroundings_.now(), std::string(event::kKeyCertified),
                            caller.principal, UriOf(token->Describe(), wish.label), made.signer,
                            Compact({{"token", wish.token},
                                     {"key", wish.label},
                                     {"subject", subject},
                                     {"names", std::move(names)},
                                     {"digest", made.digest}})}));
    return {};
  }));
  // As with any signature, what was stopped meanwhile does not go out.
  GRANT_CHECK(CheckNoAlarm());
  if (made.delivery->BeginDelivery()) {
    return Fail(Code::kConflict, "nothing is signed: grantd was sealed meanwhile", kSealedHint);
  }
  return made;
}

Result<std::string> KeyDesk::CertificateOf(const Identity& caller, const std::string& name) {
  GRANT_TRY(const Rules visible, workflow_.VisibleRules(caller));
  if (const Signer* signer = visible.FindSigner(name)) return signer->certificate;
  return NoSuchSigner(name);
}

Result<RulesChange> KeyDesk::SetCertificate(const Identity& caller, const std::string& name,
                                            const std::string& pem) {
  GRANT_CHECK(workflow_.RequireAdmin(caller));
  auto chain = ReadCertificates(pem);
  if (!chain) {
    return Fail(chain.error().code, "what is given " + chain.error().message, chain.error().hint);
  }
  GRANT_TRY(const RulesVersion current, workflow_.Rules(caller));
  Rules rules = current.rules;
  const auto signer = std::find_if(rules.signers.begin(), rules.signers.end(),
                                   [&](const Signer& one) { return one.name == name; });
  if (signer == rules.signers.end()) return NoSuchSigner(name);
  GRANT_TRY(const NamedKey named, keys_.KeyOf(*signer));
  GRANT_TRY(const PublicKey key, PublicKeyOf(named));
  GRANT_TRY(const bool same, IsOfKey(*chain, key));
  if (!same) {
    return Fail(Code::kInvalid, "the first certificate is not of the key of signer '" + name + "'",
                "put the key's own certificate first; grantctl key csr makes a request for one");
  }
  GRANT_CHECK(CheckChain(*chain));
  signer->certificate = *chain;
  return workflow_.ApplyRules(
      caller, rules, false, [&](const RulesVersion& in_force, Time) -> Status {
        if (in_force.version == current.version) return {};
        return Fail(Code::kUnavailable, "somebody changed the rules meanwhile",
                    "run the command again");
      });
}

}  // namespace grant
