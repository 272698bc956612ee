// The way of one signature: decide, spend durably while the token signs, deliver only when both are
// done.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grant/gate/protocol.h"
#include "grantd/domain/decide.h"
#include "grantd/gate/content.h"
#include "grantd/gate/deliveries.h"
#include "grantd/gate/key_directory.h"
#include "grantd/gate/known_grants.h"
#include "grantd/gate/logins.h"
#include "grantd/gate/outcomes.h"
#include "grantd/gate/refusal_limit.h"
#include "grantd/gate/rules_in_force.h"
#include "grantd/gate/signing_metrics.h"
#include "grantd/net/unix_socket.h"
#include "grantd/store/store.h"

namespace grant {

// A signature that has begun: who asks, with which key under which rules, and what for.
struct SigningOperation {
  Peer peer;
  gate::SignTarget target;  // without its secret
  std::optional<BySecret> by_secret;
  std::shared_ptr<const RulesVersion> rules;
  Token* token = nullptr;
  GovernedKey key;
  Content content;
  std::chrono::nanoseconds deciding{};  // how long it took to begin
};

// Any thread may call these.
class Signing {
 public:
  using Clock = std::function<Time()>;
  // Hands a signature to the client, or the word that it may make one itself: then `signature` is
  // empty. Whatever becomes of it, the use stays spent.
  using Deliver = std::function<void(const Bytes& signature)>;
  // Why nothing at all may be signed now.
  using Alarm = std::function<std::optional<Refusal>()>;

  Signing(Store& store, KeyDirectory& keys, Logins& logins, Clock clock, Site site,
          Alarm alarm = nullptr);

  tl::expected<SigningOperation, gate::Refused> Begin(const Peer& peer,
                                                      const gate::SignTarget& target);

  // Signs what the operation's content holds. Either `deliver` was called once, or nothing left
  // grantd and the refusal says why. It is in the audit, unless the store fails, the key is gone,
  // or there were too many of this user (see RefusalLimit).
  tl::expected<void, gate::Refused> Complete(SigningOperation operation, const Deliver& deliver);

  // From here on no signature under the grant is delivered. To be called when its revocation is
  // durable.
  void Withdraw(const std::string& grant_id) { deliveries_.Withdraw(grant_id); }
  // The same for every signature under way. To be called while the alarm stands.
  void WithdrawAll() { deliveries_.WithdrawAll(); }
  // For those who sign something else, so that it is withdrawn with the rest.
  Deliveries& deliveries() { return deliveries_; }

  // Records the outcome of signatures that were delivered since the last call or spend. They share
  // the next spend's commit, so that a signature costs one; this is for when there is no next one.
  Status FlushOutcomes() { return outcomes_.Flush(); }

  // Explains in the audit the uses whose outcome an earlier run did not record. Returns how many.
  Result<size_t> RecoverUnsettled() { return outcomes_.RecoverUnsettled(); }

  SigningMetrics& metrics() { return metrics_; }

 private:
  struct Asked;    // an attempt in the form that rules and audit speak of
  struct Charged;  // what a use was counted on
  struct Spend;    // what became of it in the store

  tl::expected<SigningOperation, gate::Refused> Prepare(const Peer& peer,
                                                        const gate::SignTarget& target,
                                                        const std::optional<BySecret>& by_secret);
  std::optional<Refusal> Hindrance(const Asked& asked);
  Ruling Judge(const Asked& asked, const std::vector<Grant>& grants, Time now) const;
  Result<Ruling> Rule(Tables& tables, const Asked& asked, Time now,
                      std::vector<Grant>& grants) const;
  Result<Ruling> Foresee(const Asked& asked, std::vector<Grant>& grants);
  static Result<std::optional<Charged>> Charge(Tables& tables, const Ruling& ruling, Time now);
  Status SpendOne(Tables& tables, const Asked& asked, const std::vector<Grant>& known,
                  const std::string& facts, Deliveries::Ticket& ticket, Spend& spend);
  tl::expected<void, gate::Refused> SpendAndSign(const Asked& asked, const ReducedContent& content,
                                                 const Deliver& deliver, StageTimer& timer,
                                                 bool& rules_changed);
  Status AppendRefusal(Tables& tables, const Asked& asked, const Refusal& refusal, Time now);
  gate::Refused RecordRefusal(const Asked& asked, const Refusal& refusal);
  gate::Refused RecordTokenFailure(const Asked& asked, const Use& use, const TokenFailure& failure);
  gate::Refused RecordWithheld(const Asked& asked, const Use& use, Cause cause);
  gate::Refused RecordUnreadable(const Peer& peer, const gate::SignTarget& target,
                                 const Error& error);

  Store& store_;
  KeyDirectory& keys_;
  Logins& logins_;
  Clock clock_;
  Outcomes outcomes_;
  const Site site_;
  SigningMetrics metrics_;
  const Alarm alarm_;
  RulesInForce rules_;
  KnownGrants known_grants_;
  Deliveries deliveries_;
  RefusalLimit refusal_limit_;
  RefusalLimit returned_limit_;  // uses given back: each is spent and returned on the disk
};

}  // namespace grant
