#include "grantd/workflow/workflow.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "grantd/workflow/visibility.h"

namespace grant {
namespace {

constexpr size_t kExplainedMax = 50;

Result<std::optional<AuditEntry>> EntryByNumber(Tables& tables, const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1) {
    return std::optional<AuditEntry>();
  }
  GRANT_TRY(const auto entries, tables.AuditFrom(number, 1));
  if (entries.empty() || entries.front().number != number) return std::optional<AuditEntry>();
  return std::optional<AuditEntry>(entries.front());
}

// The caller's latest refusals of whatever kind, newest first.
Result<std::vector<AuditEntry>> RefusalsOf(Tables& tables, const Principal& caller) {
  std::vector<AuditEntry> entries;
  for (const std::string_view refused :
       {event::kSignatureRefused, event::kLoginRefused, event::kLoginLocked}) {
    AuditFilter filter;
    filter.event = std::string(refused);
    filter.actor = caller;
    filter.limit = kExplainedMax;
    GRANT_TRY(auto some, tables.ListAudit(filter));
    std::move(some.begin(), some.end(), std::back_inserter(entries));
  }
  std::sort(entries.begin(), entries.end(),
            [](const AuditEntry& a, const AuditEntry& b) { return a.number > b.number; });
  if (entries.size() > kExplainedMax) entries.resize(kExplainedMax);
  return entries;
}

}  // namespace

Workflow::Workflow(Store& store, Surroundings surroundings)
    : store_(store), surroundings_(std::move(surroundings)) {}

bool Workflow::IsAuditor(const Identity& caller) const {
  return caller.IsAny(surroundings_.auditors);
}

bool Workflow::IsAdmin(const Identity& caller) const {
  return !IsAuditor(caller) && caller.IsAny(surroundings_.admins);
}

Status Workflow::RequireAdmin(const Identity& caller) const {
  if (IsAdmin(caller)) return {};
  return Fail(Code::kForbidden, caller.principal.text() + " is not an administrator",
              "administrators are named by admins in grantd.toml");
}

Status Workflow::RequireOverseer(const Identity& caller) const {
  if (SeesAll(caller)) return {};
  return Fail(Code::kForbidden,
              caller.principal.text() + " is neither an administrator nor an auditor",
              "they are named by admins and auditors in grantd.toml");
}

Status Workflow::RequireParticipant(const Identity& caller) const {
  if (!IsAuditor(caller)) return {};
  return Fail(Code::kForbidden,
              caller.principal.text() + " is an auditor, and auditors change nothing",
              "auditors are named by auditors in grantd.toml");
}

Result<Standing> Workflow::StandingOf(const Identity& caller) {
  Standing standing{IsAdmin(caller), IsAuditor(caller), {}, {}};
  if (standing.auditor) return standing;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const RulesVersion current, tables.CurrentRules());
    for (const Signer& signer : current.rules.signers) {
      if (current.rules.MayRequest(signer, caller)) standing.signers.push_back(signer.name);
    }
    for (const Policy& policy : current.rules.policies) {
      if (ApprovesFor(policy, current.rules, caller)) standing.policies.push_back(policy.name);
    }
    return {};
  }));
  return standing;
}

Result<std::vector<AuditEntry>> Workflow::Audit(const Identity& caller, const AuditFilter& filter) {
  GRANT_CHECK(RequireOverseer(caller));
  std::vector<AuditEntry> entries;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(entries, tables.ListAudit(filter));
    return {};
  }));
  return entries;
}

Result<ChainReport> Workflow::VerifyAudit(const Identity& caller) {
  GRANT_CHECK(RequireOverseer(caller));
  // Before the snapshot is taken, which then is at least as new.
  const std::optional<AuditHead> mark = surroundings_.mark();
  ChainReport report;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(report, VerifyChain(tables));
    if (!report.fault && mark) {
      GRANT_TRY(report.fault, FaultAgainstMark(tables, *mark));
    }
    if (!report.fault) {
      GRANT_TRY(report.fault, tables.CountFault());
    }
    return {};
  }));
  if (report.fault) return report;
  for (const Refusal& alarm : surroundings_.alarms()) {
    if (alarm.cause == Cause::kDatabaseRestored) report.fault = alarm.message;
  }
  return report;
}

Result<std::vector<Refusal>> Workflow::Alarms(const Identity& caller) {
  GRANT_CHECK(RequireOverseer(caller));
  return surroundings_.alarms();
}

Status Workflow::CheckMayGrant() const {
  const std::vector<Refusal> alarms = surroundings_.alarms();
  if (alarms.empty()) return {};
  return Fail(Code::kUnavailable, "no grant is issued: " + alarms.front().message,
              alarms.front().hint);
}

Result<std::vector<AuditEntry>> Workflow::Explain(const Identity& caller, const std::string& id) {
  AuditFilter filter;
  filter.limit = kExplainedMax;
  if (id.starts_with(kGrantPrefix)) {
    GRANT_TRY(const GrantView view, FindGrant(caller, id));
    filter.subject = view.grant.id;
  } else if (id.starts_with(kRequestPrefix)) {
    GRANT_TRY(const RequestView view, FindRequest(caller, id));
    filter.subject = view.request.id;
  }
  std::vector<AuditEntry> entries;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    if (id.empty()) {
      GRANT_TRY(entries, RefusalsOf(tables, caller.principal));
      return {};
    }
    if (filter.subject) {
      GRANT_TRY(entries, tables.ListAudit(filter));
      return {};
    }
    GRANT_TRY(const auto entry, EntryByNumber(tables, id));
    if (!entry || (!SeesAll(caller) && entry->event.actor != caller.principal)) {
      return Fail(Code::kNotFound, "there is nothing to explain about '" + id.substr(0, 64) + "'",
                  "give a request, a grant or the number of an audit entry");
    }
    entries.push_back(*entry);
    return {};
  }));
  return entries;
}

}  // namespace grant
