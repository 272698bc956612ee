// What people do: each call is one transaction that changes state and records it in the audit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grant/refusal.h"
#include "grantd/domain/forecast.h"
#include "grantd/domain/grant_secret.h"
#include "grantd/domain/id.h"
#include "grantd/domain/repetition.h"
#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"
#include "grantd/domain/rules_warnings.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/store.h"
#include "grantd/workflow/lookups.h"

namespace grant {

// What the workflow needs from outside.
struct Surroundings {
  std::function<Time()> now;
  std::function<IdEntropy()> entropy;
  // For grant secrets, from the kernel: nobody may foresee them.
  std::function<Result<SecretEntropy>()> secret_entropy;
  GroupLookup groups_of;
  std::vector<Principal> admins;
  std::vector<Principal> auditors;  // whoever is both is an auditor
  MembersOf members_of;             // may be slow, as may groups_of
  ZoneOf zone_of;
  // For the check of rules: as RulesLookups has them.
  CanonicalOf canonical_of = {};
  std::function<std::string(const Principal&)> nearest_to = {};
  // Whether the keys of the signers that get more than they have under the rules in force are as
  // they should be; an error names what is wrong. The answer warns of the keys of the others.
  std::function<Result<std::vector<std::string>>(const Rules& rules, const Rules& in_force)>
      check_keys;
  // Called when a revocation is durable; returns when no signature under the grant goes out any
  // more.
  std::function<void(const std::string& grant_id)> withdraw;
  // Called when a notification is durable. Where it is empty nobody is notified of anything.
  std::function<void()> announced;
  NotifyChannels channels = {};
  // Why no grant may be issued now, and nothing expires: everything that stands in the way.
  std::function<std::vector<Refusal>()> alarms = [] { return std::vector<Refusal>(); };
  // An administrator's word that what the alarms are about is right. `on_restored` is part of its
  // transaction where the counts of the database may be of the past.
  std::function<Status(const Principal& by, const std::string& reason,
                       const std::function<Status(Tables&, Time)>& on_restored)>
      acknowledge;
  // Where the audit has been, for its verification.
  std::function<std::optional<AuditHead>()> mark = [] { return std::nullopt; };
  // How many requests of one requester may be undecided at a time.
  uint32_t open_requests_max = kOpenRequestsMaxDefault;
};

// A request as it stands under the rules in force. It was read or changed at `as_of` or later. One
// that is open and overdue at that time stays undecided for good, because a decision's time is
// taken within its transaction.
struct RequestView {
  Request request;
  Progress progress;
  std::vector<std::vector<Principal>> can_approve = {};  // as WhoCanApprove() has them
  Time as_of = {};
  std::optional<HoursForecast> hours = {};  // of an open one: when its grant could be used
  std::optional<Time> usable_from = {};     // of an approved one whose grant has yet to be
};

// How a request is filed. Unless `another` is wanted, one that asks for the same and is still open
// takes the place of a new one; so does one that was filed with the same key, whatever became of
// it.
struct Filing {
  bool another = false;
  std::string idempotency_key;  // as CheckIdempotencyKey() takes it; empty: none
};

// A request, and the secret of the grant it asks for, which cannot be learnt later. Empty where
// none was asked for, or the request is an earlier one; whoever has shown it wipes it.
struct FiledRequest {
  RequestView view;
  std::string secret;
  bool existing = false;  // filed earlier
};

struct GrantView {
  Grant grant;
  std::vector<Use> uses;         // newest first; empty in lists
  std::vector<NamedFile> files;  // of its request; empty in lists
};

struct RulesChange {
  int64_t version = 0;
  std::vector<std::string> changes;
  std::vector<std::string> warnings;
  bool applied = false;
};

// One version of the rules, and what it changed in the one before.
struct RulesStep {
  int64_t version = 0;
  Principal applied_by;
  Time applied_at;
  std::vector<std::string> changes;
};

struct RulesComparison {
  int64_t from = 0;
  int64_t to = 0;
  std::vector<std::string> changes;
};

// What the caller demands of an object as it stands in the very transaction that is to change it;
// its error ends that transaction. Empty: nothing. Part of a write, so it must not be slow.
template <typename T>
using Demand = std::function<Status(const T& object, Time at)>;
// The rules in force, looked at anew: users, groups, keys and time zones may have changed since.
struct RulesHealth {
  int64_t version = 0;
  Time applied_at;
  std::optional<Error> fault;  // for which they would be refused now
  std::vector<RulesFinding> findings;
};

struct Standing {
  bool admin = false;
  bool auditor = false;
  std::vector<std::string> signers;   // that the caller may use
  std::vector<std::string> policies;  // that the caller may approve for
};

// Every method checks that the caller may do it, and is safe to call from any thread. What the
// caller may not see is kNotFound. IDs may be unique prefixes.
class Workflow {
 public:
  Workflow(Store& store, Surroundings surroundings);

  // Administrators and auditors see everything; auditors change nothing, so that whoever is named
  // as both is no administrator.
  bool IsAdmin(const Identity& caller) const;
  bool IsAuditor(const Identity& caller) const;
  bool SeesAll(const Identity& caller) const { return IsAdmin(caller) || IsAuditor(caller); }
  Status RequireAdmin(const Identity& caller) const;
  Status RequireOverseer(const Identity& caller) const;     // who sees everything
  Status RequireParticipant(const Identity& caller) const;  // anybody but an auditor
  Result<Standing> StandingOf(const Identity& caller);
  Time now() const { return surroundings_.now(); }

  // Of that version, or of the one in force; version 0 is empty.
  Result<RulesVersion> Rules(const Identity& caller, std::optional<int64_t> version = {});
  // The versions before `before` (0: all of them), newest first.
  Result<std::vector<RulesStep>> RulesHistory(const Identity& caller, int64_t before, size_t limit);
  // From the version before `to`, to the one in force, where they are not given.
  Result<RulesComparison> CompareRules(const Identity& caller, std::optional<int64_t> from,
                                       std::optional<int64_t> to);
  // By those who see everything.
  Result<RulesHealth> ExamineRules(const Identity& caller);
  // What the check of rules asks about, with the user database asked once about each group.
  RulesLookups LookupsForRules() const;
  Result<RulesChange> ApplyRules(const Identity& caller, const grant::Rules& rules, bool dry_run,
                                 const Demand<RulesVersion>& demand = {});
  // Signers and policies that the caller has to do with.
  Result<grant::Rules> VisibleRules(const Identity& caller);

  // What would become of the wish if `as` (the caller, where it is nobody) filed it now. Only those
  // who see everything may ask about others.
  Result<Forecast> TestPolicy(const Identity& caller, const Wish& wish,
                              const std::optional<Principal>& as);
  Result<FiledRequest> File(const Identity& caller, const Wish& wish, const Filing& filing = {});
  Result<RequestView> FindRequest(const Identity& caller, const std::string& id);
  // `awaiting_caller`: only those that the caller may decide on now and has not.
  Result<std::vector<RequestView>> ListRequests(const Identity& caller, RequestFilter filter,
                                                bool awaiting_caller = false);
  Result<RequestView> Approve(const Identity& caller, const std::string& id,
                              const std::string& comment, const Narrowing& narrowing = {},
                              const Demand<RequestView>& demand = {});
  Result<RequestView> Reject(const Identity& caller, const std::string& id,
                             const std::string& comment, const Demand<RequestView>& demand = {});
  Result<RequestView> Cancel(const Identity& caller, const std::string& id,
                             const std::string& comment, const Demand<RequestView>& demand = {});
  Result<RequestView> AddComment(const Identity& caller, const std::string& id,
                                 const std::string& text);
  // Expires what is overdue; returns how many.
  Result<size_t> ExpireOverdue();
  // Issues the grants of open requests whose steps have all become complete without an approval,
  // because somebody who had lost eligibility has it again; returns how many. It looks every
  // quarter of a minute, however often it is called. For one thread.
  Result<size_t> CompleteDue();

  Result<GrantView> FindGrant(const Identity& caller, const std::string& id);
  Result<std::vector<GrantView>> ListGrants(const Identity& caller, GrantFilter filter,
                                            std::optional<GrantStatus> status);
  Result<GrantView> Revoke(const Identity& caller, const std::string& id, const std::string& reason,
                           const Demand<GrantView>& demand = {});
  // By the holder alone.
  Result<GrantView> Release(const Identity& caller, const std::string& id,
                            const std::string& reason, const Demand<GrantView>& demand = {});

  Result<std::vector<AuditEntry>> Audit(const Identity& caller, const AuditFilter& filter);
  // The whole chain, its end against the mark, and the counts of grants.
  Result<ChainReport> VerifyAudit(const Identity& caller);
  Result<std::vector<Refusal>> Alarms(const Identity& caller);
  bool HasAlarm() const { return !surroundings_.alarms().empty(); }
  // After an older database took the place of the one that was: ends all grants with uses left, and
  // all open requests.
  Status AcknowledgeAlarms(const Identity& caller, const std::string& reason);
  // The caller's latest refusals; or, with an ID or an entry's number, what the audit holds about
  // it.
  Result<std::vector<AuditEntry>> Explain(const Identity& caller, const std::string& id);

 private:
  Status CheckMayGrant() const;
  // Part of the transaction that acknowledges an older database.
  Status EndAllUnended(Tables& tables, const Identity& caller, Time at);
  using Transition =
      std::function<Result<Approval>(Request, const grant::Rules&, Time, const GroupsOf&)>;
  using GrantEnd = std::function<Result<Grant>(Grant, Time)>;
  // Part of a transaction: fills `filed` with a new request, or with an earlier one.
  Status FileNew(Tables& tables, const grant::Rules& rules, const Identity& caller,
                 const Wish& wish, const Filing& filing, Time at, FiledRequest& filed);
  // Part of that transaction: approves a machine's request that needs nobody's approval.
  Status GrantAtOnce(Tables& tables, Time at, Request& request);
  // Stores an approval by grantd itself, and its grant. Part of a transaction.
  Status StoreApproval(Tables& tables, const Approval& approval, const std::string& detail,
                       Time at);
  Status CompleteOne(const std::string& id, const KnownGroups& groups, bool& completed);

  // A request as the caller finds it. The user database may be slow, a snapshot must not get old,
  // and a write holds up every signature: so the groups of those who have decided are looked up
  // after the one and before the other.
  struct Seen {
    Request request;
    grant::Rules rules;
    KnownGroups groups;
  };
  Result<Seen> LookAt(const Identity& caller, const std::string& id);
  Result<Request> VisibleRequest(Tables& tables, const grant::Rules& rules, const Identity& caller,
                                 const std::string& id) const;
  RequestView ViewOf(Request request, const grant::Rules& rules, Time at,
                     const GroupsOf& groups) const;
  // One transaction: finds the request, lets `transition` change it, stores and records the
  // outcome.
  Result<RequestView> Decide(const Identity& caller, const std::string& id,
                             const std::string& comment, const Demand<RequestView>& demand,
                             const Transition& transition);
  // `overtaken`: nothing was changed, because somebody else decided meanwhile.
  Result<RequestView> DecideOnce(const Identity& caller, const std::string& id,
                                 const std::string& comment, const Demand<RequestView>& demand,
                                 const Transition& transition, bool& overtaken);
  // Puts a notification into the outbox: for the approvers of a step if the policy wants them
  // notified, or for the requester. Part of the transaction that changes the request.
  Status AnnounceStep(Tables& tables, std::string_view event, const Request& request, size_t step,
                      const Principal& actor, Time at);
  Status AnnounceOutcome(Tables& tables, std::string_view event, const std::string& request_id,
                         const Principal& actor, Time at);
  Status Announce(Tables& tables, Notification notification);
  // After that transaction.
  void WakeNotifier();
  // One transaction: lets `end` end the grant, stores and records that. Returns when no signature
  // under it is delivered any more.
  Result<GrantView> EndGrant(const Identity& caller, const std::string& id, std::string_view event,
                             const Demand<GrantView>& demand, const GrantEnd& end);
  Result<Grant> VisibleGrant(Tables& tables, const Identity& caller, const std::string& id);
  // Whether an entry tells of something that this very user did or was refused.
  bool IsOwn(Tables& tables, const Identity& caller, const AuditEvent& entry);

  Store& store_;
  Surroundings surroundings_;
  Time completed_at_;
};

}  // namespace grant
