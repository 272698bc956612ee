#include "grantd/gate/signing.h"

#include <openssl/crypto.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "grant/cryptoki/names.h"
#include "grant/wipe.h"
#include "grantd/domain/id.h"
#include "grantd/domain/seal.h"
#include "grantd/failpoint.h"
#include "grantd/gate/refused.h"
#include "grantd/gate/signing_attempt.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr int kRulesChangesMax = 8;

// Never throws, for the use is spent.
tl::expected<Bytes, TokenFailure> Finish(StartedSignature& started) noexcept {
  try {
    return started.Finish();
  } catch (...) {
    return tl::make_unexpected(TokenFailure{CKR_HOST_MEMORY, "C_Sign", false, {}});
  }
}

// What the caller signs itself need not be known to grantd, unless the signer has a list of what
// it allows.
tl::expected<Content, Refusal> BeginContent(const gate::SignTarget& target, const GovernedKey& key,
                                            const Signer* signer) {
  const Purpose purpose = target.spend_only ? Purpose::kCounting : Purpose::kSigning;
  if (!target.spend_only || !target.opaque_parameters) {
    return Content::Begin(target.mechanism, key.hash_here, purpose, key.order_bits);
  }
  if (signer == nullptr || signer->mechanisms.empty()) return Content::Unknown(target.mechanism);
  return tl::unexpected<Refusal>(Refusal{Cause::kMechanismParameters,
                                         "signer " + signer->name + " allows " +
                                             cryptoki::MechanismName(target.mechanism.type) +
                                             " without such parameters only",
                                         "grantctl signer show " + signer->name,
                                         {}});
}

}  // namespace

struct Signing::Charged {
  std::string grant_id;  // empty where the signer has no policy
  std::string digest;    // by which the grant names the content; empty where it is for any
};

struct Signing::Spend {
  std::optional<Use> use;          // counted and in the audit
  std::optional<Refusal> refusal;  // in the audit
  bool rules_changed = false;      // nothing was written: decide anew
};

Signing::Signing(Store& store, KeyDirectory& keys, Logins& logins, Clock clock, Site site,
                 Alarm alarm)
    : store_(store),
      keys_(keys),
      logins_(logins),
      clock_(std::move(clock)),
      outcomes_(store, clock_),
      site_(std::move(site)),
      alarm_(std::move(alarm)) {}

tl::expected<SigningOperation, gate::Refused> Signing::Begin(const Peer& peer,
                                                             const gate::SignTarget& target) {
  const metrics::Stopwatch watch;
  const Token* token = keys_.FindToken(target.token);
  if (token == nullptr) return tl::unexpected(NoSuchToken(target.token));
  if (returned_limit_.IsUsedUp(peer.uid, clock_())) {
    return tl::unexpected(Busy("the token refused too many of your signatures of late"));
  }
  const auto meaning = logins_.MeaningOf(peer, *token, target.secret);
  if (!meaning) return tl::unexpected(StoreFailing(meaning.error()));
  // What the caller says is repeated in the audit, so it has to be what it is meant to be.
  const bool names_grant = target.grant.empty() || IsIdPrefix(kGrantPrefix, target.grant);
  gate::SignTarget checked = target;
  if (!names_grant) checked.grant.clear();
  auto operation = Prepare(peer, checked, meaning->by_secret);
  if (operation && meaning->refusal) operation->content.Reject(*meaning->refusal);
  if (operation && !names_grant) {
    operation->content.Reject(
        {Cause::kNoGrant, "GRANTD_GRANT holds no ID of a grant", "grantctl grant list", {}});
  }
  if (operation) operation->deciding = watch.Elapsed();
  return operation;
}

tl::expected<SigningOperation, gate::Refused> Signing::Prepare(
    const Peer& peer, const gate::SignTarget& target, const std::optional<BySecret>& by_secret) {
  Token* token = keys_.FindToken(target.token);
  if (token == nullptr) return tl::unexpected(NoSuchToken(target.token));
  auto in_force = rules_.Get(store_);
  if (!in_force) return tl::unexpected(StoreFailing(in_force.error()));
  std::shared_ptr<const RulesVersion> rules = *std::move(in_force);
  auto key = keys_.FindKey(*token, target.key_id, *rules);
  if (!key) return tl::unexpected(RecordUnreadable(peer, target, key.error()));
  if (!*key) return tl::unexpected(KeyGone());
  const Signer* signer = rules->rules.FindSigner((*key)->signer);
  auto content = BeginContent(target, **key, signer);
  const Asked asked{peer,
                    token,
                    target.key_id,
                    *rules,
                    **key,
                    signer,
                    Attempt{peer.identity,
                            cryptoki::MechanismName(target.mechanism.type),
                            {},
                            target.grant,
                            by_secret,
                            peer.program},
                    target.spend_only};
  if (!content) return tl::unexpected(RecordRefusal(asked, content.error()));
  // Whoever could not sign anyway is not worth the memory for their data.
  const Identity& holder = by_secret ? by_secret->holder : peer.identity;
  if (signer == nullptr || !rules->rules.Covers(signer->users, holder)) {
    std::vector<Grant> grants;
    Result<Ruling> ruling = Foresee(asked, grants);
    if (!ruling) return tl::unexpected(StoreFailing(ruling.error()));
    if (auto* refusal = std::get_if<Refusal>(&*ruling)) content->Reject(std::move(*refusal));
  }
  SigningOperation operation{peer,  target,           by_secret,          std::move(rules),
                             token, **std::move(key), *std::move(content)};
  Wipe(operation.target.secret);
  return operation;
}

// What stands in the way of every signature with the key, whatever grants there are.
std::optional<Refusal> Signing::Hindrance(const Asked& asked) {
  if (alarm_) {
    if (auto refusal = alarm_()) return refusal;
  }
  if (asked.signer == nullptr) {
    return Refusal{Cause::kNotGoverned,
                   "no signer names the key '" + asked.key.label + "' of token " +
                       asked.token->settings().name + ", so nobody may sign with it",
                   "an administrator adds a [[signer]] for it: grantctl apply -f rules.toml",
                   {}};
  }
  if (!asked.key.fault.empty()) {
    return Refusal{Cause::kNotGoverned,
                   asked.key.fault,
                   "an administrator corrects the rules: grantctl apply -f rules.toml",
                   {}};
  }
  if (asked.key.unsafe.empty()) return std::nullopt;
  return Refusal{
      Cause::kKeyUnsafe,
      "signer " + asked.signer->name + " is not enabled: the key audit found " + asked.key.unsafe,
      "an administrator looks at it: grantctl signer check " + asked.signer->name,
      {}};
}

// Who may sign what under the rules at hand, on one of these grants. Asked twice: before anything
// happens, and again within the transaction that spends the use.
Ruling Signing::Judge(const Asked& asked, const std::vector<Grant>& grants, Time now) const {
  return Decide(asked.attempt, *asked.signer, asked.rules.rules, grants, now, site_);
}

// The same with what the store has. `grants` are then those that the signature may be charged to.
Result<Ruling> Signing::Rule(Tables& tables, const Asked& asked, Time now,
                             std::vector<Grant>& grants) const {
  grants.clear();
  if (const auto& by_secret = asked.attempt.by_secret) {
    GRANT_TRY(auto named, tables.FindGrant(by_secret->grant_id));
    if (named) grants.push_back(*std::move(named));
    return Judge(asked, grants, now);
  }
  // Where one is usable, the others are not asked for: they only say why none is.
  const Principal& caller = asked.attempt.caller.principal;
  GRANT_TRY(grants, tables.UsableGrants(asked.signer->name, caller, now));
  Ruling ruling = Judge(asked, grants, now);
  if (!std::holds_alternative<Refusal>(ruling)) return ruling;
  GRANT_TRY(auto telling, tables.GrantsForAttempt(asked.signer->name, caller, now));
  if (!asked.attempt.selected_grant.empty()) {
    GRANT_TRY(auto selected, tables.FindGrant(asked.attempt.selected_grant));
    if (selected) telling.push_back(*std::move(selected));
  }
  return Judge(asked, telling, now);
}

// The ruling before anything happens. What is known of the grants serves as long as it allows the
// signature; nobody is refused by that alone.
Result<Ruling> Signing::Foresee(const Asked& asked, std::vector<Grant>& grants) {
  if (auto hindrance = Hindrance(asked)) return Ruling(*std::move(hindrance));
  const Time now = clock_();
  const Principal& caller = asked.attempt.caller.principal;
  const uint64_t generation = store_.generation();
  if (!asked.attempt.by_secret) {
    grants = known_grants_.Find(asked.signer->name, caller, generation);
    Ruling ruling = Judge(asked, grants, now);
    if (!std::holds_alternative<Refusal>(ruling)) return ruling;
  }
  Ruling ruling;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(ruling, Rule(tables, asked, now, grants));
    return {};
  }));
  if (std::holds_alternative<Candidates>(ruling) && !asked.attempt.by_secret) {
    known_grants_.Keep(asked.signer->name, caller, generation, grants);
  }
  return ruling;
}

tl::expected<void, gate::Refused> Signing::Complete(SigningOperation operation,
                                                    const Deliver& deliver) {
  StageTimer timer(metrics_, operation.target.spend_only, operation.deciding);
  auto content = operation.content.Finish();
  const std::string mechanism = cryptoki::MechanismName(operation.target.mechanism.type);
  for (int i = 0; i < kRulesChangesMax; ++i) {
    const Asked asked{operation.peer,
                      operation.token,
                      operation.target.key_id,
                      *operation.rules,
                      operation.key,
                      operation.rules->rules.FindSigner(operation.key.signer),
                      Attempt{operation.peer.identity, mechanism,
                              content ? content->digests : std::vector<Digest>(),
                              operation.target.grant, operation.by_secret, operation.peer.program},
                      operation.target.spend_only,
                      content ? content->recorded : std::vector<Digest>()};
    if (!content) return tl::unexpected(RecordRefusal(asked, content.error()));
    bool rules_changed = false;
    auto outcome = SpendAndSign(asked, *content, deliver, timer, rules_changed);
    if (!rules_changed) return outcome;
    auto again = Prepare(operation.peer, operation.target, operation.by_secret);
    if (!again) return tl::unexpected(again.error());
    operation.rules = std::move(again->rules);
    operation.key = std::move(again->key);
  }
  return tl::unexpected(StoreFailing(Error{Code::kConflict, "the rules keep changing", ""}));
}

tl::expected<void, gate::Refused> Signing::SpendAndSign(const Asked& asked,
                                                        const ReducedContent& content,
                                                        const Deliver& deliver, StageTimer& timer,
                                                        bool& rules_changed) {
  std::vector<Grant> grants;
  const Result<Ruling> ruling = Foresee(asked, grants);
  if (!ruling) return tl::unexpected(StoreFailing(ruling.error()));
  if (const auto* refusal = std::get_if<Refusal>(&*ruling)) {
    return tl::unexpected(RecordRefusal(asked, *refusal));
  }

  const std::string facts = Compact(asked.Facts());
  timer.Decided();
  Deliveries::Ticket ticket(deliveries_);
  Spend spend;
  failpoint::Reach(Point::kSpendBefore);
  // The token signs while the use is spent, and is waited for when that is durable.
  std::unique_ptr<StartedSignature> started;
  if (!asked.spend_only) {
    failpoint::Reach(Point::kTokenBefore);
    started = asked.token->StartSigning(asked.key_id, content.mechanism, content.data);
  }
  const std::vector<int64_t> outcomes = outcomes_.Take();
  const Status written = store_.Write(
      [&](Tables& tables) -> Status {
        GRANT_CHECK(Outcomes::Record(tables, outcomes));
        return SpendOne(tables, asked, grants, facts, ticket, spend);
      },
      [&] {
        if (!spend.use) return;
        failpoint::Reach(Point::kSpendCommitted, spend.use->id, spend.use->grant_id);
        known_grants_.CountUse(spend.use->signer, spend.use->caller, spend.use->grant_id);
      });
  timer.Spent();
  tl::expected<Bytes, TokenFailure> signature;
  if (started) {
    signature = Finish(*started);
    started.reset();
    failpoint::Reach(Point::kTokenAfter);
    timer.Signed();
  }

  const auto discard = [&signature] {
    if (signature) OPENSSL_cleanse(signature->data(), signature->size());
  };
  if (!written) {
    outcomes_.Add(outcomes);
    discard();
    return tl::unexpected(StoreFailing(written.error()));
  }
  if (!spend.use) {
    discard();
    rules_changed = spend.rules_changed;
    return tl::unexpected(ToRefused(spend.refusal.value_or(Refusal{})));
  }
  if (!signature) return tl::unexpected(RecordTokenFailure(asked, *spend.use, signature.error()));
  if (const auto withdrawn_for = ticket.BeginDelivery()) {
    discard();
    return tl::unexpected(RecordWithheld(asked, *spend.use, *withdrawn_for));
  }
  failpoint::Reach(Point::kReplyBefore, spend.use->id, spend.use->grant_id);
  deliver(*signature);
  failpoint::Reach(Point::kReplyAfter, spend.use->id, spend.use->grant_id);
  timer.Delivered();
  metrics_.Ended(spend.use->signer,
                 asked.spend_only ? UseOutcome::kDelegated : UseOutcome::kSigned);
  if (!asked.spend_only) outcomes_.Add({spend.use->id});
  return {};
}

// The grant that the use was counted on, which the store does only where that is usable: none where
// the signer needs none, and nothing where none is usable any more.
Result<std::optional<Signing::Charged>> Signing::Charge(Tables& tables, const Ruling& ruling,
                                                        Time now) {
  if (std::holds_alternative<Unrestricted>(ruling)) return std::optional<Charged>(Charged{});
  const auto* candidates = std::get_if<Candidates>(&ruling);
  for (size_t i = 0; candidates != nullptr && i < candidates->grant_ids.size(); ++i) {
    GRANT_TRY(const bool counted, tables.SpendUse(candidates->grant_ids[i], now));
    if (counted) {
      return std::optional<Charged>(Charged{candidates->grant_ids[i], candidates->digests[i]});
    }
  }
  return std::optional<Charged>();
}

// Runs within the write transaction: nothing that it checks can change before the use is spent. Of
// a grant only its count, its end and its window's place in time can have changed since it was
// read, and these are checked where it is charged.
Status Signing::SpendOne(Tables& tables, const Asked& asked, const std::vector<Grant>& known,
                         const std::string& facts, Deliveries::Ticket& ticket, Spend& spend) {
  GRANT_TRY(const int64_t rules_version, tables.CurrentRulesVersion());
  if (rules_version != asked.rules.version) {
    spend.rules_changed = true;
    return {};
  }
  const Time now = clock_();
  Ruling ruling;
  std::optional<Charged> charged;
  if (auto hindrance = Hindrance(asked)) {
    ruling = *std::move(hindrance);
  } else {
    ruling = Judge(asked, known, now);
    GRANT_TRY(charged, Charge(tables, ruling, now));
    std::vector<Grant> grants;
    if (!charged) {
      known_grants_.Forget(asked.signer->name, asked.attempt.caller.principal);
      GRANT_TRY(ruling, Rule(tables, asked, now, grants));
      GRANT_TRY(charged, Charge(tables, ruling, now));
    }
    if (!charged && !std::holds_alternative<Refusal>(ruling)) {
      ruling = Refusal{Cause::kNoGrant,
                       "every usable grant was used up at this moment",
                       "grantctl grant list",
                       {}};
    }
  }
  if (auto* refused = std::get_if<Refusal>(&ruling)) {
    spend.refusal = *refused;
    return AppendRefusal(tables, asked, *refused, now);
  }
  const std::string& grant_id = charged->grant_id;
  GRANT_TRY(const int64_t entry,
            tables.AppendAudit(
                {now, std::string(event::kSignatureSpent), asked.peer.identity.principal,
                 grant_id.empty() ? asked.signer->name : grant_id, asked.signer->name, facts}));
  Use use{entry,
          grant_id,
          asked.signer->name,
          asked.peer.identity.principal,
          now,
          asked.attempt.mechanism,
          asked.DigestOfUse(charged->digest),
          asked.peer.program,
          asked.spend_only ? UseOutcome::kDelegated : UseOutcome::kPending};
  GRANT_CHECK(tables.InsertUse(use));
  ticket.ChargeTo(grant_id);
  failpoint::Reach(Point::kSpendCounted, use.id, use.grant_id);
  spend.use = std::move(use);
  return {};
}

}  // namespace grant
