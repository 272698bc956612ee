#include "grantd/domain/decide.h"

#include <algorithm>
#include <set>

#include "grantd/domain/request_hours.h"

namespace grant {
namespace {

// A request that the signer's policy allows.
std::string AskFor(const Signer& signer, const Rules& rules, uint32_t signings,
                   bool with_secret = false) {
  Duration window = std::chrono::hours(1);
  if (const Policy* policy = rules.FindPolicy(signer.policy)) {
    window = std::min(window, policy->max_window.value_or(window));
    signings = std::min(signings, policy->max_signings.value_or(signings));
  }
  return "grantctl request create " + signer.name + " --signings " + std::to_string(signings) +
         " --window " + FormatDuration(window) + " --reason '...'" +
         (with_secret ? " --secret" : "");
}

// The first of the digests that the grant names; null where it names none of them.
const Digest* NamedBy(const Grant& grant, const std::vector<Digest>& digests) {
  const auto named = std::find_first_of(digests.begin(), digests.end(), grant.digests.begin(),
                                        grant.digests.end());
  return named == digests.end() ? nullptr : &*named;
}

bool CoversContent(const Grant& grant, const std::vector<Digest>& digests) {
  return grant.digests.empty() || NamedBy(grant, digests) != nullptr;
}

std::string Usage(const Grant& grant) {
  return std::to_string(grant.used) + " of " + std::to_string(grant.max_signings);
}

// "sha256, sha512": the hashes by which the grant names its content.
std::string HashesOf(const Grant& grant) {
  std::set<std::string> names;
  for (const Digest& digest : grant.digests) names.insert(digest.algorithm);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Why a grant that names its content is not for what is to be signed.
Refusal OtherContent(const Grant& grant, const Attempt& attempt) {
  const std::string message = "grant " + grant.id + " does not cover this content: ";
  const std::string hint = "grantctl grant show " + grant.id + " lists the digests it covers";
  if (attempt.digests.empty()) {
    return {Cause::kDigestNotInGrant,
            message + "what " + attempt.mechanism + " was given is no digest that grantd can tell",
            "sign with a mechanism that hashes, as in SHA256-RSA-PKCS or ECDSA-SHA256"};
  }
  const auto comparable = std::find_first_of(
      attempt.digests.begin(), attempt.digests.end(), grant.digests.begin(), grant.digests.end(),
      [](const Digest& known, const Digest& named) { return known.algorithm == named.algorithm; });
  if (comparable != attempt.digests.end()) {
    return {Cause::kDigestNotInGrant, message + "it is " + comparable->text(), hint};
  }
  const std::string names = HashesOf(grant);
  return {
      Cause::kDigestNotInGrant,
      message + "signed with " + attempt.digests.front().algorithm + ", the grant names " + names,
      "sign with " + names + ", or ask for a grant that names the content's " +
          attempt.digests.front().algorithm + " with --digest"};
}

// Why a grant that is valid now does not cover this attempt.
Refusal NotCovered(const Grant& grant, const Attempt& attempt) {
  const std::string name = "grant " + grant.id;
  if (CoversContent(grant, attempt.digests)) {
    return {Cause::kOutOfScope,
            name + " does not cover " + attempt.caller.principal.text() + " running " +
                (attempt.program.empty() ? "a program that grantd cannot see" : attempt.program),
            "grantctl grant show " + grant.id + " lists its scopes"};
  }
  return OtherContent(grant, attempt);
}

Refusal Unusable(const Grant& grant, const Attempt& attempt, const Signer& signer,
                 const Rules& rules, Time now) {
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
              AskFor(signer, rules, grant.max_signings, grant.secret_hash.has_value())};
    case GrantStatus::kExpired:
      return {
          Cause::kExpired,
          name + " ended at " + FormatTime(grant.not_after) + " (" +
              FormatDuration(now - grant.not_after) + " ago, " + Usage(grant) + " used)",
          AskFor(signer, rules, grant.max_signings - grant.used, grant.secret_hash.has_value())};
    case GrantStatus::kRevoked:
      return {Cause::kRevoked,
              name + " was revoked by " + grant.revocation->by.text() + " at " +
                  FormatTime(grant.revocation->at) + ": " + grant.revocation->reason,
              "grantctl grant show " + grant.id};
    case GrantStatus::kReleased:
      return {
          Cause::kRevoked,
          name + " was released by its holder " + grant.revocation->by.text() + " at " +
              FormatTime(grant.revocation->at) + " (" + Usage(grant) + " used)",
          AskFor(signer, rules, grant.max_signings - grant.used, grant.secret_hash.has_value())};
    case GrantStatus::kActive:
      break;
  }
  return NotCovered(grant, attempt);
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

Refusal NothingUsable(const Attempt& attempt, const Signer& signer, const Rules& rules,
                      const std::vector<const Grant*>& own, const Grant* foreign, Time now) {
  if (const Grant* grant = MostTelling(own, now)) {
    Refusal refusal = Unusable(*grant, attempt, signer, rules, now);
    refusal.grant_id = grant->id;
    return refusal;
  }
  const std::string& caller = attempt.caller.principal.text();
  if (foreign != nullptr) {
    return {Cause::kOtherHolder,
            "grant " + foreign->id + " for signer " + signer.name + " belongs to " +
                (foreign->holder == attempt.caller.principal
                     ? "another user who was " + caller + " when it was issued"
                     : foreign->holder.text() + ", not to " + caller),
            AskFor(signer, rules, 1)};
  }
  if (!attempt.selected_grant.empty()) {
    return {Cause::kNoGrant,
            caller + " holds no grant " + attempt.selected_grant + " for signer " + signer.name,
            "grantctl grant list"};
  }
  return {Cause::kNoGrant, caller + " holds no grant for signer " + signer.name,
          AskFor(signer, rules, 1)};
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

// Whoever signs, and the holder whose grant it is about.
std::optional<Refusal> Auditing(const Attempt& attempt, const Signer& signer,
                                const std::vector<Principal>& auditors) {
  const auto is_auditor = [&](const Identity& who) {
    return std::any_of(auditors.begin(), auditors.end(),
                       [&](const Principal& auditor) { return who.Is(auditor); });
  };
  const Identity* who = &attempt.caller;
  if (!is_auditor(*who) && attempt.by_secret) who = &attempt.by_secret->holder;
  if (!is_auditor(*who)) return std::nullopt;
  return Refusal{Cause::kNotAUser,
                 who->principal.text() + " is an auditor, and auditors sign nothing",
                 "an administrator takes them out of auditors in grantd.toml, or another user of "
                 "signer " +
                     signer.name + " signs",
                 attempt.by_secret ? attempt.by_secret->grant_id : std::string()};
}

std::optional<Refusal> OutsideHours(const Policy& policy, Time now, const ZoneOf& zone_of) {
  if (policy.hours.Always()) return std::nullopt;
  const std::string allowed =
      "policy '" + policy.name + "' allows signatures " + policy.hours.text() + " only";
  const auto zone = ZoneOfHours(policy.hours, zone_of);
  if (!zone) {
    return Refusal{
        Cause::kOutsideHours, allowed + ": " + zone.error().message, zone.error().hint, {}};
  }
  if (Contain(policy.hours, **zone, now)) return std::nullopt;
  const auto opening = FirstWithin(policy.hours, **zone, now, Time::max());
  return Refusal{Cause::kOutsideHours,
                 allowed + ", and it is " + LocalText(**zone, now) + " there",
                 opening ? "sign from " + FormatTime(*opening) + " on"
                         : "ask an administrator to look at the hours of the policy",
                 {}};
}

}  // namespace

Ruling Decide(const Attempt& attempt, const Signer& signer, const Rules& rules,
              const std::vector<Grant>& grants, Time now, const Site& site) {
  const bool by_secret = attempt.by_secret.has_value();
  if (by_secret) {
    if (auto refusal = Mismatch(attempt, signer, grants)) return *std::move(refusal);
  }
  if (auto refusal = Auditing(attempt, signer, site.auditors)) return *std::move(refusal);
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
    // Whoever has the secret stands for the holder, whose number is not known then.
    if (by_secret ? grant.holder != holder.principal : !IsHolder(grant, holder)) {
      if (StatusOf(grant, now) == GrantStatus::kActive) foreign = &grant;
      continue;
    }
    own.push_back(&grant);
    if (StatusOf(grant, now) == GrantStatus::kActive && CoversContent(grant, attempt.digests) &&
        Allow(grant.scopes, attempt.caller.principal, attempt.program)) {
      usable.push_back(&grant);
    }
  }
  if (usable.empty()) return NothingUsable(attempt, signer, rules, own, foreign, now);
  if (const Policy* policy = rules.FindPolicy(signer.policy)) {
    if (auto refusal = OutsideHours(*policy, now, site.zone_of)) {
      refusal->grant_id = usable.front()->id;
      return *std::move(refusal);
    }
  }
  std::sort(usable.begin(), usable.end(), [](const Grant* a, const Grant* b) {
    return a->not_after != b->not_after ? a->not_after < b->not_after : a->id < b->id;
  });
  Candidates candidates;
  for (const Grant* grant : usable) {
    const Digest* named = NamedBy(*grant, attempt.digests);
    candidates.grant_ids.push_back(grant->id);
    candidates.digests.push_back(named == nullptr ? "" : named->text());
  }
  return candidates;
}

}  // namespace grant
