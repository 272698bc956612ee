// What the audit says of attempts that gave no signature.
#include <utility>

#include "grant/cryptoki/names.h"
#include "grantd/domain/seal.h"
#include "grantd/failpoint.h"
#include "grantd/gate/refused.h"
#include "grantd/gate/signing_attempt.h"

namespace grant {
namespace {

using failpoint::Point;

}  // namespace

namespace {

Status Append(Tables& tables, const Refusal& refusal, const Principal& caller, const Signer* signer,
              Time now, nlohmann::json facts, uint64_t omitted) {
  if (omitted > 0) facts["omitted"] = omitted;
  GRANT_CHECK(tables.AppendAudit(
      RefusalEvent(refusal, caller, signer ? signer->name : "", now, std::move(facts))));
  return {};
}

}  // namespace

// Within the transaction that finds that nothing can be spent.
Status Signing::AppendRefusal(Tables& tables, const Asked& asked, const Refusal& refusal,
                              Time now) {
  const auto omitted = refusal_limit_.Admit(asked.peer.uid, now);
  if (!omitted) return {};
  return Append(tables, refusal, asked.peer.identity.principal, asked.signer, now, asked.Facts(),
                *omitted);
}

gate::Refused Signing::RecordRefusal(const Asked& asked, const Refusal& refusal) {
  const auto omitted = refusal_limit_.Admit(asked.peer.uid, clock_());
  if (!omitted) return ToRefused(refusal);
  const Status written = store_.Write([&](Tables& tables) {
    return Append(tables, refusal, asked.peer.identity.principal, asked.signer, clock_(),
                  asked.Facts(), *omitted);
  });
  return written ? ToRefused(refusal) : StoreFailing(written.error());
}

// While grantd is sealed no key can be looked at, so the entry says less of what was asked for.
gate::Refused Signing::RecordUnreadable(const Peer& peer, const gate::SignTarget& target,
                                        const Error& error) {
  const auto alarm = alarm_ ? alarm_() : std::nullopt;
  if (!alarm || alarm->cause != Cause::kSealed) return TokenUnavailable(error);
  if (!refusal_limit_.Admit(peer.uid, clock_())) return ToRefused(*alarm);
  nlohmann::json facts = {{"mechanism", cryptoki::MechanismName(target.mechanism.type)},
                          {"token", target.token},
                          {"uid", peer.uid},
                          {"pid", peer.pid},
                          {"program", peer.program}};
  const Status written = store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(
        RefusalEvent(*alarm, peer.identity.principal, "", clock_(), std::move(facts))));
    return {};
  });
  return written ? ToRefused(*alarm) : StoreFailing(written.error());
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

gate::Refused Signing::RecordWithheld(const Asked& asked, const Use& use, Cause cause) {
  failpoint::Reach(Point::kWithhold, use.id, use.grant_id);
  const std::string then = asked.spend_only ? " while the use was spent, so it was withheld"
                                            : " while the signature was made, so it was destroyed";
  const Refusal refusal =
      cause == Cause::kSealed
          ? Refusal{cause, "grantd was sealed" + then, kSealedHint, use.grant_id}
          : Refusal{cause, "grant " + use.grant_id + " was revoked" + then,
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
