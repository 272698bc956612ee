// What people do: each call is one transaction that changes state and records it in the audit.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/grant_secret.h"
#include "grantd/domain/id.h"
#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/store.h"

namespace grant {

// What the workflow needs from outside.
struct Surroundings {
  std::function<Time()> now;
  std::function<IdEntropy()> entropy;
  // For grant secrets, from the kernel: nobody may foresee them.
  std::function<Result<SecretEntropy>()> secret_entropy;
  GroupsOf groups_of;
  std::vector<Principal> admins;
  // Whether the signers' keys are on the tokens that grantd serves; an error names what is wrong.
  std::function<Status(const Rules&)> check_keys;
  // Called when a revocation is durable; returns when no signature under the grant goes out any
  // more.
  std::function<void(const std::string& grant_id)> withdraw;
};

// A request together with how far it has come under the rules in force.
struct RequestView {
  Request request;
  Progress progress;
};

// A new request, and the secret of the grant it asks for, which cannot be learnt later. Empty where
// none was asked for; whoever has shown it wipes it.
struct FiledRequest {
  RequestView view;
  std::string secret;
};

struct GrantView {
  Grant grant;
  std::vector<Use> uses;  // newest first; empty in lists
};

struct RulesChange {
  int64_t version = 0;
  std::vector<std::string> changes;
  bool applied = false;
};

struct Standing {
  bool admin = false;
  std::vector<std::string> signers;   // that the caller may use
  std::vector<std::string> policies;  // that the caller may approve for
};

// Every method checks that the caller may do it, and is safe to call from any thread. What the
// caller may not see is kNotFound. IDs may be unique prefixes.
class Workflow {
 public:
  Workflow(Store& store, Surroundings surroundings);

  bool IsAdmin(const Identity& caller) const;
  Result<Standing> StandingOf(const Identity& caller);
  Time now() const { return surroundings_.now(); }

  Result<RulesVersion> Rules(const Identity& caller);
  // `expected_version` below 0 means any.
  Result<RulesChange> ApplyRules(const Identity& caller, const grant::Rules& rules,
                                 int64_t expected_version, bool dry_run);
  // Signers and policies that the caller has to do with.
  Result<grant::Rules> VisibleRules(const Identity& caller);

  Result<FiledRequest> File(const Identity& caller, const Wish& wish);
  Result<RequestView> FindRequest(const Identity& caller, const std::string& id);
  Result<std::vector<RequestView>> ListRequests(const Identity& caller, RequestFilter filter);
  Result<RequestView> Approve(const Identity& caller, const std::string& id,
                              const std::string& comment);
  Result<RequestView> Reject(const Identity& caller, const std::string& id,
                             const std::string& comment);
  Result<RequestView> Cancel(const Identity& caller, const std::string& id,
                             const std::string& comment);
  Result<RequestView> AddComment(const Identity& caller, const std::string& id,
                                 const std::string& text);
  // Expires what is overdue; returns how many.
  Result<size_t> ExpireOverdue();

  Result<GrantView> FindGrant(const Identity& caller, const std::string& id);
  Result<std::vector<GrantView>> ListGrants(const Identity& caller, GrantFilter filter,
                                            std::optional<GrantStatus> status);
  Result<GrantView> Revoke(const Identity& caller, const std::string& id,
                           const std::string& reason);

  Result<std::vector<AuditEntry>> Audit(const Identity& caller, const AuditFilter& filter);
  Result<ChainReport> VerifyAudit(const Identity& caller);
  // The caller's latest refusals; or, with an ID or an entry's number, what the audit holds about
  // it.
  Result<std::vector<AuditEntry>> Explain(const Identity& caller, const std::string& id);

 private:
  using Transition =
      std::function<Result<Approval>(Request, const grant::Rules&, Time, const GroupsOf&)>;
  Status RequireAdmin(const Identity& caller) const;
  // The user database may be slow, and a write holds up every signature: so the groups of those who
  // have decided are looked up before it.
  Result<std::map<Principal, std::vector<Principal>>> GroupsOfDeciders(const std::string& id);
  // One transaction: finds the request, lets `transition` change it, stores and records the
  // outcome.
  Result<RequestView> Decide(const Identity& caller, const std::string& id,
                             const std::string& comment, const Transition& transition);
  Result<Grant> VisibleGrant(Tables& tables, const Identity& caller, const std::string& id);

  Store& store_;
  Surroundings surroundings_;
};

}  // namespace grant
