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

Json FaultJson(const std::optional<Error>& fault) {
  if (!fault) return nullptr;
  return {{"detail", fault->message}, {"hint", fault->hint}};
}

Json TokensJson(const SystemReport& system) {
  Json tokens = Json::array();
  for (const TokenReport& token : system.tokens) {
    tokens.push_back({{"name", token.name},
                      {"present", token.present},
                      {"workers_up", token.workers_up},
                      {"workers", token.workers},
                      {"pin_file", token.pin_file},
                      {"pin_fault", FaultJson(token.pin_fault)}});
  }
  return tokens;
}

Json DisksJson(const SystemReport& system) {
  Json disks = Json::array();
  for (const DiskReport& disk : system.disks) {
    disks.push_back({{"path", disk.path},
                     {"bytes", disk.bytes},
                     {"bytes_free", disk.bytes_free},
                     {"inodes", disk.inodes},
                     {"inodes_free", disk.inodes_free},
                     {"fault", disk.fault ? Json(*disk.fault) : Json()}});
  }
  return disks;
}

}  // namespace

Result<HttpResponse> Doctor(const Services& services, const Call& call) {
  GRANT_TRY(const auto states, services.channels());
  GRANT_TRY(const RulesHealth rules, services.workflow.ExamineRules(call.caller()));
  const SystemReport system = services.system();
  Json channels = Json::array();
  for (const ChannelState& state : states) channels.push_back(ChannelJson(state));
  GRANT_TRY(const auto raised, services.workflow.Alarms(call.caller()));
  Json alarms = Json::array();
  for (const Refusal& alarm : raised) {
    alarms.push_back(
        {{"name", CauseName(alarm.cause)}, {"message", alarm.message}, {"hint", alarm.hint}});
  }
  return Answer(
      {{"version", GRANT_VERSION},
       {"now", FormatTime(services.workflow.now())},
       {"api", services.api_address},
       {"gate", services.gate_address},
       {"alarms", std::move(alarms)},
       {"configuration",
        {{"file", system.config_file},
         {"changed", system.config_changed},
         {"fault", FaultJson(system.config_fault)}}},
       {"tokens", TokensJson(system)},
       {"disks", DisksJson(system)},
       {"database",
        {{"bytes", system.database_bytes},
         {"log_bytes", system.log_bytes},
         {"mark_file", system.mark_file},
         {"mark_readable", system.mark_readable}}},
       {"backups", {{"directory", system.backup_dir}, {"last_at", MaybeTime(system.last_backup)}}},
       {"rules", RulesHealthJson(rules)},
       {"channels", std::move(channels)}});
}

}  // namespace grant::api
