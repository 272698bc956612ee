// What an administrator has to know about grantd's health.
#include <optional>

#include "grant/refusal.h"
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/response.h"

namespace grant::api {
namespace {

Json MaybeTime(const std::optional<Time>& time) {
  return time ? Json(FormatTime(*time)) : Json();
}

Json ChannelJson(const ChannelState& state) {
  const ChannelRecord& record = state.record;
  return {{"name", record.channel},
          {"receiver", state.receiver},
          {"failing", state.failing()},
          {"waiting", state.waiting},
          {"waiting_since", MaybeTime(state.waiting_since)},
          {"last_success_at", MaybeTime(record.last_success_at)},
          {"last_error_at", MaybeTime(record.last_error_at)},
          {"last_error", record.last_error_at ? Json(record.last_error) : Json()}};
}

Json RulesHealthJson(const RulesHealth& health) {
  Json findings = Json::array();
  for (const RulesFinding& finding : health.findings) {
    findings.push_back({{"detail", finding.detail}, {"hint", finding.hint}});
  }
  Json fault;
  if (health.fault) fault = {{"detail", health.fault->message}, {"hint", health.fault->hint}};
  return {{"version", health.version},
          {"applied_at", health.version > 0 ? Json(FormatTime(health.applied_at)) : Json()},
          {"fault", std::move(fault)},
          {"findings", std::move(findings)}};
}

}  // namespace

Result<HttpResponse> Doctor(const Services& services, const Call& call) {
  GRANT_TRY(const auto states, services.channels());
  GRANT_TRY(const RulesHealth rules, services.workflow.ExamineRules(call.caller()));
  Json tokens = Json::array();
  for (const TokenPresence& each : services.tokens()) {
    tokens.push_back({{"name", each.name}, {"present", each.present}});
  }
  Json channels = Json::array();
  for (const ChannelState& state : states) channels.push_back(ChannelJson(state));
  GRANT_TRY(const auto raised, services.workflow.Alarms(call.caller()));
  Json alarms = Json::array();
  for (const Refusal& alarm : raised) {
    alarms.push_back(
        {{"name", CauseName(alarm.cause)}, {"message", alarm.message}, {"hint", alarm.hint}});
  }
  return Answer({{"version", GRANT_VERSION},
                 {"now", FormatTime(services.workflow.now())},
                 {"api", services.api_address},
                 {"gate", services.gate_address},
                 {"alarms", std::move(alarms)},
                 {"tokens", std::move(tokens)},
                 {"rules", RulesHealthJson(rules)},
                 {"channels", std::move(channels)}});
}

}  // namespace grant::api
