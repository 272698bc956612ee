// What the workflow puts into the outbox of notifications.
#include "grantd/domain/id.h"
#include "grantd/workflow/workflow.h"

namespace grant {

Status Workflow::AnnounceStep(Tables& tables, std::string_view event, const Request& request,
                              size_t step, const Principal& actor, Time at) {
  if (!request.policy.steps.at(step).notify) return {};
  return Announce(tables,
                  {"", std::string(event), request.id, static_cast<uint32_t>(step), actor, at});
}

Status Workflow::AnnounceOutcome(Tables& tables, std::string_view event,
                                 const std::string& request_id, const Principal& actor, Time at) {
  return Announce(tables, {"", std::string(event), request_id, std::nullopt, actor, at});
}

Status Workflow::Announce(Tables& tables, Notification notification) {
  if (!surroundings_.announced) return {};
  notification.id = MakeId(kNotificationPrefix, notification.at, surroundings_.entropy());
  return tables.InsertNotification(notification);
}

void Workflow::WakeNotifier() {
  if (surroundings_.announced) surroundings_.announced();
}

}  // namespace grant
