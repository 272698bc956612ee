#include "grantd/workflow/workflow.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

#include "grantd/workflow/visibility.h"

namespace grant {
namespace {

constexpr size_t kExplainedMax = 50;
// Of one name and kind, among which the refusals of earlier users of the name are passed over.
constexpr size_t kRefusalsLookedAtMax = 1000;

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

// The number of the Unix user who was refused, which the gate writes down beside the name.
std::optional<uint32_t> NumberIn(const AuditEvent& event) {
  const auto detail = nlohmann::json::parse(event.detail, nullptr, false);
  if (!detail.is_object()) return std::nullopt;
  const auto number = detail.find("uid");
  if (number == detail.end() || !number->is_number_unsigned()) return std::nullopt;
  return number->get<uint32_t>();
}

// The caller's latest refusals of whatever kind, newest first.
Result<std::vector<AuditEntry>> RefusalsOf(Tables& tables, const Identity& caller) {
  std::vector<AuditEntry> entries;
  for (const std::string_view refused :
       {event::kSignatureRefused, event::kLoginRefused, event::kLoginLocked}) {
    AuditFilter filter;
    filter.event = std::string(refused);
    filter.actor = caller.principal;
    filter.limit = kRefusalsLookedAtMax;
    GRANT_TRY(auto some, tables.ListAudit(filter));
    std::copy_if(std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()),
                 std::back_inserter(entries), [&](const AuditEntry& entry) {
                   return caller.IsRecordedAs(entry.event.actor, NumberIn(entry.event));
                 });
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

bool Workflow::IsOwn(Tables& tables, const Identity& caller, const AuditEvent& entry) {
  const auto number = NumberIn(entry);
  if (!caller.IsRecordedAs(entry.actor, number)) return false;
  if (number) return true;
  // By the name alone it could be another user's. What it is about knows whose it is.
  if (entry.subject.starts_with(kRequestPrefix)) {
    const auto rules = tables.CurrentRules();
    return rules && VisibleRequest(tables, rules->rules, caller, entry.subject);
  }
  return !entry.subject.starts_with(kGrantPrefix) ||
         VisibleGrant(tables, caller, entry.subject).has_value();
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
      GRANT_TRY(entries, RefusalsOf(tables, caller));
      return {};
    }
    if (filter.subject) {
      GRANT_TRY(entries, tables.ListAudit(filter));
      return {};
    }
    GRANT_TRY(const auto entry, EntryByNumber(tables, id));
    if (!entry || !(SeesAll(caller) || IsOwn(tables, caller, entry->event))) {
      return Fail(Code::kNotFound, "there is nothing to explain about '" + id.substr(0, 64) + "'",
                  "give a request, a grant or the number of an audit entry");
    }
    entries.push_back(*entry);
    return {};
  }));
  return entries;
}

}  // namespace grant
