// What administrators do with keys: look at them, make them, have them certified. Each call checks
// who is asking, and what it does is in the audit. Nothing else of a private key has a way out.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "grantd/domain/distinguished_name.h"
#include "grantd/gate/deliveries.h"
#include "grantd/keys/key_auditor.h"
#include "grantd/store/store.h"
#include "grantd/workflow/workflow.h"

namespace grant {

struct KeyReport {
  Signer signer;
  std::string token;                 // as grantd.toml names it
  std::vector<KeyFinding> findings;  // the worst first
  bool enabled = false;              // no critical one is left to be acknowledged
};

// "rsa:3072"; nothing for an unknown name.
std::optional<NewKeyType> KeyTypeByName(std::string_view name);
const std::vector<std::string>& KeyTypeNames();

struct KeyWish {
  std::string token;  // as grantd.toml names it
  std::string label;
  NewKeyType type = NewKeyType::kRsa3072;
};

struct GeneratedKey {
  std::string id;                     // CKA_ID in hex
  std::string uri;                    // for the rules: "pkcs11:token=prod;object=release-key"
  std::string public_key;             // PEM
  std::vector<std::string> left_out;  // attributes that the token did not take
  std::vector<KeyFinding> findings;
};

struct CertificateWish {
  std::string token;
  std::string label;
  std::vector<NamePart> subject;
  std::vector<AlternativeName> names;
};

struct CertificateRequestMade {
  std::string pem;
  std::string digest;  // of what was signed, as the audit has it
  std::string signer;  // that governs the key; empty if none does
  // Whoever seals waits for the holder: to be let go once the request is handed over.
  std::shared_ptr<Deliveries::Ticket> delivery;
};

struct KeyDeskSurroundings {
  std::function<Time()> now;
  std::function<Result<SecretEntropy>()> entropy;
  std::function<std::vector<Refusal>()> alarms;  // while there are any, nothing is signed
  Deliveries& deliveries;                        // what the seal withdraws
};

// Any thread may call these; all that is given to it outlives it.
class KeyDesk {
 public:
  KeyDesk(Store& store, Workflow& workflow, KeyDirectory& keys, KeyAuditor& auditor,
          KeyDeskSurroundings surroundings)
      : store_(store),
        workflow_(workflow),
        keys_(keys),
        auditor_(auditor),
        surroundings_(std::move(surroundings)) {}

  // For administrators and auditors. Signers go by what it sees from then on.
  Result<KeyReport> Check(const Identity& caller, const std::string& signer);

  // For administrators. kConflict where something on the token has the label. That it is tried is
  // in the audit before the token is asked, what became of it after: without the second, nobody
  // knows.
  Result<GeneratedKey> Generate(const Identity& caller, const KeyWish& wish);

  // For administrators. Signs a request that is built here, never bytes of the caller; whether a
  // policy governs the key does not matter, for no content of anybody's is signed. Refused while an
  // alarm stands, and where a finding stands against the key. In the audit before it is handed
  // over.
  Result<CertificateRequestMade> RequestCertificate(const Identity& caller,
                                                    const CertificateWish& wish);

  // The chain in the rules, for whoever may see the signer; empty where there is none.
  Result<std::string> CertificateOf(const Identity& caller, const std::string& signer);

  // For administrators: a new version of the rules with this chain, leaf first, for the signer.
  // kInvalid where the leaf is not of the signer's key.
  Result<RulesChange> SetCertificate(const Identity& caller, const std::string& signer,
                                     const std::string& pem);

 private:
  Result<Token*> TokenNamed(const std::string& name);
  Result<NamedKey> KeyLabelled(Token& token, const std::string& label);
  Status CheckNoAlarm() const;
  Status CheckMaySign(const NamedKey& named, const std::string& label, std::string& signer);

  Store& store_;
  Workflow& workflow_;
  KeyDirectory& keys_;
  KeyAuditor& auditor_;
  const KeyDeskSurroundings surroundings_;
  std::mutex make_mutex_;  // one key is made at a time, so that no two get one label
};

}  // namespace grant
