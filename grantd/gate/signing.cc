#include "grantd/gate/signing.h"

#include <openssl/crypto.h>

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "grant/cryptoki/names.h"
#include "grant/wipe.h"
#include "grantd/domain/id.h"
#include "grantd/failpoint.h"
#include "grantd/gate/refused.h"

namespace grant {
namespace {

using failpoint::Point;

constexpr int kRulesChangesMax = 8;

std::string Compact(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Never throws: the caller has a write under way that refers to its own variables.
tl::expected<Bytes, TokenFailure> SignOnToken(Token& token, uint64_t key_id,
                                              const ReducedContent& content) noexcept {
  try {
    return token.Sign(key_id, content.mechanism, content.data);
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
  std::shared_ptr<const RulesVersion> rules;
  const Status read = store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(rules, rules_.Get(tables));
    return {};
  });
  if (!read) return tl::unexpected(StoreFailing(read.error()));
  auto key = keys_.FindKey(*token, target.key_id, *rules);
  if (!key) return tl::unexpected(TokenUnavailable(key.error()));
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
    const Status ruled = store_.Read([&](Tables& tables) -> Status {
      GRANT_TRY(Ruling ruling, Rule(tables, asked, clock_()));
      if (auto* refusal = std::get_if<Refusal>(&ruling)) content->Reject(std::move(*refusal));
      return {};
    });
    if (!ruled) return tl::unexpected(StoreFailing(ruled.error()));
  }
  SigningOperation operation{peer,  target,           by_secret,          std::move(rules),
                             token, **std::move(key), *std::move(content)};
  Wipe(operation.target.secret);
  return operation;
}

// Who may sign what under the rules at hand. The same question is asked twice: before anything
// happens, and again within the transaction that spends the use.
Result<Ruling> Signing::Rule(Tables& tables, const Asked& asked, Time now) {
  if (alarm_) {
    if (auto refusal = alarm_()) return Ruling(*std::move(refusal));
  }
  if (asked.signer == nullptr) {
    return Ruling(Refusal{Cause::kNotGoverned,
                          "no signer names the key '" + asked.key.label + "' of token " +
                              asked.token->settings().name + ", so nobody may sign with it",
                          "an administrator adds a [[signer]] for it: grantctl apply -f rules.toml",
                          {}});
  }
  if (!asked.key.fault.empty()) {
    return Ruling(Refusal{Cause::kNotGoverned,
                          asked.key.fault,
                          "an administrator corrects the rules: grantctl apply -f rules.toml",
                          {}});
  }
  std::vector<Grant> grants;
  if (const auto& by_secret = asked.attempt.by_secret) {
    GRANT_TRY(auto named, tables.FindGrant(by_secret->grant_id));
    if (named) grants.push_back(*std::move(named));
    return Decide(asked.attempt, *asked.signer, asked.rules.rules, grants, now, site_);
  }
  // Where one is usable, the others are not asked for: they only say why none is.
  GRANT_TRY(grants, tables.UsableGrants(asked.signer->name, asked.attempt.caller.principal, now));
  Ruling ruling = Decide(asked.attempt, *asked.signer, asked.rules.rules, grants, now, site_);
  if (!std::holds_alternative<Refusal>(ruling)) return ruling;
  GRANT_TRY(grants,
            tables.GrantsForAttempt(asked.signer->name, asked.attempt.caller.principal, now));
  if (!asked.attempt.selected_grant.empty()) {
    GRANT_TRY(auto selected, tables.FindGrant(asked.attempt.selected_grant));
    if (selected) grants.push_back(*std::move(selected));
  }
  return Decide(asked.attempt, *asked.signer, asked.rules.rules, grants, now, site_);
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
  std::optional<Refusal> refusal;
  const Status ruled = store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(Ruling ruling, Rule(tables, asked, clock_()));
    if (auto* refused = std::get_if<Refusal>(&ruling)) refusal = std::move(*refused);
    return {};
  });
  if (!ruled) return tl::unexpected(StoreFailing(ruled.error()));
  if (refusal) return tl::unexpected(RecordRefusal(asked, *refusal));

  const std::string facts = Compact(asked.Facts());
  timer.Decided();
  Deliveries::Ticket ticket(deliveries_);
  Spend spend;
  const std::vector<int64_t> outcomes = outcomes_.Take();
  auto spent = std::make_shared<std::promise<Status>>();
  failpoint::Reach(Point::kSpendBefore);
  store_.WriteAsync(
      [&](Tables& tables) -> Status {
        GRANT_CHECK(Outcomes::Record(tables, outcomes));
        return SpendOne(tables, asked, facts, ticket, spend);
      },
      [spent, &spend, &timer](Status status) {
        if (status && spend.use) {
          failpoint::Reach(Point::kSpendCommitted, spend.use->id, spend.use->grant_id);
        }
        if (status) timer.Spent();
        spent->set_value(std::move(status));
      });
  tl::expected<Bytes, TokenFailure> signature;
  if (!asked.spend_only) {
    failpoint::Reach(Point::kTokenBefore);
    signature = timer.OnToken([&] { return SignOnToken(*asked.token, asked.key_id, content); });
    failpoint::Reach(Point::kTokenAfter);
  }
  const Status written = spent->get_future().get();
  timer.Released();

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
  if (!ticket.BeginDelivery()) {
    discard();
    return tl::unexpected(RecordWithheld(asked, *spend.use));
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

// Runs within the write transaction: nothing that it checks can change before the use is spent.
Status Signing::SpendOne(Tables& tables, const Asked& asked, const std::string& facts,
                         Deliveries::Ticket& ticket, Spend& spend) {
  GRANT_TRY(const int64_t rules_version, tables.CurrentRulesVersion());
  if (rules_version != asked.rules.version) {
    spend.rules_changed = true;
    return {};
  }
  const Time now = clock_();
  GRANT_TRY(Ruling ruling, Rule(tables, asked, now));
  std::string grant_id;
  std::string named_digest;
  if (auto* candidates = std::get_if<Candidates>(&ruling)) {
    for (size_t i = 0; i < candidates->grant_ids.size() && grant_id.empty(); ++i) {
      GRANT_TRY(const bool counted, tables.SpendUse(candidates->grant_ids[i], now));
      if (!counted) continue;
      grant_id = candidates->grant_ids[i];
      named_digest = candidates->digests[i];
    }
    if (grant_id.empty()) {
      ruling = Refusal{Cause::kNoGrant,
                       "every usable grant was used up at this moment",
                       "grantctl grant list",
                       {}};
    }
  }
  if (auto* refused = std::get_if<Refusal>(&ruling)) {
    spend.refusal = *refused;
    GRANT_CHECK(tables.AppendAudit(RefusalEvent(*refused, asked.peer.identity.principal,
                                                asked.signer ? asked.signer->name : "", now,
                                                asked.Facts())));
    return {};
  }
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
          asked.DigestOfUse(named_digest),
          asked.peer.program,
          asked.spend_only ? UseOutcome::kDelegated : UseOutcome::kPending};
  GRANT_CHECK(tables.InsertUse(use));
  ticket.ChargeTo(grant_id);
  failpoint::Reach(Point::kSpendCounted, use.id, use.grant_id);
  spend.use = std::move(use);
  return {};
}

gate::Refused Signing::RecordRefusal(const Asked& asked, const Refusal& refusal) {
  const auto omitted = refusal_limit_.Admit(asked.peer.uid, clock_());
  if (!omitted) return ToRefused(refusal);
  nlohmann::json facts = asked.Facts();
  if (*omitted > 0) facts["omitted"] = *omitted;
  const Status written = store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(
        tables.AppendAudit(RefusalEvent(refusal, asked.peer.identity.principal,
                                        asked.signer ? asked.signer->name : "", clock_(), facts)));
    return {};
  });
  return written ? ToRefused(refusal) : StoreFailing(written.error());
}

gate::Refused Signing::RecordTokenFailure(const Asked& asked, const Use& use,
                                          const TokenFailure& failure) {
  failpoint::Reach(Point::kTokenFailed, use.id, use.grant_id);
  const UseOutcome outcome = failure.answered ? UseOutcome::kReturned : UseOutcome::kUnsettled;
  metrics_.Ended(use.signer, outcome);
  if (failure.answered) returned_limit_.Admit(asked.peer.uid, clock_());
  const std::string what = Describe(failure);
  const Status written = store_.Write([&](Tables& tables) -> Status {
    nlohmann::json detail = asked.Facts();
    detail["use"] = use.id;
    detail["message"] = what;
    const auto event = failure.answered ? event::kSignatureReturned : event::kSignatureUnsettled;
    if (failure.answered && !use.grant_id.empty()) GRANT_CHECK(tables.ReturnUse(use.grant_id));
    GRANT_CHECK(tables.SettleUse(use.id, outcome));
    GRANT_CHECK(tables.AppendAudit({clock_(), std::string(event), asked.peer.identity.principal,
                                    use.grant_id.empty() ? use.signer : use.grant_id, use.signer,
                                    Compact(detail)}));
    return {};
  });
  if (!written) return StoreFailing(written.error());
  return FromToken(failure, what);
}

gate::Refused Signing::RecordWithheld(const Asked& asked, const Use& use) {
  failpoint::Reach(Point::kWithhold, use.id, use.grant_id);
  const Refusal refusal{Cause::kRevoked,
                        "grant " + use.grant_id + " was revoked while " +
                            (asked.spend_only ? "the use was spent, so it was withheld"
                                              : "the signature was made, so it was destroyed"),
                        "grantctl grant show " + use.grant_id, use.grant_id};
  metrics_.Ended(use.signer, UseOutcome::kWithheld);
  const Status written = store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.WithholdUse(use.id));
    nlohmann::json detail = asked.Facts();
    detail["use"] = use.id;
    GRANT_CHECK(tables.AppendAudit(RefusalEvent(refusal, asked.peer.identity.principal, use.signer,
                                                clock_(), std::move(detail))));
    return {};
  });
  return written ? ToRefused(refusal) : StoreFailing(written.error());
}

}  // namespace grant
