// An attempt to sign in the form that rules and audit speak of. For the parts of Signing alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "grantd/gate/signing.h"

namespace grant {

inline std::string Compact(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Signing::Asked {
  const Peer& peer;
  Token* token;
  uint64_t key_id;
  const RulesVersion& rules;
  const GovernedKey& key;
  const Signer* signer;  // null where no signer governs the key
  Attempt attempt;
  bool spend_only = false;
  std::vector<Digest> recorded = {};  // beside those of the attempt

  // What a use is recorded with: the digest by which its grant names the content, where it does.
  std::string DigestOfUse(const std::string& named) const {
    if (!named.empty()) return named;
    const std::vector<Digest>& known = attempt.digests.empty() ? recorded : attempt.digests;
    return known.empty() ? "" : known.front().text();
  }

  // What every entry about this attempt says.
  nlohmann::json Facts() const {
    nlohmann::json facts = {{"mechanism", attempt.mechanism},
                            {"key", key.label},
                            {"token", token->settings().name},
                            {"uid", peer.uid},
                            {"pid", peer.pid},
                            {"program", peer.program}};
    nlohmann::json digests = nlohmann::json::array();
    for (const auto* known : {&attempt.digests, &recorded}) {
      for (const Digest& digest : *known) digests.push_back(digest.text());
    }
    facts["digests"] = std::move(digests);
    if (spend_only) facts["placement"] = "wrap";
    if (attempt.by_secret) {
      facts["with_secret"] = true;
      facts["holder"] = attempt.by_secret->holder.principal.text();
    }
    return facts;
  }
};

}  // namespace grant
