// The tokens that grantd serves, and which signer governs which of their keys.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grant/gate/protocol.h"
#include "grantd/domain/key_audit.h"
#include "grantd/domain/rules.h"
#include "grantd/hsm/token.h"
#include "grantd/store/tables.h"

namespace grant {

// A private key as a signature needs it.
struct GovernedKey {
  std::string signer;  // empty: no signer names this key
  std::string fault;   // why it cannot be used although a signer names it; empty if it can
  std::string unsafe;  // names of the findings that stop the signer; empty if none does
  std::string label;
  bool hash_here = false;  // see Content::Begin
  size_t order_bits = 0;   // the same
};

// A private key that a signer's URI names, with all that its token shows.
struct NamedKey {
  Token* token = nullptr;
  std::shared_ptr<const TokenObjects> objects;
  const TokenObject* key = nullptr;  // one of them
};

// What is known of signers' keys beside their attributes, by signer.
using ExposedKeys = std::map<std::string, std::vector<KeyFinding>>;

// Whether the token was ever present while grantd ran: before that, nobody knows its slot.
bool WasSeen(const gate::TokenRecord& token);

// Any thread may call these.
class KeyDirectory {
 public:
  explicit KeyDirectory(std::vector<std::unique_ptr<Token>> tokens);

  // Names this run of grantd, in which versions of objects mean something. Never 0.
  uint64_t run() const { return run_; }

  std::vector<gate::TokenRecord> Describe();
  Token* FindToken(const std::string& name) const;  // null if there is none of that name
  const std::vector<std::unique_ptr<Token>>& tokens() const { return tokens_; }

  // What the module is shown: the token's objects, the signers of its private keys, and the
  // certificates that the rules give to signers whose token holds none.
  Result<gate::Objects> ObjectsFor(Token& token, uint64_t known_version, const RulesVersion& rules);

  // Nothing where the ID names no private key of the token any more.
  Result<std::optional<GovernedKey>> FindKey(Token& token, uint64_t key_id,
                                             const RulesVersion& rules);

  // Which governed key a private key is that somebody sees on a token; an answer without a signer
  // where it is none. Errors: kUnavailable where a token that is not to be read at this moment may
  // be the one.
  Result<gate::KeyIdentified> Identify(const gate::IdentifyKey& seen, const RulesVersion& rules);

  // Whether the signer has a key on the token.
  Result<bool> Governs(Token& token, const std::string& signer, const RulesVersion& rules);

  // The one key that the signer's URI names. Errors: kNotFound where it names none or several;
  // kUnavailable where a token that may hold it is not to be read.
  Result<NamedKey> KeyOf(const Signer& signer);

  // The tokens that the signer's URI may mean, present or not.
  std::vector<Token*> TokensOf(const Signer& signer);

  // What was found out about the signers' keys from outside the token, in place of what was known
  // before. It stops signers like what the token says.
  void Expose(ExposedKeys exposed);

  // Whether the signer's URI names exactly one private key, which is of no other signer of the
  // rules. Errors: kInvalid where it is not so; kUnavailable as KeyOf().
  Status CheckKey(const Signer& signer, const Rules& rules);

 private:
  // One token's objects under one version of the rules.
  struct View {
    uint64_t objects_version = 0;
    int64_t rules_version = -1;
    gate::TokenRecord token;
    std::shared_ptr<const TokenObjects> objects;
    gate::Objects shown;
    std::map<uint64_t, GovernedKey> keys;
    std::string keyless;  // a signer whose URI is for this token and selects no key on it
  };
  // Whether the signer's URI leaves open which of the served tokens holds its key. What is on the
  // other tokens does not matter: it may change at any time.
  bool OnSeveralTokens(const Signer& signer);
  Result<std::shared_ptr<const View>> ViewOf(Token& token, const RulesVersion& rules);

  const uint64_t run_;
  std::vector<std::unique_ptr<Token>> tokens_;
  std::mutex mutex_;
  std::map<Token*, std::shared_ptr<const View>> views_;
  ExposedKeys exposed_;
  uint64_t last_version_ = 0;
};

}  // namespace grant
