#include "grantd/domain/decide.h"

#include <algorithm>

namespace grant {
namespace {

std::string AskFor(const Signer& signer, uint32_t signings, bool with_secret = false) {
  return "grantctl request create " + signer.name + " --signings " + std::to_string(signings) +
         " --window 1h --reason '...'" + (with_secret ? " --secret" : "");
}

bool CoversContent(const Grant& grant, const std::vector<Digest>& digests) {
  return grant.digests.empty() ||
         std::any_of(digests.begin(), digests.end(), [&](const Digest& digest) {
           return std::find(grant.digests.begin(), grant.digests.end(), digest) !=
                  grant.digests.end();
         });
}

std::string Usage(const Grant& grant) {
  return std::to_string(grant.used) + " of " + std::to_string(grant.max_signings);
}

Refusal Unusable(const Grant& grant, const Signer& signer, Time now) {
  const std::string name = "grant " + grant.id;
  switch (StatusOf(grant, now)) {
    case GrantStatus::kPending:
      return {
          Cause::kNotYetValid,
          name + " is valid from " + FormatTime(grant.not_before) + " (in " +
              FormatDuration(grant.not_before - now) + ")",
          "sign between " + FormatTime(grant.not_before) + " and " + FormatTime(grant.not_after)};
    case GrantStatus::kExhausted:
      return {Cause::kUsedUp, name + " is used up (" + Usage(grant) + ")",
              AskFor(signer, grant.max_signings, grant.secret_hash.has_value())};
    case GrantStatus::kExpired:
      return {Cause::kExpired,
              name + " ended at " + FormatTime(grant.not_after) + " (" +
                  FormatDuration(now - grant.not_after) + " ago, " + Usage(grant) + " used)",
              AskFor(signer, grant.max_signings - grant.used, grant.secret_hash.has_value())};
    case GrantStatus::kRevoked:
      return {Cause::kRevoked,
              name + " was revoked by " + grant.revocation->by.text() + " at " +
                  FormatTime(grant.revocation->at) + ": " + grant.revocation->reason,
              "grantctl grant show " + grant.id};
    case GrantStatus::kActive:
      break;
  }
  return {Cause::kDigestNotInGrant, name + " does not cover this content",
          "grantctl grant show " + grant.id + " lists the digests it covers"};
}

// The grant whose fate explains the refusal best: one that only lacks this content, else one that
// is still to begin, else the latest.
const Grant* MostTelling(const std::vector<const Grant*>& own, Time now) {
  const auto rank = [now](const Grant& grant) {
    switch (StatusOf(grant, now)) {
      case GrantStatus::kActive:
        return 2;
      case GrantStatus::kPending:
        return 1;
      default:
        return 0;
    }
  };
  const Grant* best = nullptr;
  for (const Grant* grant : own) {
    if (best == nullptr || rank(*grant) > rank(*best) ||
        (rank(*grant) == rank(*best) && grant->id > best->id)) {
      best = grant;
    }
  }
  return best;
}

Refusal NothingUsable(const Attempt& attempt, const Signer& signer,
                      const std::vector<const Grant*>& own, const Grant* foreign, Time now) {
  if (const Grant* grant = MostTelling(own, now)) {
    Refusal refusal = Unusable(*grant, signer, now);
    refusal.grant_id = grant->id;
    return refusal;
  }
  const std::string& caller = attempt.caller.principal.text();
  if (foreign != nullptr) {
    return {Cause::kOtherHolder,
            "grant " + foreign->id + " for signer " + signer.name + " belongs to " +
                foreign->holder.text() + ", not to " + caller,
            AskFor(signer, 1)};
  }
  if (!attempt.selected_grant.empty()) {
    return {Cause::kNoGrant,
            caller + " holds no grant " + attempt.selected_grant + " for signer " + signer.name,
            "grantctl grant list"};
  }
  return {Cause::kNoGrant, caller + " holds no grant for signer " + signer.name, AskFor(signer, 1)};
}

// Why the secret's grant cannot be what this attempt is about.
std::optional<Refusal> Mismatch(const Attempt& attempt, const Signer& signer,
                                const std::vector<Grant>& grants) {
  const std::string& id = attempt.by_secret->grant_id;
  for (const Grant& grant : grants) {
    if (grant.id != id || grant.signer == signer.name) continue;
    return Refusal{Cause::kNoGrant,
                   "the secret given as the PIN is of grant " + id + " for signer " + grant.signer +
                       ", not for signer " + signer.name,
                   "sign with the key of signer " + grant.signer, id};
  }
  if (!attempt.selected_grant.empty() && attempt.selected_grant != id) {
    return Refusal{Cause::kNoGrant,
                   "the secret given as the PIN is of grant " + id +
                       ", but GRANTD_GRANT names grant " + attempt.selected_grant,
                   "unset GRANTD_GRANT, or give the secret of that grant", id};
  }
  return std::nullopt;
}

Refusal NotAUser(const Attempt& attempt, const Signer& signer) {
  if (!attempt.by_secret) {
    return {Cause::kNotAUser,
            attempt.caller.principal.text() + " is not a user of signer " + signer.name,
            "ask an administrator to add you to its users"};
  }
  const auto& [grant_id, holder] = *attempt.by_secret;
  return {Cause::kNotAUser,
          holder.principal.text() + ", the holder of grant " + grant_id +
              ", is not a user of signer " + signer.name,
          "ask an administrator to add " + holder.principal.text() + " to its users", grant_id};
}

}  // namespace

Ruling Decide(const Attempt& attempt, const Signer& signer, const Rules& rules,
              const std::vector<Grant>& grants, Time now) {
  const bool by_secret = attempt.by_secret.has_value();
  if (by_secret) {
    if (auto refusal = Mismatch(attempt, signer, grants)) return *std::move(refusal);
  }
  const Identity& holder = by_secret ? attempt.by_secret->holder : attempt.caller;
  if (!rules.Covers(signer.users, holder)) return NotAUser(attempt, signer);
  if (!signer.mechanisms.empty() && std::find(signer.mechanisms.begin(), signer.mechanisms.end(),
                                              attempt.mechanism) == signer.mechanisms.end()) {
    return Refusal{Cause::kMechanismNotAllowed,
                   "signer " + signer.name + " does not allow " + attempt.mechanism,
                   "grantctl signer show " + signer.name + " lists what it allows"};
  }
  if (signer.policy.empty() && !by_secret) return Unrestricted{};

  std::vector<const Grant*> own;
  std::vector<const Grant*> usable;
  const Grant* foreign = nullptr;
  for (const Grant& grant : grants) {
    if (grant.signer != signer.name) continue;
    if (!attempt.selected_grant.empty() && grant.id != attempt.selected_grant) continue;
    if (by_secret && grant.id != attempt.by_secret->grant_id) continue;
    if (grant.holder != holder.principal) {
      if (StatusOf(grant, now) == GrantStatus::kActive) foreign = &grant;
      continue;
    }
    own.push_back(&grant);
    if (StatusOf(grant, now) == GrantStatus::kActive && CoversContent(grant, attempt.digests)) {
      usable.push_back(&grant);
    }
  }
  if (usable.empty()) return NothingUsable(attempt, signer, own, foreign, now);
  std::sort(usable.begin(), usable.end(), [](const Grant* a, const Grant* b) {
    return a->not_after != b->not_after ? a->not_after < b->not_after : a->id < b->id;
  });
  Candidates candidates;
  for (const Grant* grant : usable) candidates.grant_ids.push_back(grant->id);
  return candidates;
}

}  // namespace grant
