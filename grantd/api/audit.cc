// The audit: the whole of it for administrators, for others what concerns them.
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"

namespace grant::api {
namespace {

HttpResponse EntriesPage(const Call& call, const std::vector<AuditEntry>& entries, size_t limit) {
  return PageOf(
      call, entries.size(), limit, [&](size_t i) { return EntryJson(entries[i]); },
      [&](size_t i) { return std::to_string(entries[i].number); });
}

}  // namespace

Result<HttpResponse> ListAudit(const Services& services, const Call& call) {
  AuditFilter filter;
  GRANT_TRY(const size_t limit, ReadLimit(call));
  filter.limit = limit + 1;
  GRANT_TRY(filter.event, ReadQuery(call, "event"));
  GRANT_TRY(filter.subject, ReadQuery(call, "subject"));
  GRANT_TRY(filter.signer, ReadQuery(call, "signer"));
  GRANT_TRY(filter.actor, ReadPrincipal(call, "actor"));
  GRANT_TRY(filter.before, ReadNumericCursor(call));
  GRANT_TRY(const auto entries, services.workflow.Audit(call.caller(), filter));
  return EntriesPage(call, entries, limit);
}

Result<HttpResponse> VerifyAudit(const Services& services, const Call& call) {
  GRANT_TRY(const ChainReport report, services.workflow.VerifyAudit(call.caller()));
  return Answer({{"entries", report.entries},
                 {"last_hash", report.last_hash},
                 {"intact", !report.fault.has_value()},
                 {"fault", report.fault ? Json(*report.fault) : Json()}});
}

Result<HttpResponse> AcknowledgeAlarms(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"reason"}));
  GRANT_TRY(const std::string reason, reader.Text("reason"));
  GRANT_CHECK(services.workflow.AcknowledgeAlarms(call.caller(), reason));
  return Answer({{"acknowledged", true}});
}

// Without an ID: the caller's own refusals.
Result<HttpResponse> Explain(const Services& services, const Call& call) {
  GRANT_TRY(const auto entries, services.workflow.Explain(call.caller(), call.name));
  return EntriesPage(call, entries, kPageItemsMax);
}

}  // namespace grant::api
